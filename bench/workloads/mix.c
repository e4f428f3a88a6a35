/*
 * mix.c: short items of which one in a hundred blocks. A pool that doesn't notice leaves processors idle; one
 * that makes a thread for each gets in its own way.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#define WORK_NS  5000.0
#define SLEEP_US 2000u

static uint64_t rounds;

static void BENCH_CALL item(void *param)
{
    uint64_t index = (uint64_t)(uintptr_t)param;

    if (index % 100 == 50)
        bench_sleep_us(SLEEP_US);
    else
        bench_work(rounds);
    bench_ran(index);
}

static double measure(uint64_t items)
{
    uint64_t start;

    bench_batch_begin(items);
    start = bench_ticks();
    for (uint64_t i = 0; i < items; i++)
        bench_post(item, i);
    return bench_ns(bench_batch_wait() - start);
}

/* items: so many each time; without, as many as the budget needs. */
static void run(void)
{
    uint64_t items, next = 2000;
    double took;

    rounds = bench_work_rounds(WORK_NS);
    if (bench_param("items", 0)) {
        bench_cost(bench_param("items", 0), measure);
        return;
    }
    do {
        items = next;
        took = measure(items);
        next = bench_next(items, took, 1000000);
    } while (next != items);
    bench_result("rate", (double)items / took * 1e3, "M/s");
    bench_result("efficiency", (double)items * 0.99 * WORK_NS / bench_processors() / took, "of ideal");
    bench_result("threads", bench_batch_threads(), "threads");
}

static const char *const cases[] = {"", NULL};
static const struct bench_growth growth[] = {
    {"items", "100 1000 10000 100000", "", "cost", "ns/item"},
    {0},
};

const struct bench_workload workload_mix = {
    "mix", "items of 5 us, 1 % of them sleep for 2 ms", BENCH_POST, cases, growth, run,
};
