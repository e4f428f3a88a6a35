/*
 * pool_make.c: making the pool, once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_make.h"

#include "pool/pool_census.h"
#include "pool/pool_hold.h"
#include "pool/pool_monitor.h"
#include "pool/pool_worker.h"

#ifndef SPIN_US
#define SPIN_US 15u
#endif

struct wq_pool pool_default;

static struct port_lock start_lock;

/* What all pools need. */
static bool make(struct wq_pool *pool, unsigned shards, unsigned most_workers)
{
    pool->spin_us = pool->processors > 1 ? SPIN_US : 0;
    pool->worker_main = worker_main;
    pool->table_size = (most_workers + 1) * sizeof(struct worker *);
    pool->workers = port_pages_alloc(pool->table_size);
    if (!pool->workers)
        return false;
    pool->memory += pool->table_size;
    for (; pool->shard_count < shards; pool->shard_count++) {
        if (!shard_init(&pool->shards[pool->shard_count])) {
            hold_unmake(pool);
            return false;
        }
    }
    census_update(pool);
    monitor_add(pool);
    return true;
}

/* Under start_lock. */
static bool make_default(struct wq_pool *pool)
{
    unsigned max_workers;

    port_start();
    pool->processors = port_env_number("WQSHIM_PROCESSORS", port_cpu_count());
    if (!pool->processors)
        pool->processors = 1;
    max_workers = port_env_number("WQSHIM_MAX_WORKERS", POOL_DEFAULT_WORKERS);
    pool->max_workers = max_workers && max_workers <= POOL_MAX_WORKERS ? max_workers : POOL_DEFAULT_WORKERS;
    return make(pool, pool->processors < POOL_MAX_SHARDS ? pool->processors : POOL_MAX_SHARDS,
                POOL_MAX_WORKERS);
}

bool pool_make_private(struct wq_pool *pool)
{
    pool->is_private = true;
    pool->users = 1;
    pool->holds = 1;
    pool->memory = sizeof(*pool);
    pool->processors = pool_default.processors;
    pool->max_workers = POOL_PRIVATE_WORKERS;
    /* One shard will do: it carries batons only, the queues' items don't come this way. */
    if (!make(pool, 1, POOL_PRIVATE_MOST))
        return false;
    at_publish(&pool->ready, 1);
    return true;
}

bool pool_start(void)
{
    bool ready;

    if (at_load(&pool_default.ready))
        return true;
    port_lock_take(&start_lock);
    ready = at_load(&pool_default.ready) || make_default(&pool_default);
    at_publish(&pool_default.ready, ready);
    port_lock_drop(&start_lock);
    return ready;
}
