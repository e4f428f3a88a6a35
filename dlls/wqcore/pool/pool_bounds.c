/*
 * pool_bounds.c: how many workers there may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_census.h"

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
