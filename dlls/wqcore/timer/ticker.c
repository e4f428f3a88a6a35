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

#include "pool/face.h"
#include "serve/serve_own.h"
#include "timer/ticker.h"
#include "timer/timer.h"
#include "timer/timer_clock.h"

#define BATCH   256u /* expiries collected at a time */
#define REST_US 250u /* from one wake-up to the next, at least */

struct batch {
    struct item_list items;
    bool merged[WQ_CLASSES]; /* an expiry of this class was merged with one that is still queued */
};

/* Under T. Returns true if the thread is asleep and the caller is the one to wake it. */
static bool claim(void)
{
    bool asleep = timers.wake_us != 0;

    timers.wake_us = 0;
    return asleep;
}

/* When the thread is to wake up for what is due at us. Under T. */
static uint64_t due_wake_us(uint64_t us)
{
    return us > timers.rest_us ? us : timers.rest_us;
}

bool ticker_late(uint64_t tick)
{
    return ticker_late_us(tick * WHEEL_US);
}

bool ticker_late_us(uint64_t us)
{
    return due_wake_us(us) < timers.wake_us && claim();
}

bool ticker_append(struct wq_timer *timer)
{
    item_list_append(&timers.due, &timer->item);
    return claim();
}

void ticker_wake(void)
{
    port_unpark(&timers.parker);
}

/* Collects what is due. Under T. Returns the number of timers that expired. */
static unsigned collect(struct batch *batch)
{
    uint64_t now_us = port_clock_us();
    struct wq_timer *timer;
    unsigned n = 0;

    while (n < BATCH && ((timer = wheel_take(&timers.wheel, timer_tick(now_us))) ||
                         (timer = timer_take_clock(&timers.by_clock)))) {
        timer->armed = false;
        if (!timer_expire(timer, now_us))
            batch->merged[timer->thread_class] = true;
        else if (timer->thread_class == WQ_CLASS_TIMER)
            ticker_append(timer);
        else
            item_list_append(&batch->items, &timer->item);
        n++;
    }
    if (n)
        timers.rest_us = now_us + REST_US;
    return n;
}

/* Something is still queued, maybe because there was no thread for it: periodic timers are how that is tried
 * again when nobody submits anything. */
static void attend(const struct batch *batch)
{
    bool pool = batch->merged[WQ_CLASS_POOL] || batch->merged[WQ_CLASS_LONG];

    if (pool && pool_start() && pool_has_work(&pool_default))
        pool_attend(&pool_default);
    if (batch->merged[WQ_CLASS_PERSISTENT])
        own_attend(false);
    if (batch->merged[WQ_CLASS_IO])
        own_attend(true);
}

static void deliver_batch(struct batch *batch)
{
    struct wq_item *item = batch->items.first;

    while (item) {
        struct wq_item *next = item->link;

        timer_deliver(item->param);
        item = next;
    }
}

static void call(struct wq_item *item)
{
    item->routine(item->param);
    thread_cleanup(&timers.common);
}

/* One round. Under T, which is dropped meanwhile. Returns false if there was nothing to do. */
static bool do_round(void)
{
    struct batch batch = {0};
    unsigned n = collect(&batch);
    struct wq_item *item = item_list_pop(&timers.due);

    if (!n && !item)
        return false;
    port_lock_drop(&timers.lock);
    deliver_batch(&batch);
    attend(&batch);
    if (item)
        call(item);
    port_lock_take(&timers.lock);
    return true;
}

/* When the next timer may be due. Under T. */
static uint64_t next_look_us(void)
{
    uint64_t tick = wheel_next(&timers.wheel), clock_us = timer_clock_look_us(&timers.by_clock);
    uint64_t us = tick == WHEEL_NEVER ? PORT_FOREVER : tick * WHEEL_US;

    return us < clock_us ? us : clock_us;
}

static void main_loop(void *arg)
{
    struct timers *all = arg;

    port_thread_trim_stack();
    port_parker_init(&all->parker);
    port_context_set(&all->common);
    port_lock_take(&all->lock);
    while (!all->stopping) {
        uint64_t next;

        if (do_round())
            continue;
        next = next_look_us();
        all->wake_us = next == PORT_FOREVER ? PORT_FOREVER : due_wake_us(next);
        next = all->wake_us;
        port_lock_drop(&all->lock);
        port_park(&all->parker, next);
        port_lock_take(&all->lock);
        all->wake_us = 0;
    }
    port_lock_drop(&all->lock);
}

void ticker_provide(void)
{
    bool start;

    if (at_load(&timers.have_thread))
        return;
    pool_start(); /* for the clock; it may be short of memory for the rest */
    port_lock_take(&timers.lock);
    start = !timers.have_thread;
    at_store(&timers.have_thread, true);
    port_lock_drop(&timers.lock);
    if (!start)
        return;
    if (!thread_start(main_loop, &timers, NULL, &timers.thread))
        at_store(&timers.have_thread, false); /* the next call tries again */
}

/* Empties the wheel. The timers stay their owners', who may set them again. */
static void forget_all(struct wheel *wheel)
{
    for (unsigned i = 0; i < WHEEL_LEVELS * WHEEL_SLOTS; i++) {
        struct wq_timer *timer = wheel->slot[i / WHEEL_SLOTS][i % WHEEL_SLOTS].first;

        for (; timer; timer = timer->next)
            timer->armed = false;
    }
    memset(wheel, 0, sizeof(*wheel));
}

void timers_stop(void)
{
    struct wq_item *item;
    bool wake, have;

    port_lock_take(&timers.lock);
    timers.stopping = true;
    wake = claim();
    have = timers.have_thread;
    at_store(&timers.have_thread, true); /* there shall be no other */
    port_lock_drop(&timers.lock);
    if (wake)
        ticker_wake();
    if (have)
        thread_join(&timers.thread);
    while ((item = item_list_pop(&timers.due)) != NULL)
        call(item);
    forget_all(&timers.wheel);
    forget_all(&timers.by_clock);
}

void timers_reset(void)
{
    memset(&timers, 0, sizeof(timers));
}

void timers_count(struct wq_counters *counters)
{
    port_lock_take(&timers.lock);
    counters->timers = (uint32_t)(timers.wheel.count + timers.by_clock.count);
    counters->timers_expired = timers.expired;
    counters->timers_merged = timers.merged;
    port_lock_drop(&timers.lock);
}
