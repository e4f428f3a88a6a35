/*
 * queue.c: queues over the pool: priority levels and a concurrency limit, serial order with a limit of one.
 *
 * A queue is itself an item of the pool, its baton. Submitting puts the item on a stack that never locks and,
 * if the queue may run one more, queues the baton. The worker that gets the baton sorts the stack into the
 * levels, takes the highest item and, if another one could run beside it, passes the baton on before it runs
 * its own. The baton is queued at most once, so no thread ever waits to keep order and nothing is allocated.
 *
 * A queue over another queue submits its baton there. It gives way after each item if the other queue has
 * something to run, so that the order there is kept item by item. If it has a rank, its baton is sorted into its
 * level there by that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "queue_level.h"

#define QUEUE_RUN 64u /* items that one activation runs before others get their turn */

struct wq_queue {
    union {
        struct wq_item baton;      /* owned by whoever set baton_out */
        struct ranked_item ranked; /* likewise */
    };
    struct wq_item *inbox; /* A: submitted, not sorted yet, linked by item_next */
    uint32_t baton_out;    /* A: 1 = the baton is queued in the pool */
    uint32_t refs;         /* A: one for being open, one a submitter inside, one a baton queued or running */
    unsigned limit;        /* C */
    wq_runner runner;      /* C: called in place of the items' routines; NULL = these are */
    unsigned processor;    /* C: where its items run if it is bound */
    struct wq_queue *target;       /* A: whose item the baton is; NULL = the pool's */
    uint32_t target_level;         /* A: at which level */
    uint64_t target_rank;          /* A: where there; WQ_UNRANKED = at the end */
    uint32_t moves;                /* A: how often these three were changed */
    struct port_lock lock;         /* as Q below */
    uint32_t running;              /* QA: items whose routine is being called, and holds */
    uint32_t filled;               /* QA: one bit for each level that is not empty */
    wq_routine finished;           /* set before the reference for being open is dropped */
    void *finished_param;          /* likewise */
    struct level level[WQ_LEVELS]; /* Q */
};

static void WQ_CALL queue_run(void *param);

struct wq_item wq_queue_end;

struct wq_queue *wq_queue_create(unsigned limit)
{
    return wq_queue_create_over(NULL, 0, limit);
}

struct wq_queue *wq_queue_create_over(struct wq_queue *target, unsigned level, unsigned limit)
{
    struct wq_queue *queue = port_heap_alloc(sizeof(*queue));

    if (!queue)
        return NULL;
    *queue = (struct wq_queue){0};
    queue->limit = limit == WQ_UNLIMITED ? WQ_MAX_WORKERS : limit;
    queue->target = target;
    queue->target_level = level;
    queue->target_rank = WQ_UNRANKED;
    queue->baton.routine = queue_run;
    queue->baton.param = queue;
    queue->refs = 1;
    return queue;
}

void wq_queue_set_runner(struct wq_queue *queue, wq_runner runner)
{
    queue->runner = runner;
}

/* Drops a reference. The last one finds the queue closed and empty: an item that waits has a submitter
 * inside, a baton, or a running activation that will look at it. */
static void queue_release(struct wq_queue *queue)
{
    wq_routine finished;
    void *param;

    if (at_add(&queue->refs, UINT32_MAX) != 1)
        return;
    finished = queue->finished;
    param = queue->finished_param;
    port_heap_free(queue);
    if (finished)
        finished(param);
}

static void submit(struct wq_queue *queue, struct wq_item *item, unsigned level, bool ranked);

/* Whoever moves the queue meanwhile finds the baton in the old queue below, or we see that it was moved. */
static void baton_submit(struct wq_queue *queue)
{
    struct wq_queue *target;
    uint32_t moves;

    do {
        moves = at_load(&queue->moves);
        target = at_load(&queue->target);
        if (!target) {
            wq_submit(&queue->baton);
            return;
        }
        queue->ranked.rank = at_load(&queue->target_rank);
        submit(target, &queue->baton, at_load(&queue->target_level), queue->ranked.rank != WQ_UNRANKED);
    } while (at_load(&queue->moves) != moves && wq_queue_cancel(target, &queue->baton));
}

