/*
 * pool_private.c: pools that users make beside the default one.
 *
 * Closing needs care, because a worker or a submitter may be the last to use the pool: see pool_hold.h. Who finds itself the last
 * user first takes the pool from the monitor's list, which waits for a look that is under way; so nobody but the workers
 * knows the pool from then on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_census.h"
#include "pool/pool_hold.h"
#include "pool/pool_make.h"
#include "pool/pool_monitor.h"
#include "pool/pool_wake.h"

static uint32_t open_pools; /* A */

struct wq_pool *wq_pool_create(void)
{
    struct wq_pool *pool = pool_start() ? port_pages_alloc(sizeof(*pool)) : NULL;

    if (!pool)
        return NULL;
    if (!pool_make_private(pool)) {
        port_pages_free(pool, sizeof(*pool));
        return NULL;
    }
    at_add(&open_pools, 1);
    return pool;
}

void wq_pool_close(struct wq_pool *pool)
{
    at_add(&open_pools, UINT32_MAX);
    pool_leave(pool);
}

bool pool_private_open(void)
{
    return at_load(&open_pools) != 0;
}

void pool_enter(struct wq_pool *pool)
{
    if (pool->is_private)
        at_add(&pool->users, 1);
}

void pool_leave(struct wq_pool *pool)
{
    if (!pool->is_private || at_add(&pool->users, UINT32_MAX) != 1)
        return;
    monitor_remove(pool);
    port_lock_take(&pool->lock);
    pool->stopping = true;
    census_update(pool);
    port_lock_drop(&pool->lock);
    while (wake_parked(pool, false))
        ; /* they find the pool ending and end, too */
    hold_drop(pool);
}
