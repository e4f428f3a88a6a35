/*
 * timer.h: what the parts of the timers share: timer_set.c, which sets and cancels, timer_clock.c, which knows those
 * that follow the system's clock, and ticker.c, the thread that lets them expire.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_TIMER_H
#define WQ_TIMER_H

#include "base/item.h"
#include "base/thread.h"
#include "port/port.h"
#include "timer/wheel.h"
#include "wqcore.h"

struct timers {
    struct port_lock lock; /* as T below */
    struct wheel wheel;    /* T: by the monotonic clock */
    struct wheel by_clock; /* T: by the system's clock, in ticks since 1970 */
    struct item_list due;  /* T: expired, to be called on the timer thread */
    uint64_t wake_us;      /* T: when the thread will wake up by itself; 0 = it is not asleep */
    uint64_t rest_us;      /* T: it need not collect what is due before */
    bool have_thread;      /* TA: it runs, or somebody is just starting it */
    bool stopping;         /* T: nothing is armed any more */
    uint64_t expired;      /* T: expiries, merged ones included */
    uint64_t merged;       /* T: those that found the one before still queued */

    struct port_parker parker; /* its own rules; tied to the thread when wake_us is set for the first time */
    struct port_thread thread; /* by whoever started it, then by timers_stop */
    struct thread_context common; /* the thread's */
};

extern struct timers timers;

/* The tick that is now_us. */
static inline uint64_t timer_tick(uint64_t now_us)
{
    return now_us / WHEEL_US;
}

/* ---- timer_set.c ---- */

/* Lets a timer that is not in the wheel expire and puts it back into the wheel if it is periodic. Returns
 * true if its item is to be delivered then, false if it still is queued. Under T. */
bool timer_expire(struct wq_timer *timer, uint64_t now_us);

/* Hands an expired timer that is not for the timer thread to its class of threads; it may be gone then.
 * Without T. */
void timer_deliver(struct wq_timer *timer);

#endif
