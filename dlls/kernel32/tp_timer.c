/*
 * tp_timer.c: timer objects.
 *
 * The core's timer adds a pending callback under its own lock in the moment of the expiry (timer_expired) and
 * queues it a little later (timer_queue). So whoever finds a setting not armed any more also finds its callback pending,
 * and can drop it. What is due at once never goes to the core: it is pending when the call returns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

struct tp_timer {
    struct tp_object object;
    struct wq_timer timer; /* the core's */
    struct wq_lock lock;   /* as D below; held while the core's timer is set */
    bool set;              /* A: written under D */
    uint32_t queue;        /* A: 1 = the item is to be queued */
};

static struct tp_timer *timer_of(struct tp_object *object)
{
    return CONTAINING_RECORD(object, struct tp_timer, object);
}

/* An expiry. Under a lock of the core. */
static void WQ_CALL timer_expired(void *param)
{
    struct tp_timer *timer = param;

    if (tp_pend(&timer->object, TP_HOLD))
        __atomic_store_n(&timer->queue, 1, __ATOMIC_RELEASE);
}

/* Follows timer_expired, on the timer thread. */
static void WQ_CALL timer_queue(void *param)
{
    struct tp_timer *timer = param;

    if (__atomic_exchange_n(&timer->queue, 0, __ATOMIC_ACQ_REL))
        tp_enqueue(&timer->object);
    tp_leave(&timer->object, TP_HOLD);
}

static void timer_call(struct tp_object *object, struct tp_instance *instance)
{
    ((PTP_TIMER_CALLBACK)object->callback)((TP_CALLBACK_INSTANCE *)instance, object->context,
                                           (TP_TIMER *)object);
}

/* Closing for good: a callback that sets its closed timer must not revive it. */
static void timer_stop(struct tp_object *object)
{
    wq_timer_close(&timer_of(object)->timer);
}

static const struct tp_kind timer_kind = {
    .number = TP_TIMER_KIND, .call = timer_call, .drop = tp_drop, .stop = timer_stop};

/* Makes a timer object that is not set; see SetThreadpoolTimerEx for when callback(instance, context, timer) is called. environment
 * and errors: as CreateThreadpoolWork. Documented at learn.microsoft.com, threadpoolapiset.h. */
TP_TIMER *WINAPI CreateThreadpoolTimer(PTP_TIMER_CALLBACK callback, void *context,
                                       TP_CALLBACK_ENVIRON *environment)
{
    struct tp_environ env;
    struct tp_timer *timer;

    switch (callback ? tp_environ_read(environment, &env) : TP_ENVIRON_BAD) {
    case TP_ENVIRON_OK:
        break;
    case TP_ENVIRON_FOREIGN:
        return tp_builtin_timer(callback, context, environment);
    default:
        k32_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    timer =
        (struct tp_timer *)tp_object_make(&timer_kind, sizeof(*timer), 0, (void *)callback, context, &env);
    if (!timer)
        return NULL;
    timer->lock = (struct wq_lock){0};
    timer->set = false;
    timer->queue = 0;
    wq_timer_init(&timer->timer, WQ_CLASS_TIMER | WQ_TIMER_EACH, timer_queue, timer, timer_expired);
    tp_object_made(&timer->object);
    return (TP_TIMER *)timer;
}

/* Lets an armed timer be due at due and then every period. Under D. Returns whether an expiry was recalled; *now: one
 * is to come at once. */
static bool timer_arm(struct tp_timer *timer, const struct tp_due *due, uint64_t period_us,
                      uint64_t window_us, bool *now)
{
    *now = due->now;
    if (!due->now)
        return tp_due_set(&timer->timer, due, period_us, window_us);
    if (period_us)
        return wq_timer_set(&timer->timer, period_us, period_us, window_us);
    return wq_timer_cancel(&timer->timer);
}

static BOOL timer_set(struct tp_timer *timer, const FILETIME *time, DWORD period, DWORD window)
{
    struct tp_due due;
    bool now = false, recalled;

    tp_due_read(time, &due);
    wq_lock_take(&timer->lock);
    __atomic_store_n(&timer->set, time != NULL, __ATOMIC_RELAXED);
    if (time)
        recalled = timer_arm(timer, &due, (uint64_t)period * 1000, (uint64_t)window * 1000, &now);
    else
        recalled = wq_timer_cancel(&timer->timer);
    now = now && tp_pend(&timer->object, 0); /* under the lock, so that settings take effect in one order */
    wq_lock_drop(&timer->lock);
    if (now)
        tp_enqueue(&timer->object);
    return recalled;
}

/* Sets a timer anew; its setting before is gone, but what is pending of it still runs.
 *
 * due: NULL unsets it; 0 expires at once, in this call; a negative time is relative to now, in 100 ns, and the clock's
 * changes mean nothing to it; a positive one is absolute, 100 ns since 1601 UTC, follows the clock's changes, and one that has
 * passed expires at once. period: ms from each expiry to the next, 0 = once. An expiry does not wait for the
 * callback of the one before. window: ms that an expiry may be late, so that timers share wake-ups; never early.
 *
 * Returns TRUE if the timer was set and an expiry was to come: that one gives no callback. FALSE if it was not set, or a one-shot
 * that has expired, whose callback is pending, runs or has run. Cannot fail. Raises STATUS_INVALID_PARAMETER for what is no
 * timer, also one that is closed, unless its own callback calls. Any thread. Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
BOOL WINAPI SetThreadpoolTimerEx(TP_TIMER *timer, FILETIME *due, DWORD period, DWORD window)
{
    if (wq_object_is(TP_TIMER_KIND, timer))
        return timer_set((struct tp_timer *)timer, due, period, window);
    return tp_foreign(timer) && tp_builtin_set_timer(timer, due, period, window);
}

/* As SetThreadpoolTimerEx. The result is left in the register of a result, as on Windows, for there are callers that use it. */
void WINAPI SetThreadpoolTimer(TP_TIMER *timer, FILETIME *due, DWORD period, DWORD window)
{
    SetThreadpoolTimerEx(timer, due, period, window);
}

/* True from a setting with a due time until one without, also when a one-shot has expired. Raises as
 * SetThreadpoolTimerEx does. Documented at learn.microsoft.com, threadpoolapiset.h. */
BOOL WINAPI IsThreadpoolTimerSet(TP_TIMER *timer)
{
    if (wq_object_is(TP_TIMER_KIND, timer))
        return __atomic_load_n(&((struct tp_timer *)timer)->set, __ATOMIC_RELAXED);
    return tp_foreign(timer) && TpIsTimerSet(timer);
}

/* As WaitForThreadpoolWorkCallbacks. The timer stays set: expiries to come are neither waited for nor dropped. */
void WINAPI WaitForThreadpoolTimerCallbacks(TP_TIMER *timer, BOOL cancel)
{
    if (wq_object_is(TP_TIMER_KIND, timer))
        tp_wait((struct tp_object *)timer, cancel);
    else if (tp_foreign(timer))
        TpWaitForTimer(timer, cancel);
}

/* As CloseThreadpoolWork. Expiries to come are not. */
void WINAPI CloseThreadpoolTimer(TP_TIMER *timer)
{
    if (wq_object_is(TP_TIMER_KIND, timer))
        tp_close((struct tp_object *)timer);
    else if (tp_foreign_close(timer))
        TpReleaseTimer(timer);
}
