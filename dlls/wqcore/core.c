/*
 * core.c: start, counters and end of the core.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "pool.h"

#define WORKERS_SIZE ((WQ_MAX_WORKERS + WQ_AWAKE_BITS) * sizeof(struct wq_worker *))
#ifndef SPIN_US
#define SPIN_US 15u
#endif

struct wq_pool wq_pool;

_Static_assert(sizeof(struct wq_lock) == sizeof(struct port_lock), "wq_lock is a port_lock");

static struct port_lock start_lock;

static void shards_free(void)
{
    for (unsigned i = 0; i < WQ_MAX_SHARDS; i++)
        wq_shard_free(&wq_pool.shards[i]);
    if (wq_pool.workers)
        port_pages_free(wq_pool.workers, WORKERS_SIZE);
    wq_pool.workers = NULL;
}

/* Under start_lock. */
static bool pool_init(void)
{
    struct wq_pool *pool = &wq_pool;
    unsigned max_workers;

    port_start();
    pool->processors = port_env_number("WQSHIM_PROCESSORS", port_cpu_count());
    if (!pool->processors)
        pool->processors = 1;
    pool->shard_count = pool->processors < WQ_MAX_SHARDS ? pool->processors : WQ_MAX_SHARDS;
    pool->spin_us = pool->processors > 1 ? SPIN_US : 0;
    max_workers = port_env_number("WQSHIM_MAX_WORKERS", WQ_DEFAULT_WORKERS);
    pool->max_workers = max_workers && max_workers <= WQ_MAX_WORKERS ? max_workers : WQ_DEFAULT_WORKERS;
    pool->workers = port_pages_alloc(WORKERS_SIZE);
    for (unsigned i = 0; i < pool->shard_count && pool->workers; i++)
        if (!wq_shard_init(&pool->shards[i]))
            shards_free();
    if (!pool->workers) {
        pool->shard_count = 0; /* wq_shutdown looks at them */
        return false;
    }
    wq_pool_update();
    return true;
}

bool wq_pool_start(void)
{
    bool ready;

    port_lock_take(&start_lock);
    ready = at_load(&wq_pool.ready) || pool_init();
    at_publish(&wq_pool.ready, ready);
    port_lock_drop(&start_lock);
    return ready;
}

unsigned wq_max_workers(void)
{
    unsigned max_workers;

    port_lock_take(&wq_pool.lock);
    max_workers = wq_pool.max_workers ? wq_pool.max_workers : WQ_DEFAULT_WORKERS;
    port_lock_drop(&wq_pool.lock);
    return max_workers;
}

unsigned wq_processor(void)
{
    return port_cpu_number();
}

void wq_raise_max_workers(unsigned count)
{
    if (!at_load(&wq_pool.ready) && !wq_pool_start())
        return;
    if (count > WQ_MAX_WORKERS)
        count = WQ_MAX_WORKERS;
    port_lock_take(&wq_pool.lock);
    if (count > wq_pool.max_workers)
        wq_pool.max_workers = count;
    wq_pool_update();
    port_lock_drop(&wq_pool.lock);
}

/* Adds up what the workers counted. */
static void counters_add_workers(struct wq_counters *counters)
{
    unsigned high = at_load(&wq_pool.high);

    for (unsigned i = 0; i < high; i++) {
        struct wq_worker *worker = at_load(&wq_pool.workers[i]);
        uint64_t inner = at_load(&worker->inner), batons = at_load(&worker->batons);
        uint64_t beats = at_peek(&worker->beat) / 2; /* last: it goes up before inner does */

        counters->taken += beats - inner;
        counters->run += beats > batons ? beats - batons : 0; /* an activation's beat comes last */
        counters->posted += (uint64_t)at_peek(&worker->posted);
    }
    counters->memory += high * sizeof(struct wq_worker);
}

static void counters_add_pool(struct wq_counters *counters)
{
    struct wq_pool *pool = &wq_pool;

    counters_add_workers(counters);
    for (unsigned i = 0; i < pool->shard_count; i++)
        counters->posted += wq_shard_total(&pool->shards[i]);
    counters->memory += wq_segments_memory() + WORKERS_SIZE;
    counters->processors = pool->processors;
}

