/*
 * chain.c: every item queues the next one of its chain.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

static uint64_t items, chains;

static void BENCH_CALL item(void *param)
{
    uint64_t index = (uint64_t)(uintptr_t)param;

    if (index + chains < items)
        bench_post(item, index + chains);
    bench_ran(index);
}

static void run(void)
{
    uint64_t next;
    double took;

    chains = bench_param("chains", 1);
    next = chains > 200 ? 10 * chains : 2000;
    do {
        uint64_t start;

        items = next;
        bench_batch_begin(items);
        start = bench_ticks();
        for (uint64_t i = 0; i < chains; i++)
            bench_post(item, i);
        took = bench_ns(bench_batch_wait() - start);
        next = bench_next(items, took, 20000000);
    } while (next != items);
    bench_result("cost", took / (double)items, "ns/item");
    bench_result("threads", bench_batch_threads(), "threads");
}

static const char *const cases[] = {"chains=1", "chains=16", NULL};
static const struct bench_growth growth[] = {
    {"chains", "1 10 100 1000 10000 100000", "", "cost", "ns/item"},
    {0},
};

const struct bench_workload workload_chain = {
    "chain", "every item queues the next of its chain", BENCH_NEST | BENCH_POST, cases, growth, run,
};
