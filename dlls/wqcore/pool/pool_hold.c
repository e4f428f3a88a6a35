/*
 * pool_hold.c: the memory of pools.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_hold.h"

#include "pool/pool_tally.h"

void hold_unmake(struct wq_pool *pool)
{
    for (unsigned i = 0; i < pool->shard_count; i++)
        shard_free(&pool->shards[i]);
    for (unsigned i = 0; i < pool->high; i++)
        port_pages_free(pool->workers[i], sizeof(struct worker));
    if (pool->workers)
        port_pages_free(pool->workers, pool->table_size);
    pool->workers = NULL;
    pool->high = 0;
    pool->shard_count = 0;
    pool->memory = 0;
}

void hold_drop(struct wq_pool *pool)
{
    if (!pool->is_private || at_add(&pool->holds, UINT32_MAX) != 1)
        return;
    tally_keep(pool);
    hold_unmake(pool);
    port_pages_free(pool, sizeof(*pool));
}
