/*
 * timerq.c: the timers of timer queues: creating, changing and deleting them, and their callbacks.
 *
 * Handles are those of the core's table, so whatever a program passes is told from a live timer, and deleting
 * the handle is the claim that makes one of several deleters the only one. The time and the thread on which a
 * callback runs are the core's affair (wq_timer): one callback of a timer may be queued at a time and any
 * number may run, so a callback slower than its period runs beside itself but leaves no backlog behind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

static void timer_release(struct k32_rundown *rundown)
{
    struct k32_timer *timer = CONTAINING_RECORD(rundown, struct k32_timer, rundown);
    struct k32_timer_queue *queue = timer->queue;

    if (queue)
        k32_queue_unlink(timer);
    if (timer->token)
        NtClose(timer->token);
    wq_free(timer);
    if (queue)
        k32_rundown_drop(&queue->rundown);
}

static void WQ_CALL timer_hold(void *param)
{
    k32_rundown_hold(&((struct k32_timer *)param)->rundown);
}

/* One expiry. */
static void WQ_CALL timer_run(void *param)
{
    struct k32_timer *timer = param;
    HANDLE token = timer->token;
    NTSTATUS status = token ? k32_token_set(token) : STATUS_SUCCESS;

    if (status) /* never run it as somebody else */
        RtlRaiseStatus(status);
    timer->callback(timer->context, TRUE);
    if (token)
        k32_token_set(NULL);
    k32_rundown_drop(&timer->rundown);
}

static unsigned class_of(ULONG flags)
{
    if (flags & WT_EXECUTEINTIMERTHREAD)
        return WQ_CLASS_TIMER;
    if (flags & (WT_EXECUTEINPERSISTENTTHREAD | K32_FLAGS_PERSISTENT_IO))
        return WQ_CLASS_PERSISTENT;
    if (flags & WT_EXECUTEINIOTHREAD)
        return WQ_CLASS_IO;
    return flags & WT_EXECUTELONGFUNCTION ? WQ_CLASS_LONG : WQ_CLASS_POOL;
}

static uint64_t microseconds(DWORD ms)
{
    return ms == INFINITE ? WQ_NEVER : (uint64_t)ms * 1000;
}

/* Makes a timer, not armed yet, with a hold for the caller. It takes over the caller's hold of queue. Returns
 * NULL with the last error set. */
