/*
 * pool_post.c: how work comes into the pool. This is the hot path; docs/design.md walks through it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

void item_stack_push(struct wq_item **stack, struct wq_item *item)
{
    struct wq_item *top = at_load(stack);

    do {
        item->link = top;
    } while (!at_cas(stack, &top, item));
}

struct wq_item *item_stack_take(struct wq_item **stack)
{
    struct wq_item *item = at_exchange(stack, NULL), *oldest = NULL;

    while (item) {
        struct wq_item *next = item->link;

        item->link = oldest;
        oldest = item;
        item = next;
    }
    return oldest;
}

static bool push_to_shard(wq_routine routine, void *param)
{
    if (__builtin_expect(!at_load(&pool_default.ready), 0) && !pool_start())
        return false;
    return shard_push(&pool_default.shards[port_cpu() % pool_default.shard_count], routine, param);
}

/* The worker's ring is full: moves the older half to where everybody looks first. */
static void ring_overflow(struct worker *worker)
{
    struct slot batch[RING_SLOTS / 2];
    unsigned n = ring_steal(&worker->ring, batch, RING_SLOTS / 2), i = 0;

    while (i < n && push_to_shard(batch[i].routine, batch[i].param))
        i++;
    at_put(&worker->posted, worker->posted - (int64_t)i);
    for (; i < n; i++) /* no memory: there is room again where they came from */
        ring_push(&worker->ring, batch[i].routine, batch[i].param);
    pool_attend(); /* who looked meanwhile saw nothing, and the caller's submission may fail */
}

static bool push_to_ring(struct worker *worker, wq_routine routine, void *param)
{
    if (!ring_push(&worker->ring, routine, param)) {
        ring_overflow(worker);
        if (!ring_push(&worker->ring, routine, param))
            return false;
    }
    at_put(&worker->posted, worker->posted + 1);
    return true;
}

bool pool_push(wq_routine routine, void *param)
{
    struct worker *worker = port_self();

    if (worker ? !push_to_ring(worker, routine, param) : !push_to_shard(routine, param))
        return false;
    pool_attend();
    return true;
}

bool wq_post(wq_routine routine, void *param)
{
    return pool_push(routine, param);
}

void WQ_CALL item_run(void *param)
{
    struct wq_item *item = param;

    item->routine(item->param);
}

void wq_submit(struct wq_item *item)
{
    if (pool_push(item_run, item))
        return;
    item_stack_push(&pool_default.inbox, item);
    if (at_load(&pool_default.ready))
        pool_attend();
    else
        at_publish(&pool_default.unserved, 1);
}

/* ---- cleanup ---- */

bool wq_at_return(wq_routine cleanup, void *param)
{
    struct thread_context *thread = port_context();
    unsigned i = 0;

    if (!thread)
        return false;
    while (i < thread->cleanups && thread->cleanup[i].routine != cleanup)
        i++;
    if (i == THREAD_CLEANUPS)
        return false;
    if (i == thread->cleanups)
        thread->cleanups++;
    thread->cleanup[i].routine = cleanup;
    thread->cleanup[i].param = param;
    return true;
}

void thread_cleanup(struct thread_context *thread)
{
    while (thread->cleanups) {
        unsigned i = --thread->cleanups;

        thread->cleanup[i].routine(thread->cleanup[i].param);
    }
}
