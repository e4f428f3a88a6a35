/*
 * scenario_pool.c: the pool: token, park and submit; rings; retiring; long and blocked routines; threads that are refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scenarios.h"

#define LONG_US 5000000u /* virtual: who waits for longer waits for ever */

static struct model_tally ran, go;

static void begin(void)
{
    ran.count = 0;
    go.count = 0;
}

static void WQ_CALL run_go(void *param)
{
    (void)param;
    model_add(&go, 1);
    model_add(&ran, 1);
}

static void post(wq_routine routine)
{
    MODEL_CHECK(wq_post(routine, &ran), "refused");
}

/* ---- a worker parks while somebody submits ---- */

static void post_some(void *count)
{
    for (uintptr_t i = 0; i < (uintptr_t)count; i++) {
        model_sleep(24);
        post(model_count);
    }
}

void scenario_post(void)
{
    int a, b;

    begin();
    post(model_count);
    a = model_spawn(post_some, (void *)4);
    b = model_spawn(post_some, (void *)4);
    model_await(&ran, 9, LONG_US);
    model_join(a);
    model_join(b);
}

/* ---- routines that post: rings, theft, what spills ---- */

static void WQ_CALL post_inside(void *param)
{
    (void)param;
    for (int i = 0; i < 11; i++)
        post(model_count);
    model_add(&ran, 1);
}

void scenario_inner(void)
{
    int a, b;

    begin();
    a = model_spawn(post_some, (void *)5);
    post(post_inside);
    post(model_count);
    b = model_spawn(post_some, (void *)5);
    model_join(a);
    model_join(b);
    model_await(&ran, 23, LONG_US);
    MODEL_CHECK(ran.count == 23, "%u ran", ran.count);
}

/* ---- a worker retires while somebody submits ---- */

static void post_and_rest(void *param)
{
    (void)param;
    for (int i = 0; i < 3; i++) {
        post(model_count);
        model_sleep(9);
    }
}

void scenario_retire(void)
{
    int a, b;

    begin();
    a = model_spawn(post_and_rest, NULL);
    b = model_spawn(post_and_rest, NULL);
    model_join(a);
    model_join(b);
    model_await(&ran, 6, 3000);
}

/* ---- routines that wait for others behind them, and say so ---- */

static void WQ_CALL wait_for_go(void *param)
{
    (void)param;
    wq_blocking_begin();
    model_await(&go, 1, LONG_US);
    wq_blocking_end();
    model_add(&ran, 1);
}

static void post_long(void *param)
{
    (void)param;
    wq_post_long(wait_for_go, NULL);
    post(model_count);
    wq_post_long(run_go, NULL);
}

void scenario_long(void)
{
    int a;

    begin();
    a = model_spawn(post_long, NULL);
    post(wait_for_go);
    post(model_count);
    model_join(a);
    model_await(&ran, 5, LONG_US);
}

static void WQ_CALL wait_and_count(void *param)
{
    (void)param;
    wq_waiting_begin();
    model_await(&go, 1, LONG_US);
    wq_waiting_end();
    post(model_count);
    model_add(&ran, 1);
}

static void post_blocked(void *param)
{
    (void)param;
    post(wait_and_count);
    post(wait_and_count);
}

void scenario_blocked(void)
{
    int a;

    begin();
    a = model_spawn(post_blocked, NULL);
    post(wait_and_count);
    model_join(a);
    post(run_go);
    model_await(&ran, 7, LONG_US);
}

/* ---- two processors: a routine that waits for the one behind it needs no monitor ---- */

static void WQ_CALL wait_unsaid(void *param)
{
    (void)param;
    model_await(&go, 1, LONG_US);
    model_add(&ran, 1);
}

static void post_waiting(void *param)
{
    (void)param;
    model_sleep(24);
    post(wait_unsaid);
}

void scenario_pair(void)
{
    int a;

    begin();
    post(model_count); /* the first worker exists, and searches or parks */
    a = model_spawn(post_waiting, NULL);
    model_sleep(24);
    post(run_go);
    model_join(a);
    model_await(&ran, 3, LONG_US);
}

/* ---- routines that wait and do not say so: the monitor finds it out ---- */

static void post_unsaid(void *param)
{
    (void)param;
    post(wait_unsaid);
    post(run_go);
}

void scenario_unsaid(void)
{
    int a;

    begin();
    post(wait_unsaid);
    a = model_spawn(post_unsaid, NULL);
    model_join(a);
    model_await(&ran, 3, LONG_US);
}

/* ---- the thread that never ends ---- */

static void post_own(void *param)
{
    (void)param;
    MODEL_CHECK(wq_post_persistent(model_count, &ran), "refused");
    post(model_count);
}

void scenario_own(void)
{
    int a, b;

    begin();
    a = model_spawn(post_own, NULL);
    b = model_spawn(post_own, NULL);
    model_join(a);
    model_join(b);
    model_await(&ran, 4, LONG_US);
}

/* ---- threads that the system refuses for a while ---- */

#define FAULT_THREAD 1u

void scenario_refused(void)
{
    int a;

    begin();
    wq_fault_set(FAULT_THREAD, 2);
    a = model_spawn(post_some, (void *)3);
    post(model_count);
    model_join(a);
    wq_fault_set(FAULT_THREAD, 0);
    post(model_count); /* whoever submits next tries again */
    model_await(&ran, 5, LONG_US);
}
