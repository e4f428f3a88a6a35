/*
 * scenario_wait.c: waits: close against signal, several on a thread, watches that are set anew.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scenarios.h"

#define LONG_US 1000000u

static struct model_tally ran, ran_other, closed;
static void *event, *other;

static void WQ_CALL run(void *param, bool timed_out)
{
    (void)param;
    MODEL_CHECK(!timed_out, "it has no time-out");
    model_add(&ran, 1);
}

static void WQ_CALL run_other(void *param, bool timed_out)
{
    (void)param;
    (void)timed_out;
    model_add(&ran_other, 1);
}

static void begin(void)
{
    ran.count = 0;
    ran_other.count = 0;
    closed.count = 0;
    event = model_event_new();
    other = model_event_new();
}

static void end(void)
{
    model_event_free(event);
    model_event_free(other);
}

static struct wq_wait *open_wait(void *object, wq_wait_routine routine, unsigned flags)
{
    struct wq_wait *wait = NULL;

    MODEL_CHECK(wq_wait_open(&wait, object, routine, NULL, WQ_WAIT_FOREVER, flags) == WQ_WAIT_OK,
                "not opened");
    return wait;
}

static void signal_soon(void *param)
{
    (void)param;
    model_sleep(6);
    model_event_signal(event);
}

/* The signal is consumed and delivered, or it is still there. */
void scenario_wait(void)
{
    struct wq_wait *wait, *neighbour;
    int a;

    begin();
    neighbour = open_wait(other, run_other, 0);
    wq_wait_start(neighbour);
    wait = open_wait(event, run, 0);
    wq_wait_start(wait);
    a = model_spawn(signal_soon, NULL);
    model_sleep(6);
    wq_wait_close(wait, model_count, &closed);
    model_join(a);
    model_await(&closed, 1, LONG_US);
    MODEL_CHECK(ran.count + model_event_is_set(event) == 1, "%u ran, signalled %d", ran.count,
                model_event_is_set(event));
    wq_wait_close(neighbour, model_count, &closed);
    model_await(&closed, 2, LONG_US);
    end();
}

/* ---- waits that come and go beside each other ---- */

static void open_once(void *param)
{
    struct wq_wait *wait = open_wait(other, run_other, WQ_WAIT_ONCE);

    (void)param;
    model_event_signal(other);
    wq_wait_start(wait);
    model_await(&ran_other, 1, LONG_US);
    wq_wait_close(wait, model_count, &closed);
}

void scenario_wait_many(void)
{
    struct wq_wait *wait;
    int a, b;

    begin();
    wait = open_wait(event, run, 0);
    wq_wait_start(wait);
    a = model_spawn(open_once, NULL);
    b = model_spawn(signal_soon, NULL);
    model_join(b);
    model_await(&ran, 1, LONG_US);
    wq_wait_close(wait, model_count, &closed);
    model_join(a);
    model_await(&closed, 2, LONG_US);
    MODEL_CHECK(ran.count == 1 && ran_other.count == 1, "%u and %u ran", ran.count, ran_other.count);
    end();
}

/* ---- a watch that is set anew while its object is signalled ---- */

static unsigned completed;

static void WQ_CALL count_completed(void *param)
{
    (void)param;
    completed++;
}

void scenario_watch(void)
{
    struct wq_watch *watch = NULL;
    bool recalled;
    int a;

    begin();
    completed = 0;
    MODEL_CHECK(wq_watch_create(&watch, run, NULL, count_completed) == WQ_WAIT_OK, "not made");
    MODEL_CHECK(!wq_watch_set(watch, event, WQ_NEVER, 0, &recalled) && !recalled, "not set");
    a = model_spawn(signal_soon, NULL);
    model_sleep(6);
    MODEL_CHECK(!wq_watch_set(watch, event, WQ_NEVER, 0, &recalled), "not set");
    MODEL_CHECK(recalled || completed, "neither recalled nor completed");
    model_join(a);
    model_await(&ran, 1, LONG_US); /* the second setting has the signal unless the first had it */
    MODEL_CHECK(completed == 1 && !model_event_is_set(event), "%u completed", completed);
    wq_watch_unset(watch);
    wq_watch_close(watch);
    MODEL_CHECK(ran.count == completed, "%u ran, %u completed", ran.count, completed);
    end();
}
