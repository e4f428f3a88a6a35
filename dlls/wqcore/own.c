/*
 * own.c: the persistent thread: one thread that never ends and runs its routines one at a time.
 *
 * It waits on a kernel event instead of parking, because only a wait that the system knows lets APCs in, and
 * routines are sent here exactly to leave APCs behind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static struct wq_own {
    struct port_lock lock;
    struct wq_item *first;     /* O */
    struct wq_item *last;      /* O */
    struct port_event event;   /* C once have_event */
    struct port_thread thread; /* O */
    uintptr_t id;              /* A: what port_parker_init gives for the thread */
    uint64_t run;              /* A: written by the thread only */
    bool have_event;           /* O */
    bool have_thread;          /* O */
    bool stopping;             /* O */
} own;

static struct wq_item *own_pop(bool *stop)
{
    struct wq_item *item;

    port_lock_take(&own.lock);
    item = own.first;
    if (item)
        own.first = item->link;
    *stop = !item && own.stopping;
    port_lock_drop(&own.lock);
    return item;
}

static void own_main(void *arg)
{
    struct port_parker self;
    bool stop = false;

    (void)arg;
    port_parker_init(&self);
    at_store(&own.id, self.thread);
    while (!stop) {
        struct wq_item *item = own_pop(&stop), job;

        if (!item) {
            if (!stop)
                port_event_wait(&own.event);
            continue;
        }
        job = *item;
        port_heap_free(item);
        job.routine(job.param);
        at_store(&own.run, own.run + 1);
    }
}

static bool own_provide_event(void)
{
    bool have;

    port_lock_take(&own.lock);
    if (!own.have_event)
        own.have_event = port_event_init(&own.event);
    have = own.have_event;
    port_lock_drop(&own.lock);
    return have;
}

/* Starts the thread if it is not there. If none is to be had now, the next submission tries again. */
static void own_provide_thread(void)
{
    bool started = false, failed = false;

    port_lock_take(&own.lock);
    if (!own.have_thread) {
        started = own.have_thread = port_thread_start(own_main, NULL, &own.thread);
        failed = !started;
    }
    port_lock_drop(&own.lock);
    if (!started && !failed)
        return;
    port_lock_take(&wq_pool.lock);
    if (started)
        wq_pool_count_thread(1);
    else
        wq_pool.start_failed++;
    port_lock_drop(&wq_pool.lock);
}

bool wq_post_persistent(wq_routine routine, void *param)
{
    struct wq_item *item;

    if (!own_provide_event())
        return false;
    item = port_heap_alloc(sizeof(*item));
    if (!item)
        return false;
    item->link = NULL;
    item->routine = routine;
    item->param = param;
    port_lock_take(&own.lock);
    if (own.first)
        own.last->link = item;
    else
        own.first = item;
    own.last = item;
    port_lock_drop(&own.lock);
    port_event_set(&own.event);
    own_provide_thread();
    return true;
}

uint64_t wq_persistent_count(void)
{
    return at_load(&own.run);
}

bool wq_persistent_is_self(void)
{
    struct port_parker self;

    port_parker_init(&self);
    return at_load(&own.id) == self.thread; /* no thread has the id 0 */
}

void wq_persistent_stop(void)
{
    bool have;

    port_lock_take(&own.lock);
    own.stopping = true;
    port_lock_drop(&own.lock);
    if (own.first) /* no thread could be made so far */
        own_provide_thread();
    have = own.have_thread;
    if (have) {
        port_event_set(&own.event);
        port_thread_join(&own.thread);
        port_lock_take(&wq_pool.lock);
        wq_pool_count_thread(-1);
        port_lock_drop(&wq_pool.lock);
    }
    if (own.have_event)
        port_event_close(&own.event);
    own = (struct wq_own){0};
}
