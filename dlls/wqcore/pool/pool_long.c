/*
 * pool_long.c: routines that were said in advance to wait for long (wq_post_long).
 *
 * They do not go through the shards: they have their own short list, which idle hands look at first,
 * and while one is queued the pool allows itself one more runnable worker. So it starts at once, whatever is
 * queued before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_long.h"

#include "pool/pool_census.h"

/* The item's spare word is the item itself if it is ours to free. */
static void WQ_CALL run_job(void *param)
{
    struct worker *worker = port_self();
    struct wq_item job = *(struct wq_item *)param;

    if (job.spare)
        port_heap_free(param);
    /* Blocking hints of the routine nest in this, so they do not bring the worker back early. */
    worker->blocking_depth++;
    worker->runs_long = true;
    job.routine(job.param);
}

void long_append(struct wq_pool *pool, struct wq_item *job)
{
    port_lock_take(&pool->lock);
    item_list_append(&pool->long_list, job);
    at_publish(&pool->long_queued, pool->long_queued + 1);
    if (at_load(&pool->ready))
        census_update(pool);
    port_lock_drop(&pool->lock);
}

bool long_take(struct worker *worker, struct slot *slot)
{
    struct wq_pool *pool = worker->pool;
    struct wq_item *job;

    if (!at_load(&pool->long_queued))
        return false;
    port_lock_take(&pool->lock);
    job = item_list_pop(&pool->long_list);
    if (job) {
        at_publish(&pool->long_queued, pool->long_queued - 1);
        /* The worker leaves the count of runnable ones (worker_returned brings it back) as the queued routine
         * leaves the count of allowed ones, so that nobody parks for it in between. */
        if (!worker->blocked) {
            at_store(&worker->blocked, 1);
            pool->blocked++;
        }
        census_update(pool);
    }
    port_lock_drop(&pool->lock);
    if (!job)
        return false;
    at_put(&worker->posted, worker->posted + 1); /* nobody counted it on its way in */
    *slot = (struct slot){run_job, job};
    if (!at_peek(&worker->searching) && pool_has_work(pool))
        pool_attend(pool);
    return true;
}
