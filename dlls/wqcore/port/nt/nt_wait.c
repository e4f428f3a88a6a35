/*
 * nt_wait.c: waiting for kernel objects on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

#define WAIT_ANY 1 /* WAIT_TYPE */

#define STATUS_MUTEX_REFUSED   ((NTSTATUS)0xC00000F1) /* STATUS_INVALID_PARAMETER_3 */
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

/* Waits for all of them and for an event that is signalled. */
static NTSTATUS look(const struct port_event *signalled, void *const *objects, unsigned count)
{
    /* The system resolves all handles and then takes the first signal, which is not theirs. A wait that does
     * not come to a signal would do, too, but Wine yields the processor after one. */
    HANDLE all[PORT_WAIT_MAX] = {signalled->handle};
    LARGE_INTEGER now = {.QuadPart = 0};

    for (unsigned i = 0; i < count; i++)
        all[i + 1] = objects[i];
    return NtWaitForMultipleObjects(count + 1, all, WAIT_ANY, FALSE, &now);
}

int port_wait_check(const struct port_event *signalled, void *const *objects, unsigned count)
{
    NTSTATUS status = look(signalled, objects, count);

    if (!status)
        return 0;
    return status == STATUS_ACCESS_DENIED ? PORT_WAIT_DENIED : PORT_WAIT_BAD;
}

static bool is_mutex(void *object)
{
    static const WCHAR mutant[] = L"Mutant";
    union {
        UNICODE_STRING name; /* PUBLIC_OBJECT_TYPE_INFORMATION begins with it; the text comes behind */
        char room[512];
    } type;
    ULONG size;

    if (NtQueryObject(object, ObjectTypeInformation, &type, sizeof(type), &size) ||
        type.name.Length != sizeof(mutant) - sizeof(WCHAR))
        return false;
    for (unsigned i = 0; mutant[i]; i++) {
        if (type.name.Buffer[i] != mutant[i])
            return false;
    }
    return true;
}

uint32_t port_object_adopt(const struct port_event *signalled, void *object, void **own)
{
    NTSTATUS status =
        NtDuplicateObject(PORT_THIS_PROCESS, object, PORT_THIS_PROCESS, own, 0, 0, DUPLICATE_SAME_ACCESS);

    if (status)
        return (uint32_t)status;
    status = look(signalled, own, 1);
    if (!status && is_mutex(*own))
        status = STATUS_MUTEX_REFUSED; /* the wait thread would own it for ever */
    if (status)
        NtClose(*own);
    return (uint32_t)status;
}

void port_object_close(void *own)
{
    NtClose(own);
}
