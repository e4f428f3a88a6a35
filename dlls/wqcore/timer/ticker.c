/*
 * ticker.c: the timer thread.
 *
 * It sleeps until the earliest timer is due, for ever if there is none, and is woken for a new earliest one
 * only. Timers that are due one close after the other wait for each other a little, so that a crowd does not
 * cost a wake-up each. What expired is collected under the lock in batches, so that a crowd of timers does not
 * keep setters out for long, and handed on without it. Routines that are to be called on this thread itself
 * wait in a list and go one at a time between batches: nobody's timer waits for more than one of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "timer.h"

#define BATCH   256u /* expiries collected at a time */
#define REST_US 250u /* from one wake-up to the next, at least */

struct batch {
    struct wq_item *first;
    struct wq_item *last;
    bool merged[WQ_CLASSES]; /* an expiry of this class was merged with one that is still queued */
};

static void list_append(struct wq_item **first, struct wq_item **last, struct wq_item *item)
{
    item->link = NULL;
    if (*first)
        (*last)->link = item;
    else
        *first = item;
    *last = item;
}

/* Under T. Returns true if the thread is asleep and the caller is the one to wake it. */
static bool ticker_claim(void)
{
    bool asleep = wq_timers.wake_us != 0;

    wq_timers.wake_us = 0;
    return asleep;
}

/* When the thread is to wake up for a timer of that tick. Under T. */
static uint64_t ticker_wake_us(uint64_t tick)
{
    uint64_t us = tick * WQ_WHEEL_US;

    return us > wq_timers.rest_us ? us : wq_timers.rest_us;
}

bool wq_ticker_late(uint64_t tick)
{
    return ticker_wake_us(tick) < wq_timers.wake_us && ticker_claim();
}

bool wq_ticker_append(struct wq_timer *timer)
{
    list_append(&wq_timers.first, &wq_timers.last, &timer->item);
    return ticker_claim();
}

void wq_ticker_wake(void)
{
    port_unpark(&wq_timers.parker);
}

/* Collects what is due. Under T. Returns the number of timers that expired. */
static unsigned ticker_collect(struct batch *batch)
{
    uint64_t now_us = port_clock_us();
    struct wq_timer *timer;
    unsigned n = 0;

    while (n < BATCH && (timer = wq_wheel_take(&wq_timers.wheel, wq_tick(now_us))) != NULL) {
        timer->armed = false;
        if (!wq_timer_expire(timer, now_us))
            batch->merged[timer->thread_class] = true;
        else if (timer->thread_class == WQ_CLASS_TIMER)
            wq_ticker_append(timer);
        else
            list_append(&batch->first, &batch->last, &timer->item);
        n++;
    }
    if (n)
        wq_timers.rest_us = now_us + REST_US;
    return n;
}

/* Something is still queued, maybe because there was no thread for it: periodic timers are how that is tried
 * again when nobody submits anything. */
static void ticker_attend(const struct batch *batch)
{
    bool pool = batch->merged[WQ_CLASS_POOL] || batch->merged[WQ_CLASS_LONG];

    if (pool && at_load(&wq_pool.ready) && wq_pool_has_work())
        wq_pool_attend();
    if (batch->merged[WQ_CLASS_PERSISTENT])
        wq_own_attend(false);
    if (batch->merged[WQ_CLASS_IO])
        wq_own_attend(true);
}

static void ticker_deliver(struct batch *batch)
{
    struct wq_item *item = batch->first;

    while (item) {
        struct wq_item *next = item->link;

        wq_timer_deliver(item->param);
        item = next;
    }
}

/* Takes the next routine that is to be called on the timer thread. Under T. */
static struct wq_item *ticker_pop(void)
{
    struct wq_item *item = wq_timers.first;

    if (item)
        wq_timers.first = item->link;
    return item;
}

static void ticker_call(struct wq_item *item)
{
    item->routine(item->param);
    wq_thread_cleanup(&wq_timers.common);
}

