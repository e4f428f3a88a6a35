/*
 * thread.c: starting, counting and joining the core's threads, and clean-ups after routines.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/thread.h"

static struct {
    uint32_t now;             /* A: threads that exist */
    uint32_t peak;            /* A: most that existed at a time */
    uint32_t failed;          /* A: starts that the system refused */
    struct port_lock lock;    /* guards the rest */
    bool have_ended;          /* ended holds a thread */
    struct port_thread ended; /* the one that was handed over last; it joined the one before it */
} threads;

bool thread_start(port_thread_fn *fn, void *arg, const struct port_stack *stack, struct port_thread *thread)
{
    uint32_t now = at_add(&threads.now, 1) + 1, peak = at_load(&threads.peak);

    while (peak < now && !at_cas(&threads.peak, &peak, now))
        ;
    if (port_thread_start(fn, arg, stack, thread))
        return true;
    at_add(&threads.failed, 1);
    at_add(&threads.now, UINT32_MAX);
    return false;
}

void thread_join(struct port_thread *thread)
{
    port_thread_join(thread);
    at_add(&threads.now, UINT32_MAX);
}

void thread_hand_over(struct port_thread own)
{
    struct port_thread before;
    bool join;

    port_lock_take(&threads.lock);
    join = threads.have_ended;
    before = threads.ended;
    threads.ended = own;
    threads.have_ended = true;
    at_add(&threads.now, UINT32_MAX);
    port_lock_drop(&threads.lock);
    if (join)
        port_thread_join(&before);
}

void thread_join_last(void)
{
    while (at_load(&threads.now) && !port_exiting())
        port_rest(1000);
    if (threads.have_ended)
        port_thread_join(&threads.ended);
    threads.have_ended = false;
    at_put(&threads.peak, 0);
    at_put(&threads.failed, 0);
}

void thread_count(struct wq_counters *counters)
{
    counters->threads = at_load(&threads.now);
    counters->threads_peak = at_load(&threads.peak);
    counters->threads_failed = at_load(&threads.failed);
}

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
