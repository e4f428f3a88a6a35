/*
 * queue_use.c: queues over the pool: priority levels and a concurrency limit, serial order with a limit of one.
 *
 * A queue is itself an item of the pool, its baton. Submitting puts the item on a stack that never locks and, if
 * nobody looks at the queue, queues the baton. The worker that gets the baton sorts the stack into the levels, takes
 * the highest item and, if another one could run beside it, passes the baton on before it runs its own. The baton
 * is queued at most once, so no thread ever waits to keep order and nothing is allocated.
 *
 * A queue over another queue submits its baton there. It gives way after each item if the other queue has
 * something else to run, so that the order there is kept item by item. If it has a rank, its baton is sorted into
 * its level there by that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/face.h"
#include "queue/queue.h"

struct wq_item queue_end;

struct wq_queue *wq_queue_create(unsigned limit)
{
    return wq_queue_create_over(NULL, 0, limit);
}

/* A queue without a limit brings its window along. */
static struct wq_queue *allocate(bool window)
{
    struct wq_queue *queue = port_heap_alloc(sizeof(*queue) + (window ? sizeof(*queue->window) : 0));

    if (!queue)
        return NULL;
    *queue = (struct wq_queue){0};
    if (window) {
        queue->window = (struct queue_window *)(queue + 1);
        *queue->window = (struct queue_window){0};
    }
    return queue;
}

static struct wq_queue *create(struct wq_pool *pool, struct wq_queue *target, unsigned level, unsigned limit)
{
    struct wq_queue *queue = allocate(limit == WQ_UNLIMITED);

    if (!queue)
        return NULL;
    queue->limit = limit == WQ_UNLIMITED ? UINT32_MAX : limit;
    queue->pool = pool;
    queue->target = target;
    queue->target_level = level;
    queue->target_rank = WQ_UNRANKED;
    queue->baton.routine = queue_run;
    queue->baton.param = queue;
    queue->usual = USUAL_NONE;
    queue->inbox = QUEUE_IDLE;
    queue->baton_out = true;
    queue->refs = 2;
    pool_enter(pool);
    return queue;
}

struct wq_queue *wq_queue_create_over(struct wq_queue *target, unsigned level, unsigned limit)
{
    return create(target ? target->pool : &pool_default, target, level, limit);
}

struct wq_queue *wq_queue_create_in(struct wq_pool *pool, unsigned limit)
{
    return create(pool, NULL, 0, limit);
}

void wq_queue_set_runner(struct wq_queue *queue, wq_runner runner)
{
    queue->runner = runner;
}

/* The last one finds the queue closed and empty: an item that waits has a baton, or a running activation that will
 * look at it. */
void queue_release(struct wq_queue *queue)
{
    struct wq_pool *pool = queue->pool;
    wq_routine finished;
    void *param;

    if (at_add(&queue->refs, UINT32_MAX) != 1)
        return;
    finished = queue->finished;
    param = queue->finished_param;
    port_heap_free(queue);
    if (finished)
        finished(param);
    pool_leave(pool);
}

static void submit(struct wq_queue *queue, struct wq_item *item, unsigned level, bool ranked);

/* Whoever moves the queue meanwhile finds the baton in the old queue below, or we see that it was moved. */
static void baton_submit_over(struct wq_queue *queue)
{
    struct wq_queue *target;
    uint32_t moves;

    at_add(&queue->refs, 1); /* once it is queued the baton, and its reference, are somebody else's */
    do {
        moves = at_load(&queue->moves);
        target = at_load(&queue->target);
        if (!target) {
            pool_submit(queue->pool, &queue->baton);
            break;
        }
        queue->ranked.rank = at_load(&queue->target_rank);
        submit(target, &queue->baton, at_load(&queue->target_level), queue->ranked.rank != WQ_UNRANKED);
    } while (at_load(&queue->moves) != moves && wq_queue_cancel(target, &queue->baton));
    queue_release(queue);
}

void queue_baton_submit(struct wq_queue *queue)
{
    if (at_load(&queue->target))
        baton_submit_over(queue);
    else
        pool_submit(queue->pool, &queue->baton);
}

/* Notes that items of different levels come. */
static void usual_note(struct wq_queue *queue, uint32_t level)
{
    uint32_t usual = at_load(&queue->usual);

    if (usual == level || usual == USUAL_MIXED)
        return;
    if (usual == USUAL_NONE && at_cas(&queue->usual, &usual, level))
        return;
    if (usual != level)
        at_publish(&queue->usual, USUAL_MIXED);
}

