/*
 * nt.h: the ntdll functions that the port uses and mingw-w64's headers lack.
 *
 * Signatures as documented by the DDK or, for the alert-by-thread-id pair, by their use in public projects.
 * docs/imports.md lists every function that our modules import.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_NT_H
#define WQ_PORT_NT_H

#include <stdbool.h>

#include "common/ntdll.h"

#ifndef STATUS_SUCCESS
#define STATUS_SUCCESS ((NTSTATUS)0)
#endif
#ifndef STATUS_TIMEOUT
#define STATUS_TIMEOUT ((NTSTATUS)0x102)
#endif
#define PORT_THIS_PROCESS ((HANDLE)(LONG_PTR)-1)
#define PORT_THIS_THREAD  ((HANDLE)(LONG_PTR)-2)

/* Takes the two TLS slots of port_self and port_context. Once, when the module is loaded. Returns false, having
 * taken none, if the process has no two left. */
bool port_slots_open(void);

/* FILE_IO_COMPLETION_INFORMATION */
struct port_nt_packet {
    void *key;
    void *value;
    IO_STATUS_BLOCK io;
};

NTSYSAPI NTSTATUS NTAPI NtAlertThreadByThreadId(HANDLE thread_id);
NTSYSAPI NTSTATUS NTAPI NtWaitForAlertByThreadId(const void *address, const LARGE_INTEGER *timeout);
NTSYSAPI NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE process, void **base, ULONG_PTR zero_bits,
                                                SIZE_T *size, ULONG type, ULONG protect);
NTSYSAPI NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG type);
NTSYSAPI NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG count, const HANDLE *handles, ULONG type,
                                                 BOOLEAN alertable, const LARGE_INTEGER *timeout);
NTSYSAPI NTSTATUS NTAPI NtCreateIoCompletion(HANDLE *handle, ACCESS_MASK access,
                                             OBJECT_ATTRIBUTES *attributes, ULONG threads);
NTSYSAPI NTSTATUS NTAPI NtSetIoCompletion(HANDLE port, ULONG_PTR key, ULONG_PTR value, NTSTATUS status,
                                          SIZE_T count);
NTSYSAPI NTSTATUS NTAPI NtRemoveIoCompletionEx(HANDLE port, struct port_nt_packet *packets, ULONG count,
                                               ULONG *taken, LARGE_INTEGER *timeout, BOOLEAN alertable);
NTSYSAPI NTSTATUS NTAPI NtSetInformationFile(HANDLE file, IO_STATUS_BLOCK *io, void *data, ULONG size,
                                             FILE_INFORMATION_CLASS information);

#endif
