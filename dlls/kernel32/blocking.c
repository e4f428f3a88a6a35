/*
 * blocking.c: workers that wait say so.
 *
 * The pool cannot see that a callback waits, only that it has not returned for a while. So the functions that
 * callbacks wait with are served from here as well: on a worker they tell the core that another one may take
 * its place, and then do what the builtin does. On all other threads they are one jump longer than before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

/* The builtin's, looked up when the front is loaded: later the loader's lock may be held by whom the caller
 * waits for. Only if the builtin comes after us are they looked up by the first call. */
static struct {
    __typeof__(&SleepEx) sleep;                     /* A */
    __typeof__(&WaitForSingleObjectEx) wait;        /* A */
    __typeof__(&WaitForMultipleObjectsEx) wait_any; /* A */
} base;

static void base_store(void *where, void *function)
{
    __atomic_store_n((void **)where, function, __ATOMIC_RELAXED);
}

void k32_blocking_start(void)
{
    base_store(&base.sleep, K32_BASE(SleepEx));
    base_store(&base.wait, K32_BASE(WaitForSingleObjectEx));
    base_store(&base.wait_any, K32_BASE(WaitForMultipleObjectsEx));
}

/* Returns false, with the last error set, if no kernelbase has been loaded: only while a process starts. */
static bool base_known(void)
{
    if (__atomic_load_n(&base.wait_any, __ATOMIC_RELAXED))
        return true;
    k32_blocking_start();
    if (base.wait_any)
        return true;
    RtlSetLastWin32Error(ERROR_CALL_NOT_IMPLEMENTED);
    return false;
}

/* True if a wait with that time-out is one that the core is to know of: neither a look only nor one that the
 * core takes for granted. */
static bool counts(DWORD milliseconds)
{
    return milliseconds && wq_waiting_counts();
}

/* All of these behave as documented for kernel32 (synchapi.h), for they leave it to the builtin. A wait that
 * is not alertable is first tried with a time-out of 0: if the object is signalled nobody has to take our
 * place, and else nothing has happened. An alertable one is not, because in which order it finds objects and
 * APCs is the system's affair. */

DWORD WINAPI SleepEx(DWORD milliseconds, BOOL alertable)
{
    DWORD result;

    if (!base_known())
        return 0;
    if (!counts(milliseconds))
        return base.sleep(milliseconds, alertable);
    wq_waiting_begin();
    result = base.sleep(milliseconds, alertable);
    wq_waiting_end();
    return result;
}

void WINAPI Sleep(DWORD milliseconds)
{
    SleepEx(milliseconds, FALSE);
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD milliseconds, BOOL alertable)
{
    DWORD result;

    if (!base_known())
        return WAIT_FAILED;
    if (!counts(milliseconds))
        return base.wait(object, milliseconds, alertable);
    if (!alertable) {
        result = base.wait(object, 0, FALSE);
        if (result != WAIT_TIMEOUT)
            return result;
    }
    wq_waiting_begin();
    result = base.wait(object, milliseconds, alertable);
    wq_waiting_end();
    return result;
}

DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD milliseconds)
{
    return WaitForSingleObjectEx(object, milliseconds, FALSE);
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects, BOOL all, DWORD milliseconds,
                                      BOOL alertable)
{
    DWORD result;

    if (!base_known())
        return WAIT_FAILED;
    if (!counts(milliseconds))
        return base.wait_any(count, objects, all, milliseconds, alertable);
    if (!alertable) {
        result = base.wait_any(count, objects, all, 0, FALSE);
        if (result != WAIT_TIMEOUT)
            return result;
    }
    wq_waiting_begin();
    result = base.wait_any(count, objects, all, milliseconds, alertable);
    wq_waiting_end();
    return result;
}

DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all, DWORD milliseconds)
{
    return WaitForMultipleObjectsEx(count, objects, all, milliseconds, FALSE);
}
