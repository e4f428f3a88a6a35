/*
 * pool_make.c: making the pool, once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_make.h"

#include "pool/pool_census.h"
#include "pool/pool_monitor.h"
#include "pool/pool_worker.h"

#ifndef SPIN_US
#define SPIN_US 15u
#endif

struct wq_pool pool_default;

static struct port_lock start_lock;

void pool_unmake(struct wq_pool *pool)
{
    for (unsigned i = 0; i < POOL_MAX_SHARDS; i++)
        shard_free(&pool->shards[i]);
    for (unsigned i = 0; i < pool->high; i++)
        port_pages_free(pool->workers[i], sizeof(struct worker));
    if (pool->workers)
        port_pages_free(pool->workers, POOL_TABLE_SIZE);
    pool->workers = NULL;
    pool->high = 0;
}

/* Under start_lock. */
static bool make(struct wq_pool *pool)
{
    unsigned max_workers;

    port_start();
    pool->processors = port_env_number("WQSHIM_PROCESSORS", port_cpu_count());
    if (!pool->processors)
        pool->processors = 1;
    pool->shard_count = pool->processors < POOL_MAX_SHARDS ? pool->processors : POOL_MAX_SHARDS;
    pool->spin_us = pool->processors > 1 ? SPIN_US : 0;
    max_workers = port_env_number("WQSHIM_MAX_WORKERS", POOL_DEFAULT_WORKERS);
    pool->max_workers = max_workers && max_workers <= POOL_MAX_WORKERS ? max_workers : POOL_DEFAULT_WORKERS;
    pool->worker_main = worker_main;
    pool->workers = port_pages_alloc(POOL_TABLE_SIZE);
    for (unsigned i = 0; i < pool->shard_count && pool->workers; i++)
        if (!shard_init(&pool->shards[i]))
            pool_unmake(pool);
    if (!pool->workers) {
        pool->shard_count = 0; /* pool_has_work looks at them */
        return false;
    }
    census_update(pool);
    monitor_add(pool);
    return true;
}

bool pool_start(void)
{
    bool ready;

    if (at_load(&pool_default.ready))
        return true;
    port_lock_take(&start_lock);
    ready = at_load(&pool_default.ready) || make(&pool_default);
    at_publish(&pool_default.ready, ready);
    port_lock_drop(&start_lock);
    return ready;
}
