/*
 * pool_monitor.c: the thread that looks after the pool while something is queued and nobody searches for it.
 *
 * What it looks at, and what it does about it, is in pool_growth.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

#ifndef IDLE_TICKS
#define IDLE_TICKS 20u /* looks without work before the monitor sleeps */
#endif

static struct {
    struct port_lock lock; /* guards thread and have_thread */
    struct port_thread thread;
    bool have_thread;
    bool stopping;             /* A */
    bool parker_ready;         /* A: the thread has tied the parker to itself */
    struct port_parker parker; /* its own rules */
} monitor;

/* Goes to sleep unless something is queued. The fence pairs with the one of whoever queues something and
 * finds us on. */
static void monitor_sleep(void)
{
    growth_forget();
    at_publish(&pool_default.monitor_on, 0);
    if (pool_has_work()) {
        at_publish(&pool_default.monitor_on, 1);
        return;
    }
    while (!at_load(&pool_default.monitor_on) && !at_load(&monitor.stopping))
        port_park(&monitor.parker, PORT_FOREVER);
}

static void monitor_main(void *arg)
{
    unsigned wait_us = GROWTH_TICK_US, idle_ticks = 0;
    uint64_t deadline, now;

    (void)arg;
    port_parker_init(&monitor.parker);
    at_publish(&monitor.parker_ready, true);
    while (!at_load(&monitor.stopping)) {
        deadline = port_clock_us() + wait_us;
        port_park(&monitor.parker, deadline);
        if (pool_has_work()) {
            idle_ticks = 0;
            now = port_clock_us();
            wait_us = growth_look(now, now > deadline ? now - deadline : 0);
        } else if (++idle_ticks >= IDLE_TICKS) {
            monitor_sleep();
            idle_ticks = 0;
            wait_us = GROWTH_TICK_US;
        }
    }
    growth_forget();
}

static void monitor_start(void)
{
    bool started = false, failed = false;

    port_lock_take(&monitor.lock);
    if (!monitor.have_thread) {
        started = monitor.have_thread = port_thread_start(monitor_main, NULL, &monitor.thread);
        failed = !started;
    }
    port_lock_drop(&monitor.lock);
    if (failed)
        at_publish(&pool_default.monitor_on, 0); /* the next submission tries again */
    port_lock_take(&pool_default.lock);
    if (started)
        thread_count(1);
    pool_default.start_failed += failed;
    port_lock_drop(&pool_default.lock);
}

void monitor_wake(void)
{
#ifdef WQ_STRESS
    if (wq_stress_no_monitor())
        return;
#endif
    if (at_exchange(&pool_default.monitor_on, 1))
        return;
    if (at_load(&monitor.parker_ready))
        port_unpark(&monitor.parker);
    else
        monitor_start();
}

void monitor_stop(void)
{
    if (monitor.have_thread) {
        at_publish(&monitor.stopping, true);
        while (!at_load(&monitor.parker_ready))
            port_relax();
        port_unpark(&monitor.parker);
        port_thread_join(&monitor.thread);
        port_lock_take(&pool_default.lock);
        thread_count(-1);
        port_lock_drop(&pool_default.lock);
    }
    monitor.have_thread = false;
    at_put(&monitor.stopping, false);
    at_put(&monitor.parker_ready, false);
}
