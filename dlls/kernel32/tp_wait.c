/*
 * tp_wait.c: wait objects.
 *
 * The core's watch counts a completion under its own lock in the moment when it happens (wait_completed), and tells a little
 * later what it was (wait_queue); then a callback is pending. So whoever finds a setting not to be recalled any more also
 * finds its callback coming or pending. Dropping what is coming lets wait_queue skip it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

#ifndef STATUS_THREADPOOL_HANDLE_EXCEPTION
#define STATUS_THREADPOOL_HANDLE_EXCEPTION ((NTSTATUS)0xC000070A)
#endif

struct tp_wait {
    struct tp_object object;
    struct wq_watch *watch; /* C: the core's */
    struct wq_lock set;     /* held while the watch is set; taken before the other */
    bool stopped;           /* under set: closed */
    struct wq_lock lock;    /* as D below */
    uint32_t coming;        /* A: completions that wait_queue did not see yet; less under D only */
    uint32_t skip;          /* D: of those, dropped ones */
    uint32_t timeouts;      /* D: of the pending callbacks, those of time-outs; they go first */
};

static struct tp_wait *wait_of(struct tp_object *object)
{
    return CONTAINING_RECORD(object, struct tp_wait, object);
}

/* A setting has completed. Under a lock of the core. */
static void WQ_CALL wait_completed(void *param)
{
    struct tp_wait *wait = param;

    __atomic_fetch_add(&wait->coming, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&wait->object.state, TP_HOLD, __ATOMIC_SEQ_CST);
}

/* Follows wait_completed, on the wait thread. */
static void WQ_CALL wait_queue(void *param, bool timed_out)
{
    struct tp_wait *wait = param;
    bool queue = false;

    wq_lock_take(&wait->lock);
    if (wait->skip) {
        wait->skip--;
    } else {
        wait->timeouts += timed_out;
        queue = tp_pend(&wait->object, 0);
    }
    __atomic_fetch_sub(&wait->coming, 1, __ATOMIC_SEQ_CST); /* after it is pending: see wait_is_coming */
    wq_lock_drop(&wait->lock);
    if (queue)
        tp_enqueue(&wait->object);
    tp_leave(&wait->object, TP_HOLD);
}

/* True if callbacks will be pending. */
static bool wait_is_coming(struct tp_object *object)
{
    struct tp_wait *wait = wait_of(object);
    bool coming;

    wq_lock_take(&wait->lock);
    coming = __atomic_load_n(&wait->coming, __ATOMIC_SEQ_CST) > wait->skip;
    wq_lock_drop(&wait->lock);
    return coming;
}

static uint32_t wait_drop(struct tp_object *object)
{
    struct tp_wait *wait = wait_of(object);
    uint32_t dropped;

    wq_lock_take(&wait->lock);
    dropped = tp_drop(object);
    wait->timeouts = 0;
    wait->skip = __atomic_load_n(&wait->coming, __ATOMIC_SEQ_CST);
    wq_lock_drop(&wait->lock);
    return dropped;
}

static bool wait_begin(struct tp_object *object, struct tp_instance *instance)
{
    struct tp_wait *wait = wait_of(object);
    bool begun;

    tp_hold(object); /* the item that was queued keeps it until tp_begin */
    wq_lock_take(&wait->lock);
    begun = tp_begin(object);
    instance->timed_out = begun && wait->timeouts;
    wait->timeouts -= instance->timed_out;
    wq_lock_drop(&wait->lock);
    tp_leave(object, TP_HOLD);
    return begun;
}

static void wait_call(struct tp_object *object, struct tp_instance *instance)
{
    ((PTP_WAIT_CALLBACK)object->callback)((TP_CALLBACK_INSTANCE *)instance, object->context,
                                          (TP_WAIT *)object,
                                          instance->timed_out ? WAIT_TIMEOUT : WAIT_OBJECT_0);
}

static void wait_stop(struct tp_object *object)
{
    struct tp_wait *wait = wait_of(object);

    wq_lock_take(&wait->set);
    wq_watch_unset(wait->watch);
    wait->stopped = true;
    wq_lock_drop(&wait->set);
}

static void wait_destroy(struct tp_object *object)
{
    if (wait_of(object)->watch)
        wq_watch_close(wait_of(object)->watch);
}

static const struct tp_kind wait_kind = {.number = TP_WAIT_KIND,
                                         .begin = wait_begin,
                                         .call = wait_call,
                                         .drop = wait_drop,
                                         .more = wait_is_coming,
                                         .stop = wait_stop,
                                         .destroy = wait_destroy};

/* Makes a wait object that is not set; see SetThreadpoolWaitEx for when callback(instance, context, wait, result) is
 * called; result is WAIT_OBJECT_0 or WAIT_TIMEOUT. environment and errors: as CreateThreadpoolWork. Documented at
 * learn.microsoft.com, threadpoolapiset.h. */
