/*
 * monitor.c: growth when routines block.
 *
 * Each worker's beat changes with every routine. While something is queued and nobody searches, the monitor
 * looks at the beats every millisecond. A worker that stays inside one routine is either waiting or
 * computing. Nothing that Wine offers tells quickly which, except offering the monitor's own processor to
 * others: if nobody wants it, a processor is idle, so the routine waits and its place is given to another
 * worker. Each round allows as many workers again as are blocked, so a burst of waiting routines is served
 * after a few rounds.
 *
 * If somebody wants the processor, either the routines compute, and more threads would only get in each
 * other's way, or other threads of the machine do. Then usage.c tells, more slowly, who hardly used any
 * processor time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

#define TICK_US         1000u    /* between looks */
#define TICK_FAST_US    250u     /* while parked workers can take the place of blocked ones */
#define COMPUTING_EXTRA 1u       /* workers beyond the processors while all of them compute */
#define COMPUTING_US    100000u  /* how long they must have computed for that */
#define STARVING_US     2000000u /* nothing finished for so long: start one more whatever the processors do */
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
    uint32_t idle_ticks;       /* M */
    uint64_t still_since;      /* M: when the workers that stand still now began to; 0 = none does */
    uint64_t beats;            /* M: sum of all beats at the last look */
    uint64_t beats_since;      /* M: when that sum last changed */
    unsigned rescuers;         /* M: workers allowed because nothing finished for long */
    bool busy;                 /* M: the processors were found busy since something is queued */
} monitor;

struct look {
    uint64_t beats;    /* sum over all workers that are awake */
    unsigned still;    /* runnable workers that have not left their routine */
    unsigned patience; /* looks without a change that make a worker a still one */
    bool mark;         /* count the still ones as blocked */
};

static bool look_at(struct wq_worker *worker, void *param)
{
    struct look *look = param;
    uint64_t beat = at_peek(&worker->beat);

    look->beats += beat;
    if (look->mark) {
        if (worker->beat_still >= look->patience && beat == worker->beat_seen)
            wq_worker_block(worker);
        return false;
    }
    worker->beat_still = (beat & 1) && beat == worker->beat_seen ? worker->beat_still + 1 : 0;
    worker->beat_seen = beat;
    if (worker->beat_still >= look->patience && !at_load(&worker->blocked))
        look->still++;
    return false;
}

static void allow(unsigned boost)
{
    port_lock_take(&wq_pool.lock);
    wq_pool.boost = boost;
    wq_pool.starved = false;
    wq_pool_update();
    port_lock_drop(&wq_pool.lock);
    if (wq_pool_has_work())
        wq_pool_attend();
}

/* The still workers wait: count them out and allow as many again as are blocked now. */
static void serve_blocked(struct look *look)
{
    unsigned blocked;

    look->mark = true;
    wq_awake_any(look_at, look);
    port_lock_take(&wq_pool.lock);
    blocked = wq_pool.blocked;
    port_lock_drop(&wq_pool.lock);
    allow(blocked);
}

/* The still workers compute, or somebody else uses the processors: grow hardly, unless workers are seen to
 * wait. */
static void serve_computing(uint64_t now)
{
    unsigned waiting = wq_usage_waiting(now);
    unsigned extra = now - monitor.still_since >= COMPUTING_US ? COMPUTING_EXTRA : 0;

    if (now - monitor.beats_since >= STARVING_US) {
        monitor.beats_since = now;
        monitor.rescuers++;
    }
    extra += monitor.rescuers;
    allow(waiting > extra ? waiting : extra);
}

/* No worker stands still; but on busy processors they may wait for most of each routine. */
static void serve_moving(uint64_t now)
{
    monitor.still_since = 0;
    monitor.rescuers = 0;
    allow(monitor.busy ? wq_usage_waiting(now) : 0);
}

/* One look. Returns the time until the next, in microseconds. */
static unsigned monitor_look(void)
{
    struct look look = {0};
    uint64_t now = port_clock_us();
    bool have_parked;

    port_lock_take(&wq_pool.lock);
    have_parked = wq_pool.idle != NULL;
    port_lock_drop(&wq_pool.lock);
    look.patience = have_parked ? 1 : 2;
    wq_awake_any(look_at, &look);
    if (look.beats != monitor.beats)
        monitor.beats_since = now;
    monitor.beats = look.beats;
    if (!look.still) {
        serve_moving(now);
        return TICK_US;
    }
    if (!monitor.still_since)
        monitor.still_since = now;
    if (port_processors_busy()) {
        monitor.busy = true;
        serve_computing(now);
        return TICK_US;
    }
    serve_blocked(&look);
    return have_parked ? TICK_FAST_US : TICK_US;
}

/* Goes to sleep unless something is queued. The fence pairs with the one of whoever queues something and
 * finds us on. */
static void monitor_sleep(void)
{
    allow(0);
    at_publish(&wq_pool.monitor_on, 0);
    if (wq_pool_has_work()) {
        at_publish(&wq_pool.monitor_on, 1);
        return;
    }
    monitor.idle_ticks = 0;
    monitor.still_since = 0;
    monitor.rescuers = 0;
    monitor.busy = false;
    wq_usage_forget();
    while (!at_load(&wq_pool.monitor_on) && !at_load(&monitor.stopping))
        port_park(&monitor.parker, PORT_FOREVER);
    monitor.beats_since = port_clock_us();
}

static void monitor_main(void *arg)
{
    unsigned wait_us = TICK_US;

    (void)arg;
    port_parker_init(&monitor.parker);
    at_publish(&monitor.parker_ready, true);
    monitor.beats_since = port_clock_us();
    while (!at_load(&monitor.stopping)) {
        port_park(&monitor.parker, port_clock_us() + wait_us);
        if (wq_pool_has_work()) {
            monitor.idle_ticks = 0;
            wait_us = monitor_look();
        } else if (++monitor.idle_ticks >= IDLE_TICKS) {
            monitor_sleep();
            wait_us = TICK_US;
        }
    }
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
        at_publish(&wq_pool.monitor_on, 0); /* the next submission tries again */
    port_lock_take(&wq_pool.lock);
    if (started)
        wq_pool_count_thread(1);
    wq_pool.start_failed += failed;
    port_lock_drop(&wq_pool.lock);
}

void wq_monitor_wake(void)
{
#ifdef WQ_STRESS
    if (wq_stress_no_monitor())
        return;
#endif
    if (at_exchange(&wq_pool.monitor_on, 1))
        return;
    if (at_load(&monitor.parker_ready))
        port_unpark(&monitor.parker);
    else
        monitor_start();
}

void wq_monitor_stop(void)
{
    if (monitor.have_thread) {
        at_publish(&monitor.stopping, true);
        while (!at_load(&monitor.parker_ready))
            port_relax();
        port_unpark(&monitor.parker);
        port_thread_join(&monitor.thread);
        port_lock_take(&wq_pool.lock);
        wq_pool_count_thread(-1);
        port_lock_drop(&wq_pool.lock);
    }
    monitor.have_thread = false;
    at_put(&monitor.stopping, false);
    at_put(&monitor.parker_ready, false);
    monitor.idle_ticks = 0;
    monitor.still_since = 0;
}
