/*
 * timer.h: what the two halves of the timers share: timer_set.c, which sets and cancels, and ticker.c, the thread
 * that lets them expire.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_TIMER_H
#define WQ_TIMER_H

#include "pool.h"
#include "wheel.h"

struct timers {
    struct port_lock lock; /* as T below */
    struct wheel wheel;    /* T */
    struct wq_item *first; /* T: expired, to be called on the timer thread; linked by link */
    struct wq_item *last;  /* T */
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

/* ---- ticker.c ---- */

/* Sees to it that there is a timer thread. Without T. */
void ticker_provide(void);

/* To be called when a timer was added to the wheel, under T. Returns true if ticker_wake must be called once
 * the lock is dropped. */
bool ticker_late(uint64_t tick);
void ticker_wake(void);

/* Queues an expired timer to be called by the timer thread. Under T. Returns as ticker_late. */
bool ticker_append(struct wq_timer *timer);

/* Hands an expired timer that is not for the timer thread to its class of threads; it may be gone then.
 * Without T. */
void timer_deliver(struct wq_timer *timer);

#endif
