/*
 * wait.c: waiting for kernel objects on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

#define WAIT_ALL 0 /* WAIT_TYPE */
#define WAIT_ANY 1

#define STATUS_ABANDONED_FIRST ((NTSTATUS)0x80)
#ifndef STATUS_ACCESS_DENIED
#define STATUS_ACCESS_DENIED ((NTSTATUS)0xC0000022)
#endif

static enum port_wait wait_failed(NTSTATUS status)
{
    if (status == STATUS_TIMEOUT)
        return PORT_WAIT_TIMEOUT;
    if (status == STATUS_ACCESS_DENIED)
        return PORT_WAIT_DENIED;
    return status < 0 ? PORT_WAIT_BAD : PORT_WAIT_NOTHING;
}

int port_wait_any(void *const *objects, unsigned count, uint64_t deadline_us)
{
    const BOOLEAN alertable = TRUE;
    LARGE_INTEGER left = {.QuadPart = 0};
    NTSTATUS status;

    if (deadline_us && deadline_us != PORT_FOREVER) {
        uint64_t now = port_clock_us();

        if (now < deadline_us)
            left.QuadPart = -(LONGLONG)(deadline_us - now) * 10;
    }
    status = NtWaitForMultipleObjects(count, objects, WAIT_ANY, alertable,
                                      deadline_us == PORT_FOREVER ? NULL : &left);
    if (status >= 0 && status < (NTSTATUS)count)
        return status;
    if (status >= STATUS_ABANDONED_FIRST && status < STATUS_ABANDONED_FIRST + (NTSTATUS)count)
        return status - STATUS_ABANDONED_FIRST;
    return wait_failed(status);
}

enum port_wait port_wait_check(const struct port_event *never, void *object)
{
    /* A wait for both looks at both handles but takes neither, because one is never signalled. */
    HANDLE both[2] = {never->handle, object};
    LARGE_INTEGER look = {.QuadPart = 0};
    enum port_wait result = wait_failed(NtWaitForMultipleObjects(2, both, WAIT_ALL, FALSE, &look));

    return result == PORT_WAIT_NOTHING ? PORT_WAIT_BAD : result;
}
