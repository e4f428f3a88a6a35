/*
 * serial.c: items spread over serial queues, which run theirs one at a time and in order; that is checked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#include <stdlib.h>

#define MOST 2000000u

static uint64_t queues;
static struct bench_serial **queue;
static uint64_t *last; /* per queue: the index that ran last, plus one; guarded by the queue's being serial */
static struct bench_node *nodes;

static void BENCH_CALL item(void *param)
{
    uint64_t index = (uint64_t)(uintptr_t)param, *seen = &last[index % queues];

    if (index != (*seen ? *seen - 1 + queues : index % queues))
        bench_die("item %llu ran out of order", (unsigned long long)index);
    *seen = index + 1;
    bench_ran(index);
}

static double measure(uint64_t items)
{
    uint64_t start;

    for (uint64_t i = 0; i < queues; i++)
        last[i] = 0;
    bench_batch_begin(items);
    start = bench_ticks();
    for (uint64_t i = 0; i < items; i++)
        bench_engine->serial_post(queue[i % queues], &nodes[i], item, (void *)(uintptr_t)i);
    return bench_ns(bench_batch_wait() - start);
}

static void run(void)
{
    uint64_t items, next, start;
    double took;

    queues = bench_param("queues", 1);
    next = queues > 2000 ? queues : 2000;
    queue = bench_memory(queues, sizeof(*queue));
    last = bench_memory(queues, sizeof(*last));
    nodes = bench_memory(MOST, sizeof(*nodes));
    start = bench_ticks();
    for (uint64_t i = 0; i < queues; i++) {
        queue[i] = bench_engine->serial_create();
        if (!queue[i])
            bench_die("no serial queue");
    }
    bench_result("create", bench_ns(bench_ticks() - start) / (double)queues, "ns/queue");
    do {
        items = next;
        took = measure(items);
        next = bench_next(items, took, MOST);
    } while (next != items);
    bench_result("rate", (double)items / took * 1e3, "M/s");
    start = bench_ticks();
    for (uint64_t i = 0; i < queues; i++)
        bench_engine->serial_free(queue[i]);
    bench_result("free", bench_ns(bench_ticks() - start) / (double)queues, "ns/queue");
}

static const char *const cases[] = {"queues=1", "queues=1000", "queues=100000", NULL};
static const struct bench_growth growth[] = {
    {"queues", "1 10 100 1000 10000 100000 1000000", "", "rate", "M/s"},
    {0},
};

const struct bench_workload workload_serial = {
    "serial", "items spread over serial queues, order checked", BENCH_SERIAL | BENCH_POST, cases, growth, run,
};
