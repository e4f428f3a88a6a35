/*
 * scenario_queue.c: queues: idle, baton and settle; the window against cancel; moves; holds; close.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "scenarios.h"

#define LONG_US 5000000u
#define ITEMS   6

static struct model_tally ran, finished;
static struct wq_queue *queue;
static struct wq_item items[ITEMS];
static unsigned inside, runs[ITEMS], expected;

static void WQ_CALL run_alone(void *param)
{
    (void)param;
    MODEL_CHECK(!inside, "two of a serial queue run at a time");
    inside = 1;
    model_point();
    inside = 0;
    MODEL_CHECK(!finished.count, "runs after its queue has finished");
    model_add(&ran, 1);
}

static void WQ_CALL finish_all(void *param)
{
    (void)param;
    MODEL_CHECK(ran.count == expected, "finished when %u of %u had run", ran.count, expected);
    model_add(&finished, 1);
}

static void begin(wq_routine routine, unsigned count)
{
    ran.count = 0;
    finished.count = 0;
    inside = 0;
    expected = count;
    memset(items, 0, sizeof(items));
    memset(runs, 0, sizeof(runs));
    for (uintptr_t i = 0; i < ITEMS; i++) {
        items[i].routine = routine;
        items[i].param = (void *)i;
    }
}

/* ---- a serial queue that becomes idle while others submit ---- */

static void submit_two(void *first)
{
    for (uintptr_t i = (uintptr_t)first; i < (uintptr_t)first + 2; i++) {
        wq_queue_submit(queue, &items[i], 3);
        model_sleep(12);
    }
}

void scenario_queue(void)
{
    int a, b;

    begin(run_alone, 5);
    queue = wq_queue_create(1);
    a = model_spawn(submit_two, (void *)0);
    b = model_spawn(submit_two, (void *)2);
    wq_queue_submit(queue, &items[4], 3);
    model_join(a);
    model_join(b);
    wq_queue_close(queue, finish_all, NULL);
    model_await(&finished, 1, LONG_US);
    MODEL_CHECK(finished.count == 1 && ran.count == 5, "finished %u times, %u ran", finished.count,
                ran.count);
}

/* ---- a queue without limit: each item runs or is cancelled, once ---- */

static void WQ_CALL run_counted(void *param)
{
    runs[(uintptr_t)param]++;
    model_point();
    model_add(&ran, 1);
}

static void cancel_some(void *param)
{
    (void)param;
    for (int i = 1; i < 4; i += 2) {
        if (!wq_queue_cancel(queue, &items[i]))
            continue;
        MODEL_CHECK(!runs[i], "item %d ran and was cancelled", i);
        runs[i] = 1;
    }
}

static void submit_more(void *param)
{
    (void)param;
    wq_queue_submit(queue, &items[4], 3);
    wq_queue_submit(queue, &items[5], 9);
}

void scenario_window(void)
{
    int a, b;

    begin(run_counted, ITEMS);
    queue = wq_queue_create(WQ_UNLIMITED);
    for (int i = 0; i < 4; i++)
        wq_queue_submit(queue, &items[i], 3);
    a = model_spawn(cancel_some, NULL);
    b = model_spawn(submit_more, NULL);
    model_join(a);
    model_join(b);
    wq_queue_close(queue, model_count, &finished);
    model_await(&finished, 1, LONG_US);
    for (int i = 0; i < ITEMS; i++)
        MODEL_CHECK(runs[i] == 1, "item %d: %u times", i, runs[i]);
}

/* ---- a queue that is moved while it runs ---- */

static void submit_three(void *param)
{
    (void)param;
    for (int i = 0; i < 3; i++) {
        model_sleep(12);
        wq_queue_submit(queue, &items[i], 3);
    }
}

void scenario_move(void)
{
    struct wq_queue *below[2];
    int a;

    begin(run_alone, 3);
    below[0] = wq_queue_create(1);
    below[1] = wq_queue_create(1);
    queue = wq_queue_create_over(below[0], 4, 1);
    a = model_spawn(submit_three, NULL);
    wq_queue_move(queue, below[1], 5, 7);
    model_sleep(8);
    wq_queue_move(queue, below[0], 6, 3);
    model_sleep(8);
    wq_queue_move(queue, below[1], 6, WQ_UNRANKED);
    model_join(a);
    wq_queue_close(queue, finish_all, NULL);
    model_await(&finished, 1, LONG_US);
    wq_queue_close(below[0], model_count, &finished);
    wq_queue_close(below[1], model_count, &finished);
    model_await(&finished, 3, LONG_US);
}

/* ---- holds: the queue goes on when it is resumed, and finishes after the last resume ---- */

static struct model_tally held;

static void WQ_CALL run_held(void *param)
{
    (void)param;
    MODEL_CHECK(!inside, "runs while the queue is held");
    inside = 1;
    wq_queue_hold(queue);
    model_add(&held, 1);
}

static void resume_all(void *param)
{
    (void)param;
    for (unsigned i = 1; i <= 3; i++) {
        model_await(&held, i, LONG_US);
        inside = 0;
        model_add(&ran, 1);
        wq_queue_resume(queue);
    }
}

void scenario_hold(void)
{
    int a, b;

    begin(run_held, 3);
    held.count = 0;
    queue = wq_queue_create(1);
    a = model_spawn(resume_all, NULL);
    b = model_spawn(submit_two, (void *)0);
    wq_queue_submit(queue, &items[2], 9);
    model_join(b);
    wq_queue_close(queue, finish_all, NULL);
    model_await(&finished, 1, LONG_US);
    model_join(a);
}
