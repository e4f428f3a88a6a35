/*
 * pool_monitor.c: the thread that looks after the pools: after each while something is queued there and nobody searches for it.
 *
 * What it looks at is in pool_growth.c, what it does about it in pool_wake.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_monitor.h"

#include "pool/pool_wake.h"

#ifndef IDLE_TICKS
#define IDLE_TICKS 20u /* looks without work before the monitor sleeps */
#endif

static struct {
    struct port_lock lock; /* guards thread and have_thread */
    struct port_thread thread;
    bool have_thread;
    bool stopping;               /* A */
    bool parker_ready;           /* A: the thread has tied the parker to itself */
    struct port_parker parker;   /* its own rules */
    struct port_lock pools_lock; /* guards pools; held while they are looked at */
    struct wq_pool *pools;       /* linked by watch.next */
} monitor;

/* Stops ticking for the pool unless something is queued. The fence pairs with the one of whoever queues something and
 * finds us on. */
static void rest(struct wq_pool *pool)
{
    growth_forget(pool);
    wake_grow(pool);
    at_publish(&pool->monitor_on, 0);
    if (pool_has_work(pool))
        at_publish(&pool->monitor_on, 1);
    pool->watch.on = false;
}

static void look(struct wq_pool *pool, uint64_t now)
{
    struct watch *watch = &pool->watch;
    unsigned wait_us = GROWTH_TICK_US;
    bool grow = false;

    if (pool_has_work(pool)) {
        watch->idle_ticks = 0;
        wait_us = growth_look(pool, now, now - watch->due_us, &grow);
        if (grow)
            wake_grow(pool);
    } else if (++watch->idle_ticks >= IDLE_TICKS) {
        rest(pool);
    }
    watch->due_us = port_clock_us() + wait_us;
}

/* Looks at the pools whose time has come. Returns when the next one's comes, PORT_FOREVER if none ticks. */
static uint64_t look_at_pools(void)
{
    uint64_t next = PORT_FOREVER;

    port_lock_take(&monitor.pools_lock);
    for (struct wq_pool *pool = monitor.pools; pool; pool = pool->watch.next) {
        struct watch *watch = &pool->watch;
        uint64_t now = port_clock_us();

        if (watch->on && now >= watch->due_us)
            look(pool, now);
        if (!watch->on && at_load(&pool->monitor_on)) {
            watch->on = true;
            watch->idle_ticks = 0;
            watch->due_us = port_clock_us() + GROWTH_TICK_US;
        }
        if (watch->on && next > watch->due_us)
            next = watch->due_us;
    }
    port_lock_drop(&monitor.pools_lock);
    return next;
}

static void main_loop(void *arg)
{
    (void)arg;
    port_parker_init(&monitor.parker);
    at_publish(&monitor.parker_ready, true);
    while (!at_load(&monitor.stopping))
        port_park(&monitor.parker, look_at_pools());
}

static void start(struct wq_pool *pool)
{
    bool failed = false;

    port_lock_take(&monitor.lock);
    if (!monitor.have_thread) {
        monitor.have_thread = thread_start(main_loop, NULL, NULL, &monitor.thread);
        failed = !monitor.have_thread;
    }
    port_lock_drop(&monitor.lock);
    if (failed)
        at_publish(&pool->monitor_on, 0); /* the next submission tries again */
}

void monitor_add(struct wq_pool *pool)
{
    port_lock_take(&monitor.pools_lock);
    pool->watch.next = monitor.pools;
    monitor.pools = pool;
    port_lock_drop(&monitor.pools_lock);
}

void monitor_remove(struct wq_pool *pool)
{
    struct wq_pool **at = &monitor.pools;

    port_lock_take(&monitor.pools_lock);
    while (*at != pool)
        at = &(*at)->watch.next;
    *at = pool->watch.next;
    port_lock_drop(&monitor.pools_lock);
}

bool monitor_any(bool (*fn)(struct wq_pool *pool, void *param), void *param)
{
    struct wq_pool *pool;

    port_lock_take(&monitor.pools_lock);
    for (pool = monitor.pools; pool && !fn(pool, param);)
        pool = pool->watch.next;
    port_lock_drop(&monitor.pools_lock);
    return pool != NULL;
}

void monitor_wake(struct wq_pool *pool)
{
#ifdef WQ_STRESS
    if (wq_stress_no_monitor())
        return;
#endif
    if (at_exchange(&pool->monitor_on, 1))
        return;
    if (at_load(&monitor.parker_ready))
        port_unpark(&monitor.parker);
    else
        start(pool);
}

void pool_stop_monitor(void)
{
    if (monitor.have_thread) {
        at_publish(&monitor.stopping, true);
        while (!at_load(&monitor.parker_ready))
            port_relax();
        port_unpark(&monitor.parker);
        thread_join(&monitor.thread);
    }
    monitor.have_thread = false;
    monitor.pools = NULL;
    at_put(&monitor.stopping, false);
    at_put(&monitor.parker_ready, false);
}
