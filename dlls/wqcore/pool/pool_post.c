/*
 * pool_post.c: how work comes into the pool. This is the hot path; docs/design.md walks through it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

void wq_stack_push(struct wq_item **stack, struct wq_item *item)
{
    struct wq_item *top = at_load(stack);

    do {
        item->link = top;
    } while (!at_cas(stack, &top, item));
}

struct wq_item *wq_stack_take(struct wq_item **stack)
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
    if (__builtin_expect(!at_load(&wq_pool.ready), 0) && !wq_pool_start())
        return false;
    return wq_shard_push(&wq_pool.shards[port_cpu() % wq_pool.shard_count], routine, param);
}

/* The worker's ring is full: moves the older half to where everybody looks first. */
static void ring_overflow(struct wq_worker *worker)
{
    struct wq_slot batch[WQ_RING_SLOTS / 2];
    unsigned n = wq_ring_steal(&worker->ring, batch, WQ_RING_SLOTS / 2), i = 0;

    while (i < n && push_to_shard(batch[i].routine, batch[i].param))
        i++;
    at_put(&worker->posted, worker->posted - (int64_t)i);
    for (; i < n; i++) /* no memory: there is room again where they came from */
        wq_ring_push(&worker->ring, batch[i].routine, batch[i].param);
    wq_pool_attend(); /* who looked meanwhile saw nothing, and the caller's submission may fail */
}

static bool push_to_ring(struct wq_worker *worker, wq_routine routine, void *param)
{
    if (!wq_ring_push(&worker->ring, routine, param)) {
        ring_overflow(worker);
        if (!wq_ring_push(&worker->ring, routine, param))
            return false;
    }
    at_put(&worker->posted, worker->posted + 1);
    return true;
}

bool wq_pool_push(wq_routine routine, void *param)
{
    struct wq_worker *worker = port_self();

    if (worker ? !push_to_ring(worker, routine, param) : !push_to_shard(routine, param))
        return false;
    wq_pool_attend();
    return true;
}

bool wq_post(wq_routine routine, void *param)
{
    return wq_pool_push(routine, param);
}

void WQ_CALL wq_item_run(void *param)
{
    struct wq_item *item = param;

    item->routine(item->param);
}

void wq_submit(struct wq_item *item)
{
    if (wq_pool_push(wq_item_run, item))
        return;
    wq_stack_push(&wq_pool.inbox, item);
    if (at_load(&wq_pool.ready))
        wq_pool_attend();
    else
        at_publish(&wq_pool.unserved, 1);
}

/* ---- cleanup ---- */

bool wq_at_return(wq_routine cleanup, void *param)
{
    struct wq_thread *thread = port_context();
    unsigned i = 0;

    if (!thread)
        return false;
    while (i < thread->cleanups && thread->cleanup[i].routine != cleanup)
        i++;
    if (i == WQ_CLEANUPS)
        return false;
    if (i == thread->cleanups)
        thread->cleanups++;
    thread->cleanup[i].routine = cleanup;
    thread->cleanup[i].param = param;
    return true;
}

void wq_thread_cleanup(struct wq_thread *thread)
{
    while (thread->cleanups) {
        unsigned i = --thread->cleanups;

        thread->cleanup[i].routine(thread->cleanup[i].param);
    }
}
