/*
 * sched.c: switching between the model's threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sched.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "choose.h"
#include "stores.h"
#include "model.h"
#include "trace.h"

#define STACK_SIZE (128u * 1024)
#define MOST_STEPS 400000u /* a run that takes more makes no progress */

struct sched_thread sched_threads[SCHED_THREADS];
int sched_count;
int sched_me;
uint64_t sched_now;
bool sched_calm;

static char *stacks; /* kept from run to run */
static ucontext_t outside;
static uint32_t steps;

static char *stack_of(int thread)
{
    if (!stacks) {
        stacks = mmap(NULL, (size_t)SCHED_THREADS * STACK_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stacks == MAP_FAILED)
            abort();
    }
    return stacks + (size_t)thread * STACK_SIZE;
}

static bool can_run(struct sched_thread *thread)
{
    if (thread->state != SCHED_BLOCKED)
        return thread->state == SCHED_RUNS;
    return (thread->ready && thread->ready(thread->param)) || thread->deadline <= sched_now;
}

static void switch_to(int next)
{
    int before = sched_me;

    sched_threads[next].state = SCHED_RUNS;
    if (next == before)
        return;
    sched_me = next;
    swapcontext(&sched_threads[before].context, &sched_threads[next].context);
}

/* The other threads that can run, beginning after the present one. */
static unsigned others(int *threads)
{
    unsigned n = 0;

    for (int i = 1; i < sched_count; i++) {
        int thread = (sched_me + i) % sched_count;

        if (can_run(&sched_threads[thread]))
            threads[n++] = thread;
    }
    return n;
}

static void count_step(struct model_place place)
{
    trace_step(place);
    if (++steps > MOST_STEPS)
        model_fail(place.file, place.line, "no progress in %u steps", MOST_STEPS);
}

void sched_point(struct model_place place)
{
    int threads[SCHED_THREADS];
    unsigned n, taken;

    count_step(place);
    if (sched_calm)
        return;
    threads[0] = sched_me;
    n = 1 + others(threads + 1);
    taken = choose(CHOOSE_PREEMPT, threads, n);
    if (taken) {
        trace_stop("preempted");
        switch_to(threads[taken]);
    }
}

void sched_yield_turn(struct model_place place)
{
    int threads[SCHED_THREADS];

    count_step(place);
    sched_now++;
    stores_drain(sched_me);
    choose_demote(sched_me);
    if (others(threads)) {
        trace_stop("spins");
        switch_to(threads[0]);
    }
}

static void report_threads(void)
{
    for (int i = 0; i < sched_count; i++) {
        struct sched_thread *t = &sched_threads[i];

        if (t->state != SCHED_ENDED)
            fprintf(stderr, "  thread %d (%s) %s\n", i, t->is_core ? "core" : "test",
                    t->state == SCHED_RUNS ? "can run" : t->waits_for);
    }
}

/* Nobody can run: time passes until somebody can. */
static void pass_time(void)
{
    uint64_t next = SCHED_NEVER;

    for (int i = 0; i < sched_count; i++)
        if (sched_threads[i].state == SCHED_BLOCKED && sched_threads[i].deadline < next)
            next = sched_threads[i].deadline;
    if (next == SCHED_NEVER) {
        report_threads();
        model_fail("deadlock", 0, "nobody can ever run again");
    }
    sched_now = next;
}

/* The present thread can't run: lets another one. */
static void run_other(void)
{
    int threads[SCHED_THREADS];
    unsigned n;

    for (;;) {
        n = others(threads);
        if (sched_threads[sched_me].state == SCHED_BLOCKED && can_run(&sched_threads[sched_me]))
            threads[n++] = sched_me;
        if (n)
            break;
        pass_time();
    }
    switch_to(threads[sched_calm ? 0 : choose(CHOOSE_NEXT, threads, n)]);
}

bool sched_block(bool (*ready)(void *param), void *param, uint64_t deadline, const char *what)
{
    struct sched_thread *thread = &sched_threads[sched_me];

    stores_drain(sched_me);
    thread->state = SCHED_BLOCKED;
    thread->ready = ready;
    thread->param = param;
    thread->deadline = deadline;
    thread->waits_for = what;
    trace_stop(what);
    run_other();
    return ready && ready(param);
}

static void thread_main(void)
{
    struct sched_thread *thread = &sched_threads[sched_me];
    bool left = false;

    thread->fn(thread->arg);
    stores_drain(sched_me);
    thread->state = SCHED_ENDED;
    trace_stop("ends");
    for (int i = 0; i < sched_count; i++)
        left = left || sched_threads[i].state != SCHED_ENDED;
    if (!left)
        setcontext(&outside);
    run_other();
    abort(); /* nobody switches to a thread that has ended */
}

int sched_spawn(void (*fn)(void *arg), void *arg, bool is_core)
{
    struct sched_thread *thread;

    if (sched_count == SCHED_THREADS)
        return -1;
    thread = &sched_threads[sched_count];
    *thread = (struct sched_thread){.fn = fn, .arg = arg, .is_core = is_core, .deadline = SCHED_NEVER};
    thread->priority = choose_priority();
    getcontext(&thread->context);
    thread->context.uc_stack.ss_sp = stack_of(sched_count);
    thread->context.uc_stack.ss_size = STACK_SIZE;
    makecontext(&thread->context, thread_main, 0);
    return sched_count++;
}

void sched_run(void (*fn)(void *arg), void *arg)
{
    sched_count = 0;
    sched_me = 0;
    sched_now = 1000000;
    sched_calm = false;
    steps = 0;
    sched_spawn(fn, arg, false);
    swapcontext(&outside, &sched_threads[0].context);
}