/* Once the item is there the queue may be gone, unless it was idle, and so may a private pool. */
static void submit(struct wq_queue *queue, struct wq_item *item, unsigned level, bool ranked)
{
    struct wq_item *top = at_load(&queue->inbox);
    struct wq_pool *pool = queue->pool;
    bool unserved = pool_unserved(pool);

    if (unserved)
        pool_enter(pool);
    if (level >= WQ_LEVELS)
        level = WQ_LEVELS - 1;
    item_mark(item, level, ranked);
    usual_note(queue, ranked ? USUAL_MIXED : level);
    do {
        item_set_next(item, item_is_real(top) ? top : &queue_end);
    } while (!at_cas(&queue->inbox, &top, item));
    if (top == QUEUE_IDLE)
        queue_baton_submit(queue);
    else if (unserved) /* the baton may wait for a thread that could not be made */
        pool_retry(pool);
    if (unserved)
        pool_leave(pool);
}

void wq_queue_submit(struct wq_queue *queue, struct wq_item *item, unsigned level)
{
    submit(queue, item, level, false);
}

bool wq_queue_try_submit(struct wq_queue *queue, struct wq_item *item, unsigned level)
{
    bool waiting;

    port_lock_take(&queue->lock);
    waiting = queue_waits(queue) || queue->running >= queue->limit;
    port_lock_drop(&queue->lock);
    if (waiting || !pool_provide_idle(queue->pool))
        return false;
    wq_queue_submit(queue, item, level);
    return true;
}

/* The baton's routine of a queue that is bound to a processor. One binding serves an activation, because each
 * takes three system calls. */
static void WQ_CALL run_bound(void *param)
{
    struct wq_queue *queue = param;
    struct port_cpu_set before;
    bool bound = port_cpu_bind(queue->processor, &before);

    queue_run(queue); /* which may free it */
    if (bound)
        port_cpu_restore(&before);
}

void wq_queue_set_processor(struct wq_queue *queue, unsigned processor)
{
    queue->processor = processor;
    queue->baton.routine = run_bound;
}

/* Finds a queued item. Returns its level, or WQ_LEVELS; *before is the item before it, or NULL. Under the
 * queue's lock. */
static unsigned find_item(struct wq_queue *queue, const struct wq_item *item, struct wq_item **before)
{
    queue_sort(queue);
    for (uint32_t left = queue->filled; left; left &= left - 1) {
        unsigned number = (unsigned)__builtin_ctz(left);
        struct wq_item *each = queue->level[number].first;

        *before = NULL;
        while (each != &queue_end && each != item) {
            *before = each;
            each = item_next(each);
        }
        if (each == item)
            return number;
    }
    return WQ_LEVELS;
}

bool wq_queue_cancel(struct wq_queue *queue, struct wq_item *item)
{
    struct wq_item *before;
    unsigned number;

    port_lock_take(&queue->lock);
    number = find_item(queue, item, &before);
    if (number < WQ_LEVELS)
        queue_remove(queue, number, before, item);
    port_lock_drop(&queue->lock);
    return number < WQ_LEVELS;
}

bool wq_queue_holds(struct wq_queue *queue, const struct wq_item *item)
{
    uintptr_t next = (uintptr_t)item_next(item);
    struct wq_item *before;
    bool found;

    /* An item's memory need not be initialised: what does not look like a place in a chain is none. NULL does not. */
    if (next % sizeof(void *) || (uint64_t)next >> 48)
        return false;
    port_lock_take(&queue->lock);
    found = find_item(queue, item, &before) < WQ_LEVELS;
    port_lock_drop(&queue->lock);
    return found;
}

bool wq_item_looks_queued(const struct wq_item *item)
{
    uintptr_t mark = (uintptr_t)at_load(&item->link);

    return (mark & MARK_BIT) && mark < 2 * RANK_BIT;
}

void wq_queue_move(struct wq_queue *queue, struct wq_queue *target, unsigned level, uint64_t rank)
{
    struct wq_queue *before = at_load(&queue->target);

    at_store(&queue->target_level, level);
    at_store(&queue->target_rank, rank);
    at_store(&queue->target, target);
    at_add(&queue->moves, 1);
    if (before && wq_queue_cancel(before, &queue->baton))
        queue_baton_submit(queue);
}

void wq_queue_hold(struct wq_queue *queue)
{
    at_add(&queue->refs, 1);
    port_lock_take(&queue->lock);
    queue->running++;
    port_lock_drop(&queue->lock);
}

void wq_queue_resume(struct wq_queue *queue)
{
    bool submit_baton;

    port_lock_take(&queue->lock);
    queue->running--;
    submit_baton = queue_settle(queue);
    port_lock_drop(&queue->lock);
    if (submit_baton)
        queue_baton_submit(queue);
    queue_release(queue);
}

void wq_queue_close(struct wq_queue *queue, wq_routine finished, void *param)
{
    bool submit_baton;

    queue->finished = finished;
    queue->finished_param = param;
    port_lock_take(&queue->lock);
    queue->closed = true;
    submit_baton = queue_settle(queue); /* a worker that lingers has taken the baton back */
    port_lock_drop(&queue->lock);
    if (submit_baton)
        queue_baton_submit(queue);
    queue_release(queue);
}