TP_WAIT *WINAPI CreateThreadpoolWait(PTP_WAIT_CALLBACK callback, void *context,
                                     TP_CALLBACK_ENVIRON *environment)
{
    struct tp_environ env;
    struct tp_wait *wait;

    switch (callback ? tp_environ_read(environment, &env) : TP_ENVIRON_BAD) {
    case TP_ENVIRON_OK:
        break;
    case TP_ENVIRON_FOREIGN:
        return tp_builtin_wait(callback, context, environment);
    default:
        k32_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    wait = (struct tp_wait *)tp_object_make(&wait_kind, sizeof(*wait), 0, (void *)callback, context, &env);
    if (!wait)
        return NULL;
    memset(&wait->watch, 0, sizeof(*wait) - offsetof(struct tp_wait, watch));
    if (wq_watch_create(&wait->watch, wait_queue, wait, wait_completed) == WQ_WAIT_OK) {
        tp_object_made(&wait->object);
        return (TP_WAIT *)wait;
    }
    wait->watch = NULL;
    tp_object_unmake(&wait->object);
    k32_fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

/* Raises what Windows raises for an object that cannot be waited for. */
static void raise_handle(uint32_t status)
{
    EXCEPTION_RECORD record = {.ExceptionCode = (DWORD)STATUS_THREADPOOL_HANDLE_EXCEPTION,
                               .NumberParameters = 1};

    record.ExceptionInformation[0] = status;
    RtlRaiseException(&record);
}

static BOOL wait_set(struct tp_wait *wait, HANDLE object, const FILETIME *timeout)
{
    struct tp_due due;
    bool recalled = false;
    uint32_t status = 0;

    tp_due_read(object ? timeout : NULL, &due); /* without an object the time-out is not read */
    wq_lock_take(&wait->set);
    if (!object)
        recalled = wq_watch_unset(wait->watch);
    else if (!wait->stopped)
        status = wq_watch_set(wait->watch, object, due.us, due.clock ? WQ_WATCH_CLOCK : 0, &recalled);
    wq_lock_drop(&wait->set);
    if (status)
        raise_handle(status);
    return recalled;
}

/* Sets a wait anew, in place of its setting before: the callback is called once, when object is signalled, which
 * consumes one signal, or when the time is up.
 *
 * object: what can be waited for, but for mutexes; the wait holds a duplicate, so the caller may close it. Pseudo-handles will
 * do. NULL unsets the wait, and timeout is not read. timeout: NULL = none; else as SetThreadpoolTimerEx's due; with 0
 * the object is looked at once, and if it is signalled that counts. reserved is ignored.
 *
 * Returns TRUE if the wait was set and that setting had not completed: it gives no callback and has consumed no signal. FALSE
 * if it was not set, or its callback is pending, runs or has run. Cannot fail for lack of memory. Raises
 * STATUS_THREADPOOL_HANDLE_EXCEPTION, with the system's status as its parameter, if the object cannot be waited for,
 * a mutex among them (STATUS_INVALID_PARAMETER_3); the old setting stays then. Raises STATUS_INVALID_PARAMETER for what is no wait, also
 * one that is closed, unless its own callback calls. Any thread. Documented at learn.microsoft.com, threadpoolapiset.h. */
BOOL WINAPI SetThreadpoolWaitEx(TP_WAIT *wait, HANDLE object, FILETIME *timeout, void *reserved)
{
    (void)reserved;
    if (wq_object_is(TP_WAIT_KIND, wait))
        return wait_set((struct tp_wait *)wait, object, timeout);
    return tp_foreign(wait) && tp_builtin_set_wait(wait, object, timeout);
}

/* As SetThreadpoolWaitEx, whose result is left in the register of a result, as on Windows. */
void WINAPI SetThreadpoolWait(TP_WAIT *wait, HANDLE object, FILETIME *timeout)
{
    SetThreadpoolWaitEx(wait, object, timeout, NULL);
}

/* As WaitForThreadpoolWorkCallbacks. The wait stays set: a setting that has not completed is neither waited for nor
 * dropped. */
void WINAPI WaitForThreadpoolWaitCallbacks(TP_WAIT *wait, BOOL cancel)
{
    if (wq_object_is(TP_WAIT_KIND, wait))
        tp_wait((struct tp_object *)wait, cancel);
    else if (tp_foreign(wait))
        TpWaitForWait(wait, cancel);
}

/* As CloseThreadpoolWork. The wait is unset: when this returns no signal is consumed any more. */
void WINAPI CloseThreadpoolWait(TP_WAIT *wait)
{
    if (wq_object_is(TP_WAIT_KIND, wait))
        tp_close((struct tp_object *)wait);
    else if (tp_foreign_close(wait))
        TpReleaseWait(wait);
}
