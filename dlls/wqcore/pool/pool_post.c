/*
 * pool_post.c: ways in. This is the hot path; docs/design.md walks through it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool.h"

#include "pool/pool_long.h"
#include "pool/pool_wake.h"

static bool push_to_shard(struct wq_pool *pool, wq_routine routine, void *param)
{
    if (__builtin_expect(!at_load(&pool->ready), 0) && !pool_start())
        return false;
    return shard_push(&pool->shards[port_cpu() % pool->shard_count], routine, param);
}

/* The worker's ring is full: moves the older half to where everybody looks first. */
static void spill_ring(struct worker *worker)
{
    struct slot batch[RING_SLOTS / 2];
    unsigned n = ring_steal(&worker->ring, batch, RING_SLOTS / 2), i = 0;

    while (i < n && push_to_shard(worker->pool, batch[i].routine, batch[i].param))
        i++;
    at_put(&worker->posted, worker->posted - (int64_t)i);
    for (; i < n; i++) /* no memory: there is room again where they came from */
        ring_push(&worker->ring, batch[i].routine, batch[i].param);
    pool_attend(worker->pool); /* who looked meanwhile saw nothing, and the caller's submission may fail */
}

static bool push_to_ring(struct worker *worker, wq_routine routine, void *param)
{
    if (!ring_push(&worker->ring, routine, param)) {
        spill_ring(worker);
        if (!ring_push(&worker->ring, routine, param))
            return false;
    }
    at_put(&worker->posted, worker->posted + 1);
    return true;
}

/* Queues a call from wherever the caller runs. Returns false if there is no memory. */
static bool push(struct wq_pool *pool, wq_routine routine, void *param)
{
    struct worker *worker = port_self();

    if (worker && worker->pool == pool ? !push_to_ring(worker, routine, param)
                                       : !push_to_shard(pool, routine, param))
        return false;
    pool_attend(pool);
    return true;
}

bool wq_post(wq_routine routine, void *param)
{
    return push(&pool_default, routine, param);
}

bool wq_post_long(wq_routine routine, void *param)
{
    struct wq_item *job = pool_start() ? port_heap_alloc(sizeof(*job)) : NULL;

    if (!job)
        return false;
    *job = (struct wq_item){.spare = job, .routine = routine, .param = param};
    long_append(&pool_default, job);
    pool_attend(&pool_default);
    return true;
}

void wq_submit_long(struct wq_item *item)
{
    item->spare = NULL;
    long_append(&pool_default, item);
    if (pool_start())
        pool_attend(&pool_default);
    else
        at_publish(&pool_default.unserved, 1);
}

static void submit(struct wq_pool *pool, struct wq_item *item)
{
    if (push(pool, item_run, item))
        return;
    item_stack_push(&pool->inbox, item);
    if (at_load(&pool->ready))
        pool_attend(pool);
    else
        at_publish(&pool->unserved, 1);
}

void wq_submit(struct wq_item *item)
{
    submit(&pool_default, item);
}

/* Once the item is there whoever keeps a private pool may be gone. */
void pool_submit(struct wq_pool *pool, struct wq_item *item)
{
    pool_enter(pool);
    submit(pool, item);
    pool_leave(pool);
}

/* ---- when nobody would see to what was submitted ---- */

void pool_retry(struct wq_pool *pool)
{
    if (at_load(&pool->ready) || pool_start())
        pool_attend(pool);
}

bool pool_provide_idle(struct wq_pool *pool)
{
    uint32_t wakeable;
    bool parked;

    if (!at_load(&pool->ready) && !pool_start())
        return false;
    port_lock_take(&pool->lock);
    parked = pool->parked != 0;
    wakeable = pool->wakeable;
    port_lock_drop(&pool->lock);
    return parked || (wakeable == WAKE_THREAD && wake_one(pool, false));
}
