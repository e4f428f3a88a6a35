/*
 * pool_work.c: is there work?
 *
 * Who parks, or gives the token back, relies on a "no" from here; so does the monitor when it goes to sleep. All four
 * places where something can wait are therefore named in one function.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_idle.h"

static bool shards_have_work(struct wq_pool *pool)
{
    for (unsigned i = 0; i < pool->shard_count; i++) {
        if (shard_has_work(&pool->shards[i]))
            return true;
    }
    return false;
}

static bool has_filled_ring(struct worker *worker, void *param)
{
    (void)param;
    return ring_length(&worker->ring) != 0;
}

bool pool_has_work(struct wq_pool *pool)
{
    return shards_have_work(pool) || at_load(&pool->long_queued) || at_load(&pool->inbox) ||
           awake_any(pool, has_filled_ring, NULL);
}
