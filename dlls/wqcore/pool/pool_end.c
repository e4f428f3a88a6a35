/*
 * pool_end.c: what a pool counted, and its end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "pool/pool_census.h"
#include "pool/pool_tally.h"
#include "pool/pool_hold.h"
#include "pool/pool_monitor.h"
#include "pool/pool_wake.h"

static bool add_private(struct wq_pool *pool, void *param)
{
    struct wq_counters *counters = param;

    if (pool->is_private)
        tally_add(pool, counters);
    counters->pools += pool->is_private;
    return false;
}

void pool_count(struct wq_counters *counters)
{
    struct wq_pool *pool = &pool_default;

    tally_add(pool, counters);
    if (at_load(&pool->ready)) {
        counters->memory += shard_segments_memory();
        counters->processors = pool->processors;
    }
    port_lock_take(&pool->lock);
    counters->workers_peak = pool->peak;
    counters->max_workers = pool->max_workers;
    port_lock_drop(&pool->lock);
    monitor_any(add_private, counters);
    tally_add_kept(counters);
}

/* Looked at twice, because a worker may have been woken for something between the look at the queues and the look at the
 * workers. */
static bool is_quiet(struct wq_pool *pool)
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

static bool attend_if_busy(struct wq_pool *pool, void *busy)
{
    if (pool_has_work(pool))
        pool_attend(pool);
    if (pool->is_private || !is_quiet(pool))
        *(bool *)busy = true;
    return false;
}

bool pool_all_quiet(void)
{
    bool busy = false;

    if (pool_has_work(&pool_default)) /* maybe there was no memory for it, or no thread */
        pool_retry(&pool_default);
    monitor_any(attend_if_busy, &busy);
    return !busy && is_quiet(&pool_default);
}

void pool_stop(void)
{
    struct wq_pool *pool = &pool_default;
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
    hold_unmake(&pool_default);
    shard_segments_free();
    tally_forget_kept();
    memset(&pool_default, 0, sizeof(pool_default));
}
