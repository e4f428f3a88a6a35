/*
 * sched.h: the model's threads. One runs at a time; whoever runs calls sched_point at each place where another may go on.
 *
 * Nothing here is shared between the system's threads: all of the model's threads run on one of those, so no field has a guard.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SCHED_H
#define SCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "model_atomic.h"

#define SCHED_THREADS 128
#define SCHED_NEVER   UINT64_MAX

enum sched_state {
    SCHED_RUNS,
    SCHED_BLOCKED, /* until its condition holds or its deadline has passed */
    SCHED_ENDED
};

struct sched_thread {
    ucontext_t context;
    enum sched_state state;
    bool (*ready)(void *param); /* of a blocked one; NULL = never */
    void *param;
    uint64_t deadline;
    const char *waits_for; /* for reports */
    void (*fn)(void *arg);
    void *arg;
    void *self; /* port_self() and port_context() */
    void *slot;
    bool is_core; /* started by the core */
    uint64_t priority;
};

extern struct sched_thread sched_threads[SCHED_THREADS];
extern int sched_count;
extern int sched_me;       /* the thread that runs */
extern uint64_t sched_now; /* microseconds */
extern bool sched_calm;    /* nobody is preempted: at the end of a run */

/* Runs fn as the first thread until all threads have ended. */
void sched_run(void (*fn)(void *arg), void *arg);

/* Starts a thread. Returns its number, -1 if there are too many. */
int sched_spawn(void (*fn)(void *arg), void *arg, bool is_core);

/* Another thread may go on here. */
void sched_point(struct model_place place);

/* The caller can't go on until others have: a spin loop. */
void sched_yield_turn(struct model_place place);

/* Blocks until ready(param) or the deadline. Returns false if the deadline passed first. */
bool sched_block(bool (*ready)(void *param), void *param, uint64_t deadline, const char *what);

#endif
