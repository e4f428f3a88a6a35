/*
 * nt_wait.c: waiting for kernel objects on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

#define WAIT_ANY 1 /* WAIT_TYPE */

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

int port_wait_check(const struct port_event *signalled, void *const *objects, unsigned count)
{
    /* The system resolves all handles and then takes the first signal, which is not theirs. A wait that does
     * not come to a signal would do, too, but Wine yields the processor after one. */
    HANDLE all[PORT_WAIT_MAX] = {signalled->handle};
    LARGE_INTEGER look = {.QuadPart = 0};
    NTSTATUS status;

    for (unsigned i = 0; i < count; i++)
        all[i + 1] = objects[i];
    status = NtWaitForMultipleObjects(count + 1, all, WAIT_ANY, FALSE, &look);
    if (!status)
        return 0;
    return status == STATUS_ACCESS_DENIED ? PORT_WAIT_DENIED : PORT_WAIT_BAD;
}
