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

/* The item's spare word is the item itself if it is ours to free. */
static void WQ_CALL long_run(void *param)
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

static void append(struct wq_item *job)
{
    struct wq_pool *pool = &pool_default;

    job->link = NULL;
    port_lock_take(&pool->lock);
    if (pool->long_first)
        pool->long_last->link = job;
    else
        pool->long_first = job;
    pool->long_last = job;
    at_publish(&pool->long_queued, pool->long_queued + 1);
    if (at_load(&pool->ready))
        census_update();
    port_lock_drop(&pool->lock);
}

bool wq_post_long(wq_routine routine, void *param)
{
    struct wq_item *job;

    if (!at_load(&pool_default.ready) && !pool_start())
        return false;
    job = port_heap_alloc(sizeof(*job));
    if (!job)
        return false;
    *job = (struct wq_item){.spare = job, .routine = routine, .param = param};
    append(job);
    pool_attend();
    return true;
}

void wq_submit_long(struct wq_item *item)
{
    item->spare = NULL;
    append(item);
    if (at_load(&pool_default.ready) || pool_start())
        pool_attend();
    else
        at_publish(&pool_default.unserved, 1);
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

/* Looks for work, or comes to life and will. */
static bool is_free(struct worker *worker, void *param)
{
    (void)param;
    return !(at_peek(&worker->beat) & 1);
}

/* Whether a worker has no routine, or one can be started now. */
static bool provide_other(void)
{
    bool parked;

    port_lock_take(&pool_default.lock);
    parked = pool_default.parked != 0;
    port_lock_drop(&pool_default.lock);
    return parked || awake_any(is_free, NULL) || wake_one(false);
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
    return provide_other();
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
