/*
 * queue_default.c: what the two copies of a front share: the queue of the modern pool's default pool, and which callback a
 * thread is in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "queue/queue_default.h"

#include "base/thread.h"
#include "port/port.h"
#include "wqcore.h"

static struct wq_queue *default_queue; /* A: never changed once it is there */

struct wq_queue *wq_default_queue(void)
{
    struct wq_queue *queue = at_load(&default_queue), *seen = NULL;

    if (queue)
        return queue;
    queue = wq_queue_create(WQ_UNLIMITED);
    if (!queue || at_cas(&default_queue, &seen, queue))
        return queue;
    wq_queue_close(queue, NULL, NULL); /* somebody was faster */
    return seen;
}

void default_queue_free(void)
{
    struct wq_queue *queue = at_exchange(&default_queue, NULL);

    if (queue)
        wq_queue_close(queue, NULL, NULL);
}

void **wq_thread_slot(void)
{
    struct thread_context *thread = port_context();

    return thread ? &thread->slot : NULL;
}
