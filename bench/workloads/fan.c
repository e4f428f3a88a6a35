/*
 * fan.c: fan-out, a tree in which every item queues two more from inside the pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

static uint64_t items;

/* The children of i are 2i + 1 and 2i + 2. */
static void BENCH_CALL item(void *param)
{
    uint64_t index = (uint64_t)(uintptr_t)param, child = 2 * index + 1;

    if (child < items)
        bench_post(item, child);
    if (child + 1 < items)
        bench_post(item, child + 1);
    if (!(index % 16))
        bench_stamp(); /* the pool may take the youngest first */
    bench_ran(index);
}

static double measure(uint64_t count)
{
    uint64_t start;

    items = count;
    bench_batch_begin(items);
    start = bench_ticks();
    bench_post(item, 0);
    return bench_ns(bench_batch_wait() - start);
}

/* items: so many each time; without, as many as the budget needs. */
static void run(void)
{
    uint64_t next = 2000;
    double took;

    if (bench_param("items", 0)) {
        bench_cost(bench_param("items", 0), measure);
        return;
    }
    do {
        took = measure(next);
        next = bench_next(items, took, 20000000);
    } while (next != items);
    bench_result("rate", (double)items / took * 1e3, "M/s");
    bench_result("threads", bench_batch_threads(), "threads");
}

static const char *const cases[] = {"", NULL};
static const struct bench_growth growth[] = {
    {"items", "1 10 100 1000 10000 100000 1000000", "", "cost", "ns/item"},
    {0},
};

const struct bench_workload workload_fan = {
    "fan", "every item queues two more (fan-out)", BENCH_NEST | BENCH_FAN, cases, growth, run,
};