static struct k32_timer *timer_create(struct k32_timer_queue *queue, WAITORTIMERCALLBACKFUNC callback,
                                      void *context, ULONG flags)
{
    struct k32_timer *timer = wq_alloc(sizeof(*timer));
    NTSTATUS status;

    if (!timer) {
        if (queue)
            k32_rundown_drop(&queue->rundown);
        k32_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    *timer = (struct k32_timer){.queue = queue, .callback = callback, .context = context};
    timer->once = flags & WT_EXECUTEONLYONCE;
    k32_rundown_init(&timer->rundown, timer_release);
    wq_timer_init(&timer->timer, class_of(flags), timer_run, timer, timer_hold);
    status = flags & WT_TRANSFER_IMPERSONATION ? k32_token_capture(&timer->token) : STATUS_SUCCESS;
    timer->handle = status ? NULL : wq_handle_create(TIMER_KIND, timer);
    if (timer->handle) {
        k32_rundown_hold(&timer->rundown);
        return timer;
    }
    k32_rundown_abandon(&timer->rundown);
    k32_fail(status ? RtlNtStatusToDosError(status) : ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

/* Makes a timer whose callback(context, TRUE) is called due ms from now, never before, and then every period
 * ms, whether or not the one before has returned; but one that has not begun yet stands for all that would
 * come meanwhile. due 0: the callback is queued by this call. due INFINITE: not until changed. period 0:
 * once; INFINITE: once, but ChangeTimerQueueTimer stays possible.
 *
 * *new_timer: gets the handle, before the callback can run; NULL on failure.
 * handle: a queue, or NULL for the default queue.
 * flags, any of:
 *   WT_EXECUTEONLYONCE             period is taken for 0
 *   WT_EXECUTEINTIMERTHREAD        on the one timer thread: it must be short, and must not delete with
 * waiting WT_EXECUTELONGFUNCTION, WT_EXECUTEINPERSISTENTTHREAD, WT_EXECUTEINIOTHREAD,
 * WT_TRANSFER_IMPERSONATION, limit << 16                    as QueueUserWorkItem; the token is the one that
 * the caller has now
 *
 * Returns TRUE and leaves the last error alone, or FALSE with ERROR_INVALID_PARAMETER (no callback or
 * new_timer, a flag that winnt.h does not know), ERROR_INVALID_HANDLE (not a queue), ERROR_NOT_ENOUGH_MEMORY,
 * or what opening the caller's token failed with. Callable from any thread, callbacks included. Documented at
 * learn.microsoft.com, threadpoollegacyapiset.h. */
BOOL WINAPI CreateTimerQueueTimer(HANDLE *new_timer, HANDLE handle, WAITORTIMERCALLBACK callback,
                                  void *context, DWORD due, DWORD period, ULONG flags)
{
    struct k32_timer_queue *queue = NULL;
    struct k32_timer *timer;

    if (new_timer)
        *new_timer = NULL;
    if (!new_timer || !callback || (flags & K32_FLAGS_MASK & ~K32_FLAGS_KNOWN))
        return k32_fail(ERROR_INVALID_PARAMETER);
    if (handle && !(queue = k32_queue_find(handle)))
        return k32_fail(ERROR_INVALID_HANDLE);
    timer = timer_create(queue, callback, context, flags);
    if (!timer)
        return FALSE;
    if (flags >> K32_FLAGS_LIMIT_SHIFT)
        wq_raise_max_workers(flags >> K32_FLAGS_LIMIT_SHIFT);
    if (queue && !k32_queue_link(timer)) { /* it was deleted just now */
        if (wq_handle_delete(TIMER_KIND, timer->handle))
            k32_rundown_abandon(&timer->rundown);
        k32_rundown_drop(&timer->rundown);
        return k32_fail(ERROR_INVALID_HANDLE);
    }
    *new_timer = timer->handle;
    wq_timer_set(&timer->timer, microseconds(due), timer->once ? 0 : microseconds(period), 0);
    k32_rundown_drop(&timer->rundown);
    return TRUE;
}

/* The old way to create a timer: prefer_io stands for WT_EXECUTEINIOTHREAD. Returns the handle, or NULL with
 * the last error of CreateTimerQueueTimer. Declared in winbase.h, not documented. */
HANDLE WINAPI SetTimerQueueTimer(HANDLE queue, WAITORTIMERCALLBACK callback, void *context, DWORD due,
                                 DWORD period, BOOL prefer_io)
{
    HANDLE timer;

    if (!CreateTimerQueueTimer(&timer, queue, callback, context, due, period,
                               prefer_io ? WT_EXECUTEINIOTHREAD : WT_EXECUTEDEFAULT))
        return NULL;
    return timer;
}

/* Changes when a timer expires, counted from now, as if it were created now. A timer that was due once and
 * has expired stays as it is: from before its callback begins the call returns TRUE and does nothing.
 *
 * The queue is not looked at. Returns TRUE and leaves the last error alone, or FALSE with
 * ERROR_INVALID_PARAMETER (NULL) or ERROR_INVALID_HANDLE (not a timer, or deleted). Callable from any thread,
 * the timer's own callback included. Documented at learn.microsoft.com, threadpoollegacyapiset.h. */
BOOL WINAPI ChangeTimerQueueTimer(HANDLE queue, HANDLE handle, ULONG due, ULONG period)
{
    struct k32_timer *timer;

    (void)queue;
    if (!handle)
        return k32_fail(ERROR_INVALID_PARAMETER);
    timer = wq_handle_find(TIMER_KIND, handle, timer_hold);
    if (!timer)
        return k32_fail(ERROR_INVALID_HANDLE);
    wq_timer_change(&timer->timer, microseconds(due), timer->once ? 0 : microseconds(period), 0);
    k32_rundown_drop(&timer->rundown);
    return TRUE;
}

/* Deletes a timer; its handle becomes invalid. It does not expire any more, but a callback that is queued
 * still runs.
 *
 * completion: an event that is set when no callback of the timer is queued or runs any more;
 * INVALID_HANDLE_VALUE to wait for that, which the timer's own callback must not; or NULL. Returns TRUE, with
 * the last error left alone, if that was so at once or after waiting, else FALSE with ERROR_IO_PENDING: the
 * timer is deleted then as well. The event is set in both cases. FALSE with ERROR_INVALID_PARAMETER (NULL) or
 * ERROR_INVALID_HANDLE (not a timer, or deleted before), having done nothing. The queue is not looked at.
 * Callable from any thread, the timer's own callback included. Documented at learn.microsoft.com,
 * threadpoollegacyapiset.h. */
BOOL WINAPI DeleteTimerQueueTimer(HANDLE queue, HANDLE handle, HANDLE completion)
{
    struct k32_timer *timer;

    (void)queue;
    if (!handle)
        return k32_fail(ERROR_INVALID_PARAMETER);
    timer = wq_handle_delete(TIMER_KIND, handle);
    if (!timer)
        return k32_fail(ERROR_INVALID_HANDLE);
    wq_timer_close(&timer->timer);
    return k32_rundown_close(&timer->rundown, completion);
}

/* As DeleteTimerQueueTimer without a completion event. Declared in winbase.h, not documented any more. */
BOOL WINAPI CancelTimerQueueTimer(HANDLE queue, HANDLE timer)
{
    return DeleteTimerQueueTimer(queue, timer, NULL);
}