/* Sees to it that a worker will look at the queue, if it may run one more item. */
static void queue_kick(struct wq_queue *queue)
{
    uint32_t seen = 0;

    if (at_load(&queue->running) >= queue->limit)
        return; /* whoever finishes one looks again */
    if (at_load(&queue->baton_out) || !at_cas(&queue->baton_out, &seen, 1)) {
        if (at_load(&wq_pool.unserved)) /* the baton may wait for a thread that could not be made */
            wq_pool_retry();
        return;
    }
    at_add(&queue->refs, 1);
    baton_submit(queue);
}

static void inbox_push(struct wq_queue *queue, struct wq_item *item)
{
    struct wq_item *top = at_load(&queue->inbox);

    do {
        item_set_next(item, top ? top : &wq_queue_end);
    } while (!at_cas(&queue->inbox, &top, item));
}

static void submit(struct wq_queue *queue, struct wq_item *item, unsigned level, bool ranked)
{
    item_mark(item, level < WQ_LEVELS ? level : WQ_LEVELS - 1, ranked);
    at_add(&queue->refs, 1);
    inbox_push(queue, item);
    queue_kick(queue);
    queue_release(queue);
}

void wq_queue_submit(struct wq_queue *queue, struct wq_item *item, unsigned level)
{
    submit(queue, item, level, false);
}

bool wq_queue_try_submit(struct wq_queue *queue, struct wq_item *item, unsigned level)
{
    bool waiting;

    port_lock_take(&queue->lock);
    waiting = queue->filled != 0 || at_load(&queue->inbox) || at_load(&queue->running) >= queue->limit;
    port_lock_drop(&queue->lock);
    if (waiting || !wq_idle_provide())
        return false;
    wq_queue_submit(queue, item, level);
    return true;
}

/* Takes all that was submitted, oldest first. Returns queue_end if there is nothing. */
static struct wq_item *inbox_take(struct wq_queue *queue)
{
    struct wq_item *item = at_load(&queue->inbox) ? at_exchange(&queue->inbox, NULL) : NULL;
    struct wq_item *oldest = &wq_queue_end;

    while (item && item != &wq_queue_end) {
        struct wq_item *next = item_next(item);

        item_set_next(item, oldest);
        oldest = item;
        item = next;
    }
    return oldest;
}

/* Sorts what was submitted into the levels. Under the queue's lock. */
static void queue_sort(struct wq_queue *queue)
{
    struct wq_item *item = inbox_take(queue);

    while (item != &wq_queue_end) {
        struct wq_item *next = item_next(item);
        unsigned number = item_level(item);

        level_insert(&queue->level[number], item);
        at_put(&queue->filled, queue->filled | 1u << number);
        item = next;
    }
}

/* Takes an item out of its level. before: the one before it, or NULL. Under the queue's lock. */
static void queue_remove(struct wq_queue *queue, unsigned number, struct wq_item *before,
                         struct wq_item *item)
{
    level_remove(&queue->level[number], before, item);
    if (!queue->level[number].first)
        at_put(&queue->filled, queue->filled & ~(1u << number));
}

/* Takes the next item to run and counts it as running. Under the queue's lock. NULL if there is none or the
 * limit is reached. */
static struct wq_item *queue_take(struct wq_queue *queue)
{
    struct wq_item *item;
    unsigned number;

    queue_sort(queue);
    if (!queue->filled || queue->running >= queue->limit)
        return NULL;
    number = 31 - (unsigned)__builtin_clz(queue->filled);
    item = queue->level[number].first;
    queue_remove(queue, number, NULL, item);
    at_publish(&queue->running, queue->running + 1);
    return item;
}

