/*
 * tp_instance.c: what a callback can ask for with its instance.
 *
 * An instance is ours if it is the one that the calling thread runs now; it is good on that thread only. All others are
 * taken for the builtin's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

#ifndef ERROR_TOO_MANY_THREADS
#define ERROR_TOO_MANY_THREADS 565
#endif

/* NULL if it is not ours. */
static struct tp_instance *ours(TP_CALLBACK_INSTANCE *address)
{
    struct tp_instance *current = tp_instance_current();

    return current == (struct tp_instance *)address ? current : NULL;
}

/* The five below note what is to be done on this thread after the callback, and its finalization callback, has
 * returned: the critical section is left first, then the mutex and the semaphore are released, the event is set, the library
 * freed last. One of each kind: the first call counts, later ones are ignored, and so is what fails when it is done. The
 * callback counts as running until then, the library excepted. To be called from the callback that got the instance. They leave
 * the last error alone. Documented at learn.microsoft.com, threadpoolapiset.h. */

void WINAPI LeaveCriticalSectionWhenCallbackReturns(TP_CALLBACK_INSTANCE *address, CRITICAL_SECTION *section)
{
    struct tp_instance *instance = ours(address);

    if (!instance)
        TpCallbackLeaveCriticalSectionOnCompletion(address, section);
    else if (!instance->section)
        instance->section = section;
}

void WINAPI ReleaseMutexWhenCallbackReturns(TP_CALLBACK_INSTANCE *address, HANDLE mutex)
{
    struct tp_instance *instance = ours(address);

    if (!instance)
        TpCallbackReleaseMutexOnCompletion(address, mutex);
    else if (!instance->mutex)
        instance->mutex = mutex;
}

void WINAPI ReleaseSemaphoreWhenCallbackReturns(TP_CALLBACK_INSTANCE *address, HANDLE semaphore, DWORD count)
{
    struct tp_instance *instance = ours(address);

    if (!instance) {
        TpCallbackReleaseSemaphoreOnCompletion(address, semaphore, count);
    } else if (!instance->semaphore) {
        instance->semaphore = semaphore;
        instance->count = count;
    }
}

void WINAPI SetEventWhenCallbackReturns(TP_CALLBACK_INSTANCE *address, HANDLE event)
{
    struct tp_instance *instance = ours(address);

    if (!instance)
        TpCallbackSetEventOnCompletion(address, event);
    else if (!instance->event)
        instance->event = event;
}

void WINAPI FreeLibraryWhenCallbackReturns(TP_CALLBACK_INSTANCE *address, HMODULE library)
{
    struct tp_instance *instance = ours(address);

    if (!instance)
        TpCallbackUnloadDllOnCompletion(address, library);
    else if (!instance->library)
        instance->library = library;
}

/* The callback does not count for WaitFor...Callbacks any more; its object stays until it has returned, and its
 * cleanup group still waits for it. A second call does nothing. From the callback that got the instance. Documented at
 * learn.microsoft.com, threadpoolapiset.h. */
void WINAPI DisassociateCurrentThreadFromCallback(TP_CALLBACK_INSTANCE *address)
{
    struct tp_instance *instance = ours(address);

    if (!instance) {
        TpDisassociateCallback(address);
        return;
    }
    if (instance->left || TP_HOLDS(tp_state(instance->object)) >= TP_HOLDS_MAX / 2)
        return;
    instance->left = true;
    tp_exchange(instance->object, TP_RUN, TP_HOLD);
}

/* Says that the callback runs or waits for long: the pool counts it as blocked until it returns. Returns TRUE, with the last
 * error left alone, if another thread of the pool is free or could be made; else FALSE with ERROR_TOO_MANY_THREADS. A second
 * call answers as the first. From the callback that got the instance. Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
BOOL WINAPI CallbackMayRunLong(TP_CALLBACK_INSTANCE *address)
{
    struct tp_instance *instance = ours(address);

    if (!instance)
        return tp_builtin_ok(TpCallbackMayRunLong(address));
    if (!instance->may_run_long)
        instance->long_answer = wq_may_run_long();
    instance->may_run_long = true;
    return instance->long_answer || k32_fail(ERROR_TOO_MANY_THREADS);
}
