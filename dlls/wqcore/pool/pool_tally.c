/*
 * pool_tally.c: what the pools counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_tally.h"

/* Sums over pools that are gone. */
static struct {
    struct port_lock lock; /* guards the rest */
    struct wq_counters counters;
} kept;

/* Adds up what the workers counted. */
static void add_workers(struct wq_pool *pool, struct wq_counters *counters)
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

void tally_add(struct wq_pool *pool, struct wq_counters *counters)
{
    if (at_load(&pool->ready)) {
        add_workers(pool, counters);
        for (unsigned i = 0; i < pool->shard_count; i++)
            counters->posted += shard_total(&pool->shards[i]);
        counters->memory += pool->memory;
    }
    port_lock_take(&pool->lock);
    counters->workers += pool->count;
    counters->workers_started += pool->started;
    counters->workers_parked += pool->parked;
    port_lock_drop(&pool->lock);
}

void tally_keep(struct wq_pool *pool)
{
    port_lock_take(&kept.lock);
    tally_add(pool, &kept.counters);
    port_lock_drop(&kept.lock);
}

void tally_add_kept(struct wq_counters *counters)
{
    port_lock_take(&kept.lock);
    counters->posted += kept.counters.posted;
    counters->taken += kept.counters.taken;
    counters->run += kept.counters.run;
    counters->workers_started += kept.counters.workers_started;
    port_lock_drop(&kept.lock);
}

void tally_forget_kept(void)
{
    kept.counters = (struct wq_counters){0};
}
