/*
 * pool_long.c: routines that wait for long, said in advance (wq_post_long) or while they run.
 *
 * Long routines do not go through the shards: they have their own short list, which idle hands look at first,
 * and while one is queued the pool allows itself one more runnable worker. So it starts at once, whatever is
 * queued before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

/* The queued long routine's memory; spare is not used. */
static void WQ_CALL long_run(void *param)
{
    struct wq_item job = *(struct wq_item *)param;

    port_heap_free(param);
    /* Blocking hints of the routine nest in this, so they do not bring the worker back early. */
    ((struct worker *)port_self())->blocking_depth++;
    job.routine(job.param);
}

bool wq_post_long(wq_routine routine, void *param)
{
    struct wq_pool *pool = &pool_default;
    struct wq_item *job;

    if (!at_load(&pool->ready) && !pool_start())
        return false;
    job = port_heap_alloc(sizeof(*job));
    if (!job)
        return false;
    *job = (struct wq_item){.routine = routine, .param = param};
    port_lock_take(&pool->lock);
    if (pool->long_first)
        pool->long_last->link = job;
    else
        pool->long_first = job;
    pool->long_last = job;
    at_publish(&pool->long_queued, pool->long_queued + 1);
    census_update();
    port_lock_drop(&pool->lock);
    pool_attend();
    return true;
}

bool long_take(struct worker *worker, struct slot *slot)
{
    struct wq_pool *pool = &pool_default;
    struct wq_item *job;

    if (!at_load(&pool->long_queued))
        return false;
    port_lock_take(&pool->lock);
    job = pool->long_first;
    if (job) {
        pool->long_first = job->link;
        at_publish(&pool->long_queued, pool->long_queued - 1);
        /* The worker leaves the count of runnable ones (worker_run brings it back) as the queued routine
         * leaves the count of allowed ones, so that nobody parks for it in between. */
        if (!worker->blocked) {
            at_store(&worker->blocked, 1);
            pool->blocked++;
        }
        census_update();
    }
    port_lock_drop(&pool->lock);
    if (!job)
        return false;
    at_put(&worker->posted, worker->posted + 1); /* nobody counted it on its way in */
    *slot = (struct slot){long_run, job};
    if (!at_peek(&worker->searching) && pool_has_work())
        pool_attend();
    return true;
}

static void block(bool waiting)
{
    struct worker *worker = port_self();

    if (!worker || worker->blocking_depth++)
        return;
    census_block(worker, waiting);
    if (pool_has_work())
        pool_attend();
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
