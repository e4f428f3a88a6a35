/*
 * broken.c: pools that lose, double or reorder one item, to prove that wqbench does not believe such a run.
 * They run items where they are queued; that keeps them small.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bench.h"

#define FAULT_AT 500 /* the item that something happens to */

static unsigned posted;

static bool sound(bench_routine routine, void *param)
{
    routine(param);
    return true;
}

static bool losing(bench_routine routine, void *param)
{
    if (++posted != FAULT_AT)
        routine(param);
    return true;
}

static bool doubling(bench_routine routine, void *param)
{
    if (++posted == FAULT_AT)
        routine(param);
    routine(param);
    return true;
}

/* The count is right, only the indices are not. */
static bool mistaking(bench_routine routine, void *param)
{
    routine(++posted == FAULT_AT ? (void *)((uintptr_t)param - 1) : param);
    return true;
}

static struct bench_serial *create(void)
{
    return (struct bench_serial *)&posted;
}

/* Keeps one item back until the next has run. */
static void reorder(struct bench_serial *queue, struct bench_node *node, bench_routine routine, void *param)
{
    static void *kept;

    (void)queue;
    (void)node;
    if (++posted == FAULT_AT) {
        kept = param;
        return;
    }
    routine(param);
    if (posted == FAULT_AT + 1)
        routine(kept);
}

static void destroy(struct bench_serial *queue)
{
    (void)queue;
}

static const struct bench_engine engines[] = {
    {.name = "sound", .traits = BENCH_POST, .post = sound},
    {.name = "losing", .traits = BENCH_POST, .post = losing},
    {.name = "doubling", .traits = BENCH_POST, .post = doubling},
    {.name = "mistaking", .traits = BENCH_POST, .post = mistaking},
    {.name = "reordering",
     .traits = BENCH_POST | BENCH_SERIAL,
     .post = sound,
     .serial_create = create,
     .serial_post = reorder,
     .serial_free = destroy},
};

const struct bench_engine *const bench_engines[] = {&engines[0], &engines[1], &engines[2],
                                                    &engines[3], &engines[4], NULL};

extern const struct bench_workload workload_flood, workload_serial;

const struct bench_workload *const bench_workloads[] = {&workload_flood, &workload_serial, NULL};
