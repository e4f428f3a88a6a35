/*
 * timerq_queue.c: timer queues: CreateTimerQueue, DeleteTimerQueueEx, DeleteTimerQueue.
 *
 * A queue is no more than the set of timers that are deleted together. The default queue cannot be deleted
 * and therefore has no object; its timers have no queue.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

static void queue_release(struct k32_rundown *rundown)
{
    wq_free(CONTAINING_RECORD(rundown, struct k32_timer_queue, rundown));
}

static void WQ_CALL queue_hold(void *object)
{
    /* It is not closed before its handle is deleted. */
    k32_rundown_hold(&((struct k32_timer_queue *)object)->rundown);
}

struct k32_timer_queue *k32_queue_find(HANDLE handle)
{
    return wq_handle_find(QUEUE_KIND, handle, queue_hold);
}

bool k32_queue_link(struct k32_timer *timer)
{
    struct k32_timer_queue *queue = timer->queue;

    wq_lock_take(&queue->lock);
    timer->linked = !queue->closing;
    if (timer->linked) {
        timer->prev = NULL;
        timer->next = queue->timers;
        if (queue->timers)
            queue->timers->prev = timer;
        queue->timers = timer;
    }
    wq_lock_drop(&queue->lock);
    return timer->linked;
}

/* Under the queue's lock. */
static void unlink_timer(struct k32_timer_queue *queue, struct k32_timer *timer)
{
    if (timer->prev)
        timer->prev->next = timer->next;
    else
        queue->timers = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
    timer->linked = false;
}

void k32_queue_unlink(struct k32_timer *timer)
{
    struct k32_timer_queue *queue = timer->queue;

    wq_lock_take(&queue->lock);
    if (timer->linked)
        unlink_timer(queue, timer);
    wq_lock_drop(&queue->lock);
}

/* Deletes the timers of a queue that is being deleted, and lets no new ones in. */
static void delete_timers(struct k32_timer_queue *queue)
{
    struct k32_timer *timer;

    wq_lock_take(&queue->lock);
    queue->closing = true;
    while ((timer = queue->timers) != NULL) {
        /* While it is in the list its memory is there; whoever gets the handle closes it. */
        bool ours = wq_handle_delete(TIMER_KIND, timer->handle) != NULL;

        unlink_timer(queue, timer);
        if (!ours)
            continue;
        wq_lock_drop(&queue->lock);
        wq_timer_close(&timer->timer);
        k32_rundown_abandon(&timer->rundown);
        wq_lock_take(&queue->lock);
    }
    wq_lock_drop(&queue->lock);
}

/* Makes a timer queue. Returns its handle, to be given to DeleteTimerQueueEx, or NULL with
 * ERROR_NOT_ENOUGH_MEMORY. Needs no thread of its own. Documented at learn.microsoft.com,
 * threadpoollegacyapiset.h. */
HANDLE WINAPI CreateTimerQueue(void)
{
    struct k32_timer_queue *queue = wq_alloc(sizeof(*queue));
    void *handle = NULL;

    if (queue) {
        *queue = (struct k32_timer_queue){.closing = false};
        k32_rundown_init(&queue->rundown, queue_release);
        handle = wq_handle_create(QUEUE_KIND, queue);
    }
    if (handle)
        return handle;
    if (queue)
        wq_free(queue);
    k32_fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

/* Deletes a queue and all its timers; their handles and the queue's become invalid. What is queued still
 * runs.
 *
 * completion: an event that is set when no callback of the queue's timers, those deleted earlier included, is
 * queued or runs any more; INVALID_HANDLE_VALUE to wait for that, which a callback of the queue must not; or
 * NULL. Returns TRUE, with the last error left alone, if that was so at once or after waiting, else FALSE
 * with ERROR_IO_PENDING; the event is set in both cases. FALSE with ERROR_INVALID_HANDLE, having done
 * nothing, if the handle is not that of a queue: the default queue (NULL) cannot be deleted. Callable from
 * any thread, callbacks included. Documented at learn.microsoft.com, threadpoollegacyapiset.h. */
BOOL WINAPI DeleteTimerQueueEx(HANDLE handle, HANDLE completion)
{
    struct k32_timer_queue *queue = wq_handle_delete(QUEUE_KIND, handle);

    if (!queue)
        return k32_fail(ERROR_INVALID_HANDLE);
    delete_timers(queue);
    return k32_rundown_close(&queue->rundown, completion);
}

/* As DeleteTimerQueueEx without a completion event. */
BOOL WINAPI DeleteTimerQueue(HANDLE handle)
{
    return DeleteTimerQueueEx(handle, NULL);
}
