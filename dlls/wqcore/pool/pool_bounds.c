/*
 * pool_bounds.c: how many workers there may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_census.h"
#include "pool/pool_wake.h"

unsigned pool_max_workers(void)
{
    unsigned max_workers;

    port_lock_take(&pool_default.lock);
    max_workers = pool_default.max_workers ? pool_default.max_workers : POOL_DEFAULT_WORKERS;
    port_lock_drop(&pool_default.lock);
    return max_workers;
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
    census_update(&pool_default);
    port_lock_drop(&pool_default.lock);
}

static unsigned capped(unsigned count)
{
    return count < POOL_PRIVATE_MOST ? count : POOL_PRIVATE_MOST;
}

void wq_pool_set_maximum(struct wq_pool *pool, unsigned count)
{
    port_lock_take(&pool->lock);
    pool->max_workers = count ? capped(count) : 1;
    if (pool->min_workers > pool->max_workers)
        pool->min_workers = pool->max_workers;
    census_update(pool);
    port_lock_drop(&pool->lock);
    if (pool_has_work(pool))
        pool_attend(pool);
}

/* Whether fewer workers exist than shall. */
static bool is_below_minimum(struct wq_pool *pool)
{
    bool below;

    port_lock_take(&pool->lock);
    below = pool->count < pool->min_workers;
    port_lock_drop(&pool->lock);
    return below;
}

static unsigned exchange_minimum(struct wq_pool *pool, unsigned count)
{
    unsigned before;

    port_lock_take(&pool->lock);
    before = pool->min_workers;
    pool->min_workers = count;
    if (pool->max_workers < count)
        pool->max_workers = count;
    census_update(pool);
    port_lock_drop(&pool->lock);
    return before;
}

bool wq_pool_set_minimum(struct wq_pool *pool, unsigned count)
{
    unsigned before;

    if (count > POOL_PRIVATE_MOST)
        return false;
    before = exchange_minimum(pool, count);
    while (is_below_minimum(pool)) {
        if (wake_start(pool) || !is_below_minimum(pool)) /* others make workers, too */
            continue;
        exchange_minimum(pool, before);
        return false;
    }
    if (pool_has_work(pool))
        pool_attend(pool);
    return true;
}

void wq_pool_set_stack(struct wq_pool *pool, size_t reserve, size_t commit)
{
    port_lock_take(&pool->lock);
    pool->stack = (struct port_stack){reserve, commit};
    port_lock_drop(&pool->lock);
}