void wq_counters_read(struct wq_counters *counters)
{
    struct wq_pool *pool = &wq_pool;

    memset(counters, 0, sizeof(*counters));
    counters->persistent_run = wq_own_count();
    counters->memory = wq_handles_memory();
    counters->blocks = at_load(&port_heap_blocks);
    wq_timers_count(counters);
    wq_waits_count(counters);
    if (at_load(&pool->ready))
        counters_add_pool(counters);
    port_lock_take(&pool->lock);
    counters->workers = pool->count;
    counters->workers_peak = pool->peak;
    counters->workers_started = pool->started;
    counters->workers_parked = pool->parked;
    counters->threads = pool->threads;
    counters->threads_peak = pool->threads_peak;
    counters->threads_failed = pool->start_failed;
    counters->max_workers = pool->max_workers;
    port_lock_drop(&pool->lock);
}

static void wait_a_moment(void)
{
    port_park(&(struct port_parker){0}, port_clock_us() + 1000);
}

/* True if nothing is queued in the pool and no routine runs. Looked at twice, because a worker may have been
 * woken for something between the look at the queues and the look at the workers. */
static bool pool_quiet(void)
{
    bool quiet = true;

    for (int i = 0; i < 2 && quiet; i++) {
        quiet = !wq_pool_has_work();
        port_lock_take(&wq_pool.lock);
        quiet = quiet && wq_pool.count == wq_pool.parked;
        port_lock_drop(&wq_pool.lock);
    }
    return quiet;
}

/* Runs what is queued, and what those routines queue, in the pool and on threads that never end. */
static void drain(void)
{
    uint64_t before, posted;

    do {
        wq_own_idle(&before);
        while (!pool_quiet() && !port_exiting()) {
            if (wq_pool_has_work())
                wq_pool_attend();
            wait_a_moment();
        }
        while (!wq_own_idle(&posted) && !port_exiting())
            wait_a_moment();
    } while ((posted != before || !pool_quiet()) && !port_exiting());
}

/* Lets the workers end. */
static void workers_stop(void)
{
    struct wq_pool *pool = &wq_pool;
    bool join;

    port_lock_take(&pool->lock);
    pool->stopping = true;
    wq_pool_update();
    port_lock_drop(&pool->lock);
    for (;;) {
        unsigned left;

        port_lock_take(&pool->lock);
        left = pool->count;
        join = pool->idle != NULL;
        port_lock_drop(&pool->lock);
        if (!left)
            break;
        if (join)
            wq_pool_wake(false);
        else
            wait_a_moment();
    }
    if (pool->have_ended)
        port_thread_join(&pool->ended);
}

bool wq_shutdown(void)
{
    struct wq_pool *pool = &wq_pool;

    if (port_context())
        return false;
    wq_timers_stop();
    wq_waits_stop();
    wq_io_stop();
    while (at_load(&pool->inbox) && !at_load(&pool->ready) && !wq_pool_start())
        wait_a_moment(); /* items came while there was no memory for the pool */
    drain();
    wq_own_stop();
    if (at_load(&pool->ready)) {
        workers_stop();
        wq_io_free();
        wq_monitor_stop();
        for (unsigned i = 0; i < pool->high; i++)
            port_pages_free(pool->workers[i], sizeof(struct wq_worker));
        shards_free();
        wq_segments_free();
    }
    wq_handles_free();
    wq_timers_reset();
    memset(pool, 0, sizeof(*pool));
    return true;
}

void wq_fault_set(unsigned kind, uint32_t times)
{
    if (kind < PORT_FAULT_COUNT)
        port_fault_set((enum port_fault)kind, 0, times);
}

void wq_fault_after(unsigned kind, uint32_t spared)
{
    if (kind < PORT_FAULT_COUNT)
        port_fault_set((enum port_fault)kind, spared, 1);
}

bool wq_fault_waits(unsigned kind)
{
    return kind < PORT_FAULT_COUNT && port_fault_left((enum port_fault)kind);
}

void *wq_alloc(size_t size)
{
    return port_heap_alloc(size);
}

void wq_free(void *block)
{
    port_heap_free(block);
}

void wq_lock_take(struct wq_lock *lock)
{
    port_lock_take((struct port_lock *)lock);
}

void wq_lock_drop(struct wq_lock *lock)
{
    port_lock_drop((struct port_lock *)lock);
}
