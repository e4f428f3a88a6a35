/*
 * pool_block.c: what a routine says about its own waits, while it runs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_census.h"
#include "pool/pool_idle.h"
#include "pool/pool_wake.h"

static void block(bool waiting)
{
    struct worker *worker = port_self();

    if (!worker || worker->blocking_depth++)
        return;
    census_block(worker, waiting);
    if (pool_has_work(worker->pool))
        pool_attend(worker->pool);
}

/* Looks for work, or comes to life and will. */
static bool is_free(struct worker *worker, void *param)
{
    (void)param;
    return !(at_peek(&worker->beat) & 1);
}

/* Whether a worker has no routine, or one can be started now. */
static bool provide_other(struct wq_pool *pool)
{
    bool parked;

    port_lock_take(&pool->lock);
    parked = pool->parked && census_may_wake(pool);
    port_lock_drop(&pool->lock);
    return parked || awake_any(pool, is_free, NULL) || wake_one(pool, false);
}

bool wq_may_run_long(void)
{
    struct worker *worker = port_self();

    if (!worker)
        return false;
    if (worker->runs_long)
        return true;
    worker->runs_long = true;
    block(false);
    return provide_other(worker->pool);
}

void wq_blocking_begin(void)
{
    block(false);
}

void wq_blocking_end(void)
{
    struct worker *worker = port_self();

    if (worker && worker->blocking_depth && !--worker->blocking_depth)
        census_unblock(worker);
}

void wq_waiting_begin(void)
{
    block(true);
}

void wq_waiting_end(void)
{
    wq_blocking_end();
}

bool wq_waiting_counts(void)
{
    struct worker *worker = port_self();

    return worker && !worker->blocking_depth;
}
