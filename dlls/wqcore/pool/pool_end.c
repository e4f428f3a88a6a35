/*
 * pool_end.c: what a pool counted, and its end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "pool/pool_census.h"
#include "pool/pool_make.h"
#include "pool/pool_wake.h"

/* Adds up what the workers counted. */
static void count_workers(struct wq_pool *pool, struct wq_counters *counters)
{
    unsigned high = at_load(&pool->high);

    for (unsigned i = 0; i < high; i++) {
        struct worker *worker = at_load(&pool->workers[i]);
        uint64_t inner = at_load(&worker->inner), batons = at_load(&worker->batons);
        uint64_t beats = at_peek(&worker->beat) / 2; /* last: it goes up before inner does */

        counters->taken += beats - inner;
        counters->run += beats > batons ? beats - batons : 0; /* an activation's beat comes last */
        counters->posted += (uint64_t)at_peek(&worker->posted);
    }
    counters->memory += high * sizeof(struct worker);
}

static void count_made(struct wq_pool *pool, struct wq_counters *counters)
{
    count_workers(pool, counters);
    for (unsigned i = 0; i < pool->shard_count; i++)
        counters->posted += shard_total(&pool->shards[i]);
    counters->memory += POOL_TABLE_SIZE;
}

void pool_count(struct wq_counters *counters)
{
    struct wq_pool *pool = &pool_default;

    if (at_load(&pool->ready)) {
        count_made(pool, counters);
        counters->memory += shard_segments_memory();
        counters->processors = pool->processors;
    }
    port_lock_take(&pool->lock);
    counters->workers = pool->count;
    counters->workers_peak = pool->peak;
    counters->workers_started = pool->started;
    counters->workers_parked = pool->parked;
    counters->max_workers = pool->max_workers;
    port_lock_drop(&pool->lock);
}

/* Looked at twice, because a worker may have been woken for something between the look at the queues and the look at the
 * workers. */
bool pool_is_quiet(struct wq_pool *pool)
{
    bool quiet = true;

    for (int i = 0; i < 2 && quiet; i++) {
        quiet = !pool_has_work(pool);
        port_lock_take(&pool->lock);
        quiet = quiet && pool->count == pool->parked;
        port_lock_drop(&pool->lock);
    }
    return quiet;
}

void pool_stop(struct wq_pool *pool)
{
    bool parked;

    port_lock_take(&pool->lock);
    pool->stopping = true;
    census_update(pool);
    port_lock_drop(&pool->lock);
    for (;;) {
        unsigned left;

        port_lock_take(&pool->lock);
        left = pool->count;
        parked = pool->idle != NULL;
        port_lock_drop(&pool->lock);
        if (!left)
            return;
        if (parked)
            wake_one(pool, false);
        else
            port_rest(1000);
    }
}

void pool_free(void)
{
    pool_unmake(&pool_default);
    shard_segments_free();
    memset(&pool_default, 0, sizeof(pool_default));
}
