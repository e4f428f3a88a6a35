/*
 * queue_run.c: what workers do with a queue: sort what was submitted into the levels, take the highest item, ask
 * for help, run it.
 *
 * Somebody always looks at a queue whose items may run: its baton is queued in the pool; or it is idle and the
 * first submitter queues the baton; or as many items run as may, and whoever finishes one looks. A worker settles
 * which of these it is before it drops the queue's lock. For two microseconds it may also be a worker that lingers,
 * or longer if the system takes its processor away just then.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/face.h"
#include "queue/queue.h"

#define QUEUE_RUN 64u /* items that one activation runs before others get their turn */

static bool is_mixed(struct wq_queue *queue)
{
    return at_load(&queue->usual) == USUAL_MIXED;
}

/* ---- the window ---- */

static bool window_filled(struct queue_window *window)
{
    size_t head = window ? at_load(&window->head) : 0;

    return window && at_load(&window->tail) != head;
}

static struct wq_item *window_pop(struct queue_window *window)
{
    size_t head = at_load(&window->head);

    while (head != at_load(&window->tail)) {
        struct wq_item *item = at_peek(&window->items[head % WINDOW_ITEMS]);

        if (at_cas(&window->head, &head, head + 1)) {
            at_put(&item->spare, NULL);
            return item;
        }
    }
    return NULL;
}

/* Moves what a level begins with to the empty window. None of it looks as if it were not queued meanwhile, because
 * wq_queue_holds looks at that first, without the lock. Under the queue's lock. */
static void window_fill(struct wq_queue *queue, unsigned number)
{
    struct queue_window *window = queue->window;
    struct level *level = &queue->level[number];
    struct wq_item *item = level->first;
    size_t tail = window->tail;

    if (!item)
        return;
    window->level = number;
    for (unsigned i = 0; i < WINDOW_ITEMS && item != &queue_end; i++) {
        struct wq_item *next = item_next(item);

        item_set_next(item, &queue_end);
        at_put(&window->items[tail++ % WINDOW_ITEMS], item);
        item = next;
    }
    level->first = item == &queue_end ? NULL : item;
    if (!level->first)
        at_put(&queue->filled, queue->filled & ~(1u << number));
    at_store(&window->tail, tail);
}

/* Puts what is in the window back to where it came from: all of it at once, or a worker could take an item while we
 * have those before it. Under the queue's lock. */
static void window_drain(struct wq_queue *queue)
{
    struct queue_window *window = queue->window;
    size_t head = window ? at_load(&window->head) : 0, tail = window ? window->tail : 0;

    do {
        if (head == tail)
            return;
    } while (!at_cas(&window->head, &head, tail));
    while (tail != head)
        level_insert_first(&queue->level[window->level], at_peek(&window->items[--tail % WINDOW_ITEMS]));
    at_put(&queue->filled, queue->filled | 1u << window->level);
}

/* ---- the inbox and the levels ---- */

/* Takes all that was submitted, oldest first. Returns queue_end if there is nothing. Under the queue's lock. */
static struct wq_item *inbox_take(struct wq_queue *queue)
{
    struct wq_item *oldest = &queue_end, *item;

    if (!item_is_real(at_load(&queue->inbox)))
        return oldest;
    item = at_exchange(&queue->inbox, NULL);
    while (item != &queue_end) {
        struct wq_item *next = item_next(item);

        item_set_next(item, oldest);
        oldest = item;
        item = next;
    }
    return oldest;
}

/* Returns how many there were. */
static unsigned inbox_sort(struct wq_queue *queue)
{
    struct wq_item *item = inbox_take(queue);
    unsigned n = 0;

    for (; item != &queue_end; n++) {
        struct wq_item *next = item_next(item);
        unsigned number = item_level(item);

        level_insert(&queue->level[number], item);
        at_put(&queue->filled, queue->filled | 1u << number);
        item = next;
    }
    return n;
}

void queue_sort(struct wq_queue *queue)
{
    window_drain(queue);
    inbox_sort(queue);
}

void queue_remove(struct wq_queue *queue, unsigned number, struct wq_item *before, struct wq_item *item)
{
    level_remove(&queue->level[number], before, item);
    if (!queue->level[number].first)
        at_put(&queue->filled, queue->filled & ~(1u << number));
}

bool queue_waits(struct wq_queue *queue)
{
    return at_peek(&queue->filled) || window_filled(queue->window) || item_is_real(at_load(&queue->inbox));
}

/* Takes the next item to run and counts it as running. Under the queue's lock. NULL if there is none or the limit
 * is reached. */
static struct wq_item *take_next(struct wq_queue *queue)
{
    struct wq_item *item;
    unsigned number;

