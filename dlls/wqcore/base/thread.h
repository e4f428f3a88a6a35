/*
 * thread.h: the core's threads: started, counted and joined in one place, and what each of them keeps for the routine that
 * it runs.
 *
 * Letters: A touched through the macros of port/atomic.h only, O by the thread itself only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_THREAD_H
#define WQ_THREAD_H

#include "port/port.h"
#include "wqcore.h"

#define THREAD_CLEANUPS 4u

/* What every thread that runs routines has, at port_context(). */
struct thread_context {
    unsigned cleanups; /* O: how many are to be called when the routine has returned */
    struct {
        wq_routine routine;
        void *param;
    } cleanup[THREAD_CLEANUPS]; /* O */
    void *slot;                 /* O: a front's, see wq_thread_slot */
};

/* Starts a thread and counts it, or a failure. stack: NULL for the process's default. On success the thread is given to
 * thread_join once, or hands itself over. Returns false if the system has none for us. */
bool thread_start(port_thread_fn *fn, void *arg, const struct port_stack *stack, struct port_thread *thread);

/* Waits until the thread has ended and does not count it any more. */
void thread_join(struct port_thread *thread);

/* The last thing that a thread does which nobody joins: it hands itself over to the next one that ends, and joins the one
 * before it. So at most one ended thread is not joined yet. own: what thread_start filled in. */
void thread_hand_over(struct port_thread own);

/* At the end of the core, when all threads have been told to end: waits until the last one has, and forgets the counts. */
void thread_join_last(void);

/* Fills in the counters of threads. */
void thread_count(struct wq_counters *counters);

/* Calls what the routine that has just returned asked for with wq_at_return. */
void thread_cleanup(struct thread_context *thread);

#endif
