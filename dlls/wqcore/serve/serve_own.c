/*
 * serve_own.c: threads that never end: one that runs its routines one at a time (persistent), and as many as it
 * takes (io).
 *
 * They wait on a kernel event instead of parking, because only a wait that the system knows lets APCs in, and
 * routines are sent here exactly to leave APCs behind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "serve/serve_own.h"

#include "base/item.h"
#include "base/thread.h"
#include "pool/face.h"

struct own_thread {
    struct thread_context common;
    struct own_thread *next;   /* O */
    struct own_class *class;   /* C */
    struct port_thread thread; /* O */
};

struct own_class {
    struct port_lock lock;
    struct item_list items;     /* O; spare: the item itself if it is ours to free */
    struct own_thread *threads; /* O */
    unsigned count;             /* O: threads */
    unsigned waiting;           /* O: items queued or running */
    uint64_t run;               /* O: items that finished */
    struct port_event event;    /* C once have_event */
    bool have_event;            /* O */
    bool serial;                /* C: one thread only */
    bool stopping;              /* O */
};

static struct own_class persistent = {.serial = true};
static struct own_class io;

/* Takes the next item; counts the one that the thread has just run. *stop: there is none and none will come.
 */
static struct wq_item *pop(struct own_class *class, bool ran, bool *stop)
{
    struct wq_item *item;
    bool more;

    port_lock_take(&class->lock);
    class->run += ran;
    class->waiting -= ran;
    item = item_list_pop(&class->items);
    more = item && item->link && !class->serial;
    *stop = !item && class->stopping;
    port_lock_drop(&class->lock);
    /* Submissions that come before anybody has waited set the event only once for all. */
    if (more)
        port_event_set(&class->event);
    return item;
}

static void class_main(void *arg)
{
    struct own_thread *self = arg;
    struct own_class *class = self->class;
    bool ran = false, stop = false;

    port_context_set(&self->common);
    while (!stop) {
        struct wq_item *item = pop(class, ran, &stop), job;

        ran = item != NULL;
        if (item) {
            job = *item;
            if (job.spare)
                port_heap_free(item);
            job.routine(job.param);
            thread_cleanup(&self->common);
        } else if (!stop) {
            port_event_wait(&class->event);
        }
    }
    port_event_set(&class->event); /* the next one is to stop as well */
}

static bool provide_event(struct own_class *class)
{
    bool have;

    port_lock_take(&class->lock);
    if (!class->have_event)
        class->have_event = port_event_init(&class->event);
    have = class->have_event;
    port_lock_drop(&class->lock);
    return have;
}

/* Starts one more thread. Returns false if none is to be had now. */
static bool start_thread(struct own_class *class)
{
    struct own_thread *thread = port_heap_alloc(sizeof(*thread));
    bool started = false;

    if (thread) {
        *thread = (struct own_thread){.class = class};
        started = thread_start(class_main, thread, NULL, &thread->thread);
    }
    port_lock_take(&class->lock);
    if (started) {
        thread->next = class->threads;
        class->threads = thread;
    } else {
        class->count--;
    }
    port_lock_drop(&class->lock);
    if (!started && thread)
        port_heap_free(thread);
    return started;
}

/* Starts a thread if those that exist all have something to do. If none is to be had, the next submission
 * tries again. */
static void provide_thread(struct own_class *class)
{
    unsigned limit = class->serial ? 1 : pool_max_workers();
    bool start;

    port_lock_take(&class->lock);
    start = class->count < class->waiting && class->count < limit;
    class->count += start;
    port_lock_drop(&class->lock);
    if (start)
        start_thread(class);
}

static void append(struct own_class *class, struct wq_item *item)
{
    port_lock_take(&class->lock);
    item_list_append(&class->items, item);
    class->waiting++;
    port_lock_drop(&class->lock);
}

/* Sees to it that a thread looks at the class. Nothing can be done without the event, now. */
static void attend(struct own_class *class)
{
    if (!provide_event(class))
        return;
    port_event_set(&class->event);
    provide_thread(class);
}

static bool post(struct own_class *class, wq_routine routine, void *param)
{
    struct wq_item *item;

    if (!provide_event(class))
        return false;
    item = port_heap_alloc(sizeof(*item));
    if (!item)
        return false;
    item->spare = item;
    item->routine = routine;
    item->param = param;
    append(class, item);
    attend(class);
    return true;
}

void own_submit(struct wq_item *item, bool io_class)
{
    struct own_class *class = io_class ? &io : &persistent;

    item->spare = NULL;
    append(class, item);
    attend(class);
}

void own_attend(bool io_class)
{
    attend(io_class ? &io : &persistent);
}

bool wq_post_persistent(wq_routine routine, void *param)
{
    return post(&persistent, routine, param);
}

void wq_submit_persistent(struct wq_item *item)
{
    own_submit(item, false);
}

bool wq_post_io(wq_routine routine, void *param)
{
    return post(&io, routine, param);
}

uint64_t own_count(void)
{
    uint64_t run;

    port_lock_take(&persistent.lock);
    run = persistent.run;
    port_lock_drop(&persistent.lock);
    port_lock_take(&io.lock);
    run += io.run;
    port_lock_drop(&io.lock);
    return run;
}

static bool is_idle(struct own_class *class, uint64_t *posted)
{
    bool idle;

    port_lock_take(&class->lock);
    idle = !class->waiting;
    *posted += class->run + class->waiting;
    port_lock_drop(&class->lock);
    if (!idle)
        attend(class); /* maybe no thread could be made so far */
    return idle;
}

bool own_idle(uint64_t *posted)
{
    bool idle;

    *posted = 0;
    idle = is_idle(&persistent, posted);
    return is_idle(&io, posted) && idle;
}

static void stop_class(struct own_class *class)
{
    bool serial = class->serial;

    port_lock_take(&class->lock);
    class->stopping = true;
    port_lock_drop(&class->lock);
    if (class->have_event)
        port_event_set(&class->event);
    while (class->threads) {
        struct own_thread *thread = class->threads;

        class->threads = thread->next;
        thread_join(&thread->thread);
        port_heap_free(thread);
    }
    if (class->have_event)
        port_event_close(&class->event);
    *class = (struct own_class){.serial = serial};
}

void own_stop(void)
{
    stop_class(&persistent);
    stop_class(&io);
}
