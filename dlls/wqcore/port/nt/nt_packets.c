/*
 * nt_packets.c: the completion port on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

#define FILE_COMPLETION_CLASS ((FILE_INFORMATION_CLASS)30) /* FileCompletionInformation */
#define TAKE_MAX              64

#ifndef STATUS_OBJECT_TYPE_MISMATCH
#define STATUS_OBJECT_TYPE_MISMATCH ((NTSTATUS)0xC0000024)
#endif

struct completion { /* FILE_COMPLETION_INFORMATION */
    HANDLE port;
    void *key;
};

bool port_packets_open(struct port_packets *packets)
{
    const ULONG one_thread = 1;

    if (port_fault_hit(PORT_FAULT_MEMORY))
        return false;
    return !NtCreateIoCompletion(&packets->handle, IO_COMPLETION_ALL_ACCESS, NULL, one_thread);
}

void port_packets_close(struct port_packets *packets)
{
    NtClose(packets->handle);
}

enum port_bind port_packets_bind(struct port_packets *packets, void *file, void *key, uint32_t *status)
{
    struct completion completion = {packets->handle, key};
    IO_STATUS_BLOCK io;
    NTSTATUS got = NtSetInformationFile(file, &io, &completion, sizeof(completion), FILE_COMPLETION_CLASS);

    *status = (uint32_t)got;
    if (!got)
        return PORT_BIND_OK;
    return got == (NTSTATUS)STATUS_INVALID_HANDLE || got == STATUS_OBJECT_TYPE_MISMATCH ? PORT_BIND_BAD_FILE
                                                                                        : PORT_BIND_REFUSED;
}

void port_packets_send(struct port_packets *packets, void *key)
{
    NtSetIoCompletion(packets->handle, (ULONG_PTR)key, 0, STATUS_SUCCESS, 0);
}

unsigned port_packets_take(struct port_packets *packets, struct port_packet *out, unsigned max)
{
    struct port_nt_packet taken[TAKE_MAX];
    ULONG count = 0;

    if (max > TAKE_MAX)
        max = TAKE_MAX;
    if (NtRemoveIoCompletionEx(packets->handle, taken, max, &count, NULL, FALSE))
        return 0;
    for (ULONG i = 0; i < count; i++)
        out[i] = (struct port_packet){taken[i].key, taken[i].value, (uint32_t)taken[i].io.Status,
                                      taken[i].io.Information};
    return count;
}
