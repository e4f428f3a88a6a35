/*
 * scenario_private.c: private pools: bounds, and the end while their queues are in use.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "scenarios.h"

#define LONG_US 5000000u
#define ITEMS   5

static struct model_tally ran, finished;
static struct wq_queue *queue;
static struct wq_item items[ITEMS];
static unsigned inside, most_inside;

static void WQ_CALL run(void *param)
{
    (void)param;
    if (++inside > most_inside)
        most_inside = inside;
    model_point();
    inside--;
    model_add(&ran, 1);
}

static void begin(void)
{
    ran.count = 0;
    finished.count = 0;
    inside = 0;
    most_inside = 0;
    memset(items, 0, sizeof(items));
    for (int i = 0; i < ITEMS; i++)
        items[i].routine = run;
}

static void submit_two(void *first)
{
    for (uintptr_t i = (uintptr_t)first; i < (uintptr_t)first + 2; i++) {
        wq_queue_submit(queue, &items[i], 3);
        model_sleep(12);
    }
}

/* With a maximum of one no two routines ever run at a time. */
void scenario_private(void)
{
    struct wq_pool *pool;
    int a, b;

    begin();
    pool = wq_pool_create();
    MODEL_CHECK(pool, "no pool");
    wq_pool_set_maximum(pool, 1);
    queue = wq_queue_create_in(pool, WQ_UNLIMITED);
    a = model_spawn(submit_two, (void *)0);
    b = model_spawn(submit_two, (void *)2);
    wq_queue_submit(queue, &items[4], 3);
    model_join(a);
    model_join(b);
    model_await(&ran, ITEMS, LONG_US);
    MODEL_CHECK(most_inside == 1, "%u ran at a time", most_inside);
    wq_queue_close(queue, model_count, &finished);
    wq_pool_close(pool);
    model_await(&finished, 1, LONG_US);
}

/* The pool and its queue are closed while items are queued and run. */
void scenario_private_end(void)
{
    struct wq_pool *pool;
    int a;

    begin();
    pool = wq_pool_create();
    MODEL_CHECK(pool, "no pool");
    queue = wq_queue_create_in(pool, WQ_UNLIMITED);
    a = model_spawn(submit_two, (void *)0);
    wq_queue_submit(queue, &items[2], 3);
    wq_pool_close(pool);
    model_join(a);
    wq_queue_close(queue, model_count, &finished);
    model_await(&finished, 1, LONG_US);
    MODEL_CHECK(ran.count == 3, "%u ran", ran.count);
}
