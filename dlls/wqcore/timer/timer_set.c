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
#include "timer/timer_clock.h"

#define LONGEST_US (1ull << 52) /* 142 years: as good as never, and sums with the clock don't overflow */

struct timers timers;

/* The item's routine. Once the timer is not queued any more, its next expiry may queue the item again. */
static void WQ_CALL run_routine(void *param)
{
    struct wq_timer *timer = param;
    wq_routine routine = timer->routine;
    void *own = timer->param;
    uint32_t left = at_exchange(&timer->queued, 0);

    do {
        routine(own); /* after the last call the timer may be gone */
    } while (--left);
}

void wq_timer_init(struct wq_timer *timer, unsigned thread_class, wq_routine routine, void *param,
                   wq_routine hold)
{
    *timer = (struct wq_timer){.routine = routine, .param = param, .hold = hold};
    timer->thread_class = (uint8_t)(thread_class & ~WQ_TIMER_EACH);
    timer->each = thread_class & WQ_TIMER_EACH;
    timer->item.routine = run_routine;
    timer->item.param = timer;
}

/* Under T. */
static void arm(struct wq_timer *timer, uint64_t due_us, uint64_t now_us)
{
    timer->due_us = due_us;
    timer->armed = true;
    timer->by_clock = false;
    wheel_add(&timers.wheel, timer, wheel_tick(due_us, timer->tolerance_us), timer_tick(now_us));
}

/* Under T. Returns whether it was armed. */
static bool disarm(struct wq_timer *timer)
{
    bool armed = timer->armed;

    timer->armed = false;
    if (armed)
        wheel_remove(timer->by_clock ? &timers.by_clock : &timers.wheel, timer);
    return armed;
}

bool timer_expire(struct wq_timer *timer, uint64_t now_us)
{
    uint32_t queued;

    if (!timer->period_us)
        timer->spent = true;
    else if (timer->period_us < LONGEST_US && !timers.stopping)
        arm(timer, wheel_next_due(timer->due_us, timer->period_us, now_us), now_us);
    timers.expired++;
    queued = timer->each ? at_add(&timer->queued, 1) : at_exchange(&timer->queued, 1);
    if (queued && !timer->each)
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

/* How a timer is set. */
struct setting {
    uint64_t due_us; /* from now; by_clock: when the system's clock shows it */
    uint64_t period_us;
    uint64_t tolerance_us;
    bool by_clock;
    bool change; /* not if it is a one-shot that has expired */
};

/* Arms the timer or lets it expire. Under T. Returns true if it is to be delivered by the caller. */
static bool begin(struct wq_timer *timer, const struct setting *how, uint64_t now_us, bool *wake)
{
    if (how->by_clock ? how->due_us <= port_system_us() : !how->due_us)
        return expire_now(timer, now_us, wake);
    if (how->due_us == WQ_NEVER || timers.stopping)
        return false;
    if (how->by_clock) {
        timer_arm_clock(&timers.by_clock, timer, how->due_us);
        *wake = ticker_late_us(timer_clock_look_us(&timers.by_clock));
    } else {
        /* The clock counts whole microseconds that have passed: one has begun. */
        arm(timer, now_us + 1 + (how->due_us < LONGEST_US ? how->due_us : LONGEST_US), now_us);
        *wake = ticker_late(timer->tick);
    }
    return false;
}

/* What the setting functions have in common. */
static bool set(struct wq_timer *timer, const struct setting *how)
{
    bool deliver, wake = false, result;
    uint64_t now_us;

    ticker_provide();
    now_us = port_clock_us();
    port_lock_take(&timers.lock);
    if (timer->closed || (how->change && timer->spent)) {
        port_lock_drop(&timers.lock);
        return false;
    }
    result = disarm(timer) || how->change;
    timer->spent = false;
    timer->period_us = how->period_us;
    timer->tolerance_us = how->tolerance_us < LONGEST_US ? how->tolerance_us : LONGEST_US;
    deliver = begin(timer, how, now_us, &wake);
    port_lock_drop(&timers.lock);
    if (wake)
        ticker_wake();
    if (deliver)
        timer_deliver(timer);
    return result;
}

bool wq_timer_set(struct wq_timer *timer, uint64_t delay_us, uint64_t period_us, uint64_t tolerance_us)
{
    return set(timer, &(struct setting){delay_us, period_us, tolerance_us, .by_clock = false});
}

bool wq_timer_set_clock(struct wq_timer *timer, uint64_t clock_us, uint64_t period_us, uint64_t tolerance_us)
{
    return set(timer, &(struct setting){clock_us, period_us, tolerance_us, .by_clock = true});
}

bool wq_timer_change(struct wq_timer *timer, uint64_t delay_us, uint64_t period_us, uint64_t tolerance_us)
{
    return set(timer, &(struct setting){delay_us, period_us, tolerance_us, .change = true});
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