    if (queue->running >= queue->limit)
        return NULL;
    if (is_mixed(queue))
        queue_sort(queue); /* what came last may have to go first */
    else if (window_filled(queue->window) && (item = window_pop(queue->window)) != NULL)
        return item;
    else if (!queue->filled)
        inbox_sort(queue);
    if (!queue->filled)
        return NULL;
    number = 31 - (unsigned)__builtin_clz(queue->filled);
    item = queue->level[number].first;
    queue_remove(queue, number, NULL, item);
    if (!queue->window)
        queue->running++;
    else if (!is_mixed(queue))
        window_fill(queue, number);
    return item;
}

/* ---- who looks next ---- */

/* A queue that waits for its first submitter does not any more. Under the queue's lock. The caller has a reference
 * of its own. */
static void take_back(struct wq_queue *queue)
{
    struct wq_item *seen = QUEUE_IDLE;

    if (!at_cas(&queue->inbox, &seen, NULL))
        return;
    queue->baton_out = false;
    at_add(&queue->refs, UINT32_MAX);
}

bool queue_settle(struct wq_queue *queue)
{
    bool ends = queue->closed && !queue->inside; /* nobody may submit any more */
    struct wq_item *seen = NULL;
    bool waits;

    if (ends)
        take_back(queue);
    if (queue->baton_out || queue->running >= queue->limit)
        return false;
    waits = queue_waits(queue);
    if (ends && !waits)
        return false;
    queue->baton_out = true;
    at_add(&queue->refs, 1);
    return waits || !at_cas(&queue->inbox, &seen, QUEUE_IDLE);
}

/* ---- activations ---- */

/* Runs one item. */
static void serve_item(struct wq_queue *queue, struct worker *worker, struct wq_item *item)
{
    if (queue->runner)
        queue->runner(item);
    else
        item->routine(item->param);
    pool_inner_returned(worker);
}

/* True if the baton is all that the queue below has to run, or it has nothing. */
static bool only_baton(struct wq_queue *target, const struct wq_item *baton)
{
    struct wq_item *item = at_load(&target->inbox);

    if (at_peek(&target->filled) || window_filled(target->window))
        return false;
    return !item_is_real(item) || (item == baton && item_next(item) == &queue_end);
}

/* True if the queue below has something else to run. */
static bool target_waits(struct wq_queue *queue)
{
    struct wq_queue *target = at_load(&queue->target);

    return target && !only_baton(target, &queue->baton);
}

/* Takes the next item, if there may be more, and lets the activation end if there is none. ran: one of its items
 * has finished. */
static struct wq_item *activation_step(struct wq_queue *queue, bool ran, bool more)
{
    struct wq_item *item = NULL;
    bool submit;

    port_lock_take(&queue->lock);
    if (!ran) {
        queue->baton_out = false;
        queue->inside++;
    } else if (!queue->window) {
        queue->running--;
    }
    if (more)
        item = take_next(queue);
    if (!item)
        queue->inside--;
    submit = queue_settle(queue);
    port_lock_drop(&queue->lock);
    if (submit)
        queue_baton_submit(queue);
    return item;
}

/* Whether a worker that has run out of items had better wait for more than leave. */
static bool may_linger(struct wq_queue *queue, struct worker *worker)
{
    if (!pool_may_linger(worker) || queue_waits(queue) || target_waits(queue))
        return false;
    return linger_due(&queue->linger) && !pool_of_has_work(worker);
}

/* Lets submitters add to the queue for a moment without anybody else's being woken for it. Nothing is
 * sorted if others have filled the window meanwhile: a rank would end up behind what is put back from there. */
static void linger_for_more(struct wq_queue *queue)
{
    port_lock_take(&queue->lock);
    take_back(queue);
    port_lock_drop(&queue->lock);
    linger_wait(port_ticks());
    port_lock_take(&queue->lock);
    if (!queue->filled && !window_filled(queue->window))
        linger_judge(&queue->linger, inbox_sort(queue));
    port_lock_drop(&queue->lock);
}

static struct wq_item *activation_next(struct wq_queue *queue, struct worker *worker, unsigned served)
{
    struct wq_item *item = NULL;

    if (served >= QUEUE_RUN || pool_shall_leave(worker) || target_waits(queue))
        return activation_step(queue, true, false);
    if (queue->window && !is_mixed(queue) && (item = window_pop(queue->window)) != NULL)
        return item;
    if (may_linger(queue, worker))
        linger_for_more(queue);
    return activation_step(queue, true, true);
}

void WQ_CALL queue_run(void *param)
{
    struct wq_queue *queue = param;
    struct worker *worker = port_self();
    struct wq_item *item = activation_step(queue, false, true);

    for (unsigned served = 1; item; served++) {
        serve_item(queue, worker, item);
        item = activation_next(queue, worker, served);
    }
    pool_activation_returned(worker);
    queue_release(queue);
}