/* Runs one item. Under the queue's lock, which is dropped meanwhile. more: other items wait. */
static void queue_run_item(struct wq_queue *queue, struct wq_item *item)
{
    bool more = queue->filled != 0;
    struct wq_worker *worker = port_self();

    port_lock_drop(&queue->lock);
    if (more)
        queue_kick(queue);
    if (queue->runner)
        queue->runner(item);
    else
        item->routine(item->param);
    wq_worker_returned(worker);
    at_put(&worker->beat, worker->beat + 2);
    at_put(&worker->inner, worker->inner + 1);
    port_lock_take(&queue->lock);
    /* A full fence before the next look at the inbox: a submitter that saw the limit reached relies on that
     * look. */
    at_publish(&queue->running, queue->running - 1);
}

/* True if the queue below has something else to run. */
static bool target_waits(struct wq_queue *queue)
{
    struct wq_queue *target = at_load(&queue->target);

    return target && (at_load(&target->filled) || at_load(&target->inbox));
}

/* The baton's routine. */
static void WQ_CALL queue_run(void *param)
{
    struct wq_queue *queue = param;
    struct wq_worker *worker = port_self();
    struct wq_item *item = NULL;

    port_lock_take(&queue->lock);
    /* From here on the baton may be queued again; the fence orders the look at the inbox after that. */
    at_publish(&queue->baton_out, 0);
    for (unsigned n = 0; n < QUEUE_RUN && (item = queue_take(queue)) != NULL; n++) {
        queue_run_item(queue, item);
        if (target_waits(queue))
            break;
    }
    if (item && (queue->filled || at_load(&queue->inbox)))
        queue_kick(queue);
    port_lock_drop(&queue->lock);
    at_put(&worker->batons, worker->batons + 1);
    queue_release(queue);
}

/* The baton's routine of a queue that is bound to a processor. One binding serves an activation, because each
 * takes three system calls. */
static void WQ_CALL queue_run_bound(void *param)
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
    queue->baton.routine = queue_run_bound;
}

/* Finds a queued item. Returns its level, or WQ_LEVELS; *before is the item before it, or NULL. Under the
 * queue's lock. */
static unsigned queue_find(struct wq_queue *queue, const struct wq_item *item, struct wq_item **before)
{
    queue_sort(queue);
    for (uint32_t left = queue->filled; left; left &= left - 1) {
        unsigned number = (unsigned)__builtin_ctz(left);
        struct wq_item *each = queue->level[number].first;

        *before = NULL;
        while (each != &wq_queue_end && each != item) {
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
    number = queue_find(queue, item, &before);
    if (number < WQ_LEVELS)
        queue_remove(queue, number, before, item);
    port_lock_drop(&queue->lock);
    return number < WQ_LEVELS;
}

bool wq_queue_holds(struct wq_queue *queue, const struct wq_item *item)
{
    struct wq_item *before;
    bool found;

    /* An item's memory need not be initialised: what does not look like a place in a chain is none. */
    if (!item->spare || (uintptr_t)item_next(item) % sizeof(void *) ||
        (uint64_t)(uintptr_t)item_next(item) >> 48)
        return false;
    port_lock_take(&queue->lock);
    found = queue_find(queue, item, &before) < WQ_LEVELS;
    port_lock_drop(&queue->lock);
    return found;
}

void wq_queue_move(struct wq_queue *queue, struct wq_queue *target, unsigned level, uint64_t rank)
{
    struct wq_queue *before = at_load(&queue->target);

    at_store(&queue->target_level, level);
    at_store(&queue->target_rank, rank);
    at_store(&queue->target, target);
    at_add(&queue->moves, 1);
    if (before && wq_queue_cancel(before, &queue->baton))
        baton_submit(queue);
}

void wq_queue_hold(struct wq_queue *queue)
{
    at_add(&queue->refs, 1);
    port_lock_take(&queue->lock);
    at_publish(&queue->running, queue->running + 1);
    port_lock_drop(&queue->lock);
}

void wq_queue_resume(struct wq_queue *queue)
{
    port_lock_take(&queue->lock);
    at_publish(&queue->running, queue->running - 1);
    port_lock_drop(&queue->lock);
    queue_kick(queue);
    queue_release(queue);
}

void wq_queue_close(struct wq_queue *queue, wq_routine finished, void *param)
{
    queue->finished = finished;
    queue->finished_param = param;
    queue_release(queue);
}
