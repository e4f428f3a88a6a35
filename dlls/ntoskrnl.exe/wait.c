/*
 * wait.c: waits of drivers. They are the builtin's; but while a work routine waits the core may let another
 * worker run, and need not find out by itself.
 *
 * A wait that is satisfied at once, as most are, is none for the core: it is tried with no time-out first.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

typedef NTSTATUS(NTAPI *single_function)(void *object, ULONG reason, ULONG mode, ULONG alertable,
                                         LARGE_INTEGER *timeout);
typedef NTSTATUS(NTAPI *multiple_function)(ULONG count, void **objects, ULONG type, ULONG reason, ULONG mode,
                                           ULONG alertable, LARGE_INTEGER *timeout, void *blocks);
typedef NTSTATUS(NTAPI *delay_function)(ULONG mode, ULONG alertable, LARGE_INTEGER *interval);

NTSTATUS NTAPI KeWaitForSingleObject(void *object, ULONG reason, ULONG mode, ULONG alertable,
                                     LARGE_INTEGER *timeout);
NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG count, void **objects, ULONG type, ULONG reason, ULONG mode,
                                        ULONG alertable, LARGE_INTEGER *timeout, void *blocks);
NTSTATUS NTAPI KeDelayExecutionThread(ULONG mode, ULONG alertable, LARGE_INTEGER *interval);

/* True if the core should hear of a wait with that time-out. */
static bool wait_matters(const LARGE_INTEGER *timeout)
{
    return nt_thread()->in_work && (!timeout || timeout->QuadPart);
}

/* As the builtin's function of that name: waits for an event, semaphore, mutex, timer or thread. timeout: in
 * 100 ns, relative if negative, NULL = for ever. At or below APC_LEVEL, at DISPATCH_LEVEL without waiting. */
NTSTATUS NTAPI KeWaitForSingleObject(void *object, ULONG reason, ULONG mode, ULONG alertable,
                                     LARGE_INTEGER *timeout)
{
    single_function base = (single_function)nt_base(NT_BASE_WAIT);
    LARGE_INTEGER none = {.QuadPart = 0};
    NTSTATUS status;

    if (!base)
        return NT_STATUS_NOT_IMPLEMENTED;
    if (!wait_matters(timeout))
        return base(object, reason, mode, alertable, timeout);
    status = base(object, reason, mode, alertable, &none);
    if (status != STATUS_TIMEOUT)
        return status;
    wq_blocking_begin();
    status = base(object, reason, mode, alertable, timeout);
    wq_blocking_end();
    return status;
}

/* As KeWaitForSingleObject, for one (type 1) or all (type 0) of several objects. */
NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG count, void **objects, ULONG type, ULONG reason, ULONG mode,
                                        ULONG alertable, LARGE_INTEGER *timeout, void *blocks)
{
    multiple_function base = (multiple_function)nt_base(NT_BASE_WAIT_MULTIPLE);
    LARGE_INTEGER none = {.QuadPart = 0};
    NTSTATUS status;

    if (!base)
        return NT_STATUS_NOT_IMPLEMENTED;
    if (!wait_matters(timeout))
        return base(count, objects, type, reason, mode, alertable, timeout, blocks);
    status = base(count, objects, type, reason, mode, alertable, &none, blocks);
    if (status != STATUS_TIMEOUT)
        return status;
    wq_blocking_begin();
    status = base(count, objects, type, reason, mode, alertable, timeout, blocks);
    wq_blocking_end();
    return status;
}

/* As the builtin's function of that name: waits for a time in 100 ns, relative if negative. At or below
 * APC_LEVEL. */
NTSTATUS NTAPI KeDelayExecutionThread(ULONG mode, ULONG alertable, LARGE_INTEGER *interval)
{
    delay_function base = (delay_function)nt_base(NT_BASE_DELAY);
    NTSTATUS status;

    if (!base)
        return NT_STATUS_NOT_IMPLEMENTED;
    if (!wait_matters(interval))
        return base(mode, alertable, interval);
    wq_blocking_begin();
    status = base(mode, alertable, interval);
    wq_blocking_end();
    return status;
}
