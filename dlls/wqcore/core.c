/*
 * core.c: start, counters and end of the core.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "pool.h"

#define WORKERS_SIZE ((POOL_MAX_WORKERS + POOL_AWAKE_BITS) * sizeof(struct worker *))
#ifndef SPIN_US
#define SPIN_US 15u
#endif

struct wq_pool pool_default;

_Static_assert(sizeof(struct wq_lock) == sizeof(struct port_lock), "wq_lock is a port_lock");

static struct port_lock start_lock;

static void shards_free(void)
{
    for (unsigned i = 0; i < POOL_MAX_SHARDS; i++)
        shard_free(&pool_default.shards[i]);
    if (pool_default.workers)
        port_pages_free(pool_default.workers, WORKERS_SIZE);
    pool_default.workers = NULL;
}

/* Under start_lock. */
static bool pool_init(void)
{
    struct wq_pool *pool = &pool_default;
    unsigned max_workers;

    port_start();
    pool->processors = port_env_number("WQSHIM_PROCESSORS", port_cpu_count());
    if (!pool->processors)
        pool->processors = 1;
    pool->shard_count = pool->processors < POOL_MAX_SHARDS ? pool->processors : POOL_MAX_SHARDS;
    pool->spin_us = pool->processors > 1 ? SPIN_US : 0;
    max_workers = port_env_number("WQSHIM_MAX_WORKERS", POOL_DEFAULT_WORKERS);
    pool->max_workers = max_workers && max_workers <= POOL_MAX_WORKERS ? max_workers : POOL_DEFAULT_WORKERS;
    pool->workers = port_pages_alloc(WORKERS_SIZE);
    for (unsigned i = 0; i < pool->shard_count && pool->workers; i++)
        if (!shard_init(&pool->shards[i]))
            shards_free();
    if (!pool->workers) {
        pool->shard_count = 0; /* wq_shutdown looks at them */
        return false;
    }
    census_update();
    return true;
}

bool pool_start(void)
{
    bool ready;

    port_lock_take(&start_lock);
    ready = at_load(&pool_default.ready) || pool_init();
    at_publish(&pool_default.ready, ready);
    port_lock_drop(&start_lock);
    return ready;
}

unsigned pool_max_workers(void)
{
    unsigned max_workers;

    port_lock_take(&pool_default.lock);
    max_workers = pool_default.max_workers ? pool_default.max_workers : POOL_DEFAULT_WORKERS;
    port_lock_drop(&pool_default.lock);
    return max_workers;
}

unsigned wq_processor(void)
{
    return port_cpu_number();
}

void wq_raise_max_workers(unsigned count)
{
    if (!at_load(&pool_default.ready) && !pool_start())
        return;
    if (count > POOL_MAX_WORKERS)
        count = POOL_MAX_WORKERS;
    port_lock_take(&pool_default.lock);
    if (count > pool_default.max_workers)
        pool_default.max_workers = count;
    census_update();
    port_lock_drop(&pool_default.lock);
}

/* Adds up what the workers counted. */
static void counters_add_workers(struct wq_counters *counters)
{
    unsigned high = at_load(&pool_default.high);

    for (unsigned i = 0; i < high; i++) {
        struct worker *worker = at_load(&pool_default.workers[i]);
        uint64_t inner = at_load(&worker->inner), batons = at_load(&worker->batons);
        uint64_t beats = at_peek(&worker->beat) / 2; /* last: it goes up before inner does */

        counters->taken += beats - inner;
        counters->run += beats > batons ? beats - batons : 0; /* an activation's beat comes last */
        counters->posted += (uint64_t)at_peek(&worker->posted);
    }
    counters->memory += high * sizeof(struct worker);
}

static void counters_add_pool(struct wq_counters *counters)
{
    struct wq_pool *pool = &pool_default;

    counters_add_workers(counters);
    for (unsigned i = 0; i < pool->shard_count; i++)
        counters->posted += shard_total(&pool->shards[i]);
    counters->memory += shard_segments_memory() + WORKERS_SIZE;
    counters->processors = pool->processors;
}

void wq_counters_read(struct wq_counters *counters)
{
    struct wq_pool *pool = &pool_default;

    memset(counters, 0, sizeof(*counters));
    counters->persistent_run = own_count();
    counters->memory = handle_table_memory();
    counters->blocks = at_load(&port_heap_blocks);
    timers_count(counters);
    waits_count(counters);
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
        quiet = !pool_has_work();
        port_lock_take(&pool_default.lock);
        quiet = quiet && pool_default.count == pool_default.parked;
        port_lock_drop(&pool_default.lock);
    }
    return quiet;
}

/* Runs what is queued, and what those routines queue, in the pool and on threads that never end. */
static void drain(void)
{
    uint64_t before, posted;

    do {
        own_idle(&before);
        while (!pool_quiet() && !port_exiting()) {
            if (pool_has_work())
                pool_attend();
            wait_a_moment();
        }
        while (!own_idle(&posted) && !port_exiting())
            wait_a_moment();
    } while ((posted != before || !pool_quiet()) && !port_exiting());
}

/* Lets the workers end. */
static void workers_stop(void)
{
    struct wq_pool *pool = &pool_default;
    bool join;

    port_lock_take(&pool->lock);
    pool->stopping = true;
    census_update();
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
            wake_one(false);
        else
            wait_a_moment();
    }
    if (pool->have_ended)
        port_thread_join(&pool->ended);
}

bool wq_shutdown(void)
{
    struct wq_pool *pool = &pool_default;

    if (port_context())
        return false;
    timers_stop();
    waits_stop();
    io_stop();
    while ((at_load(&pool->inbox) || at_load(&pool->long_queued)) && !at_load(&pool->ready) && !pool_start())
        wait_a_moment(); /* items came while there was no memory for the pool */
    drain();
    own_stop();
    if (at_load(&pool->ready)) {
        workers_stop();
        io_free();
        monitor_stop();
        for (unsigned i = 0; i < pool->high; i++)
            port_pages_free(pool->workers[i], sizeof(struct worker));
        shards_free();
        shard_segments_free();
    }
    handle_table_free();
    timers_reset();
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