/* One round. Under T, which is dropped meanwhile. Returns false if there was nothing to do. */
static bool ticker_round(void)
{
    struct batch batch = {0};
    unsigned n = ticker_collect(&batch);
    struct wq_item *item = ticker_pop();

    if (!n && !item)
        return false;
    port_lock_drop(&wq_timers.lock);
    ticker_deliver(&batch);
    ticker_attend(&batch);
    if (item)
        ticker_call(item);
    port_lock_take(&wq_timers.lock);
    return true;
}

static void ticker_main(void *arg)
{
    struct wq_timers *timers = arg;

    port_thread_trim_stack();
    port_parker_init(&timers->parker);
    port_context_set(&timers->common);
    port_lock_take(&timers->lock);
    while (!timers->stopping) {
        uint64_t next;

        if (ticker_round())
            continue;
        next = wq_wheel_next(&timers->wheel);
        timers->wake_us = next == WQ_WHEEL_NEVER ? PORT_FOREVER : ticker_wake_us(next);
        next = timers->wake_us;
        port_lock_drop(&timers->lock);
        port_park(&timers->parker, next);
        port_lock_take(&timers->lock);
        timers->wake_us = 0;
    }
    port_lock_drop(&timers->lock);
}

void wq_ticker_provide(void)
{
    bool start, started;

    if (at_load(&wq_timers.have_thread))
        return;
    if (!at_load(&wq_pool.ready))
        wq_pool_start(); /* for the clock; it may be short of memory for the rest */
    port_lock_take(&wq_timers.lock);
    start = !wq_timers.have_thread;
    at_store(&wq_timers.have_thread, true);
    port_lock_drop(&wq_timers.lock);
    if (!start)
        return;
    started = port_thread_start(ticker_main, &wq_timers, &wq_timers.thread);
    if (!started)
        at_store(&wq_timers.have_thread, false); /* the next call tries again */
    port_lock_take(&wq_pool.lock);
    if (started)
        wq_pool_count_thread(1);
    wq_pool.start_failed += !started;
    port_lock_drop(&wq_pool.lock);
}

/* The timers stay their owners', who may set them again. */
static void forget_all(struct wq_wheel *wheel)
{
    for (unsigned i = 0; i < WQ_WHEEL_LEVELS * WQ_WHEEL_SLOTS; i++) {
        struct wq_timer *timer = wheel->slot[i / WQ_WHEEL_SLOTS][i % WQ_WHEEL_SLOTS].first;

        for (; timer; timer = timer->next)
            timer->armed = false;
    }
}

void wq_timers_stop(void)
{
    struct wq_item *item;
    bool wake, have;

    port_lock_take(&wq_timers.lock);
    wq_timers.stopping = true;
    wake = ticker_claim();
    have = wq_timers.have_thread;
    at_store(&wq_timers.have_thread, true); /* there shall be no other */
    port_lock_drop(&wq_timers.lock);
    if (wake)
        wq_ticker_wake();
    if (have) {
        port_thread_join(&wq_timers.thread);
        port_lock_take(&wq_pool.lock);
        wq_pool_count_thread(-1);
        port_lock_drop(&wq_pool.lock);
    }
    while ((item = ticker_pop()) != NULL)
        ticker_call(item);
    forget_all(&wq_timers.wheel);
    memset(&wq_timers.wheel, 0, sizeof(wq_timers.wheel));
}

void wq_timers_reset(void)
{
    memset(&wq_timers, 0, sizeof(wq_timers));
}

void wq_timers_count(struct wq_counters *counters)
{
    port_lock_take(&wq_timers.lock);
    counters->timers = (uint32_t)wq_timers.wheel.count;
    counters->timers_expired = wq_timers.expired;
    counters->timers_merged = wq_timers.merged;
    port_lock_drop(&wq_timers.lock);
}
