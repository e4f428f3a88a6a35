/*
 * timer_set.c: setting and cancelling timers.
 *
 * All timers of the process are in one wheel under one lock, which is held for tens of nanoseconds. A timer
 * that is due at once expires here, in its setter's thread; the others on the timer thread (ticker.c). Either
 * way an expiry is one item on its way to a class of threads, and a timer has one item: an expiry that finds
 * it still queued is merged with that one, so a periodic timer cannot pile up entries. While its routine runs
 * the item is free again, so the next expiry is queued and may run beside it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "serve/serve_own.h"
#include "timer/ticker.h"
#include "timer/timer.h"

#define LONGEST_US (1ull << 52) /* 142 years: as good as never, and sums with the clock don't overflow */

struct timers timers;

/* The item's routine. Once the timer is not queued any more, its next expiry may queue the item again. */
static void WQ_CALL run_routine(void *param)
{
    struct wq_timer *timer = param;

    at_publish(&timer->queued, 0);
    timer->routine(timer->param);
}

void wq_timer_init(struct wq_timer *timer, unsigned thread_class, wq_routine routine, void *param,
                   wq_routine hold)
{
    *timer = (struct wq_timer){.routine = routine, .param = param, .hold = hold};
    timer->thread_class = (uint8_t)thread_class;
    timer->item.routine = run_routine;
    timer->item.param = timer;
}

/* The tick in which a timer expires: not before it is due, and of those within its tolerance the one that
 * most others choose, which is the one with the most zeros at the end. */
static uint64_t tick_of(const struct wq_timer *timer)
{
    uint64_t earliest = (timer->due_us + WHEEL_US - 1) / WHEEL_US;
    uint64_t latest = (timer->due_us + timer->tolerance_us) / WHEEL_US;
    unsigned bit;

    if (latest <= earliest)
        return earliest;
    bit = 63 - (unsigned)__builtin_clzll((earliest - 1) ^ latest);
    return latest >> bit << bit;
}

/* Under T. */
static void arm(struct wq_timer *timer, uint64_t due_us, uint64_t now_us)
{
    timer->due_us = due_us;
    timer->armed = true;
    wheel_add(&timers.wheel, timer, tick_of(timer), timer_tick(now_us));
}

/* Under T. Returns whether it was armed. */
static bool disarm(struct wq_timer *timer)
{
    bool armed = timer->armed;

    timer->armed = false;
    if (armed)
        wheel_remove(&timers.wheel, timer);
    return armed;
}

bool timer_expire(struct wq_timer *timer, uint64_t now_us)
{
    bool queued;

    if (!timer->period_us)
        timer->spent = true;
    else if (timer->period_us < LONGEST_US && !timers.stopping)
        arm(timer, wheel_next_due(timer->due_us, timer->period_us, now_us), now_us);
    timers.expired++;
    queued = at_exchange(&timer->queued, 1);
    if (queued)
        timers.merged++;
    else if (timer->hold)
        timer->hold(timer->param);
    return !queued;
}

void timer_deliver(struct wq_timer *timer)
{
    struct wq_item *item = &timer->item;

    if (timer->thread_class == WQ_CLASS_PERSISTENT || timer->thread_class == WQ_CLASS_IO)
        own_submit(item, timer->thread_class == WQ_CLASS_IO);
    else if (timer->thread_class == WQ_CLASS_LONG)
        wq_submit_long(item);
    else
        wq_submit(item);
}

/* Lets the timer expire at once. Under T. Returns true if it is to be delivered by the caller. */
static bool expire_now(struct wq_timer *timer, uint64_t now_us, bool *wake)
{
    bool deliver;

    timer->due_us = now_us;
    deliver = timer_expire(timer, now_us);
    if (timer->armed)
        *wake = ticker_late(timer->tick);
    if (!deliver || timer->thread_class != WQ_CLASS_TIMER || timers.stopping)
        return deliver;
    *wake |= ticker_append(timer);
    return false;
}

/* What wq_timer_set and wq_timer_change have in common. */
static bool set(struct wq_timer *timer, uint64_t delay_us, uint64_t period_us, uint64_t tolerance_us,
                bool change)
{
    bool deliver = false, wake = false, result;
    uint64_t now_us;

    ticker_provide();
    now_us = port_clock_us();
    port_lock_take(&timers.lock);
    if (timer->closed || (change && timer->spent)) {
        port_lock_drop(&timers.lock);
        return false;
    }
    result = disarm(timer) || change;
    timer->spent = false;
    timer->period_us = period_us;
    timer->tolerance_us = tolerance_us < LONGEST_US ? tolerance_us : LONGEST_US;
    if (!delay_us) {
        deliver = expire_now(timer, now_us, &wake);
    } else if (delay_us < LONGEST_US && !timers.stopping) {
        /* The clock counts whole microseconds that have passed: one has begun. */
        arm(timer, now_us + 1 + delay_us, now_us);
        wake = ticker_late(timer->tick);
    }
    port_lock_drop(&timers.lock);
    if (wake)
        ticker_wake();
    if (deliver)
        timer_deliver(timer);
    return result;
}

bool wq_timer_set(struct wq_timer *timer, uint64_t delay_us, uint64_t period_us, uint64_t tolerance_us)
{
    return set(timer, delay_us, period_us, tolerance_us, false);
}

bool wq_timer_change(struct wq_timer *timer, uint64_t delay_us, uint64_t period_us, uint64_t tolerance_us)
{
    return set(timer, delay_us, period_us, tolerance_us, true);
}

bool wq_timer_cancel(struct wq_timer *timer)
{
    bool armed;

    port_lock_take(&timers.lock);
    armed = disarm(timer);
    port_lock_drop(&timers.lock);
    return armed;
}

void wq_timer_close(struct wq_timer *timer)
{
    port_lock_take(&timers.lock);
    disarm(timer);
    timer->closed = true;
    port_lock_drop(&timers.lock);
}
