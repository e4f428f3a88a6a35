/*
 * flood.c: producers queue empty items as fast as they can. With items=N every measurement queues so many and
 * waits for them; without, as many as the budget needs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../producers.h"

static void BENCH_CALL item(void *param)
{
    bench_ran((uint64_t)(uintptr_t)param);
}

static void produce(uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        bench_post(item, first + i);
}

static const struct bench_flood flood = {bench_batch_begin, produce, bench_batch_wait};

static unsigned fixed_count;

static double fixed(uint64_t items)
{
    return bench_flood(&flood, items, fixed_count).took_ns;
}

static void run(void)
{
    unsigned count = (unsigned)bench_param("producers", 1);
    uint64_t items = bench_param("items", 0);
    double rate, submit_ns;

    if (!count || count > BENCH_PRODUCERS)
        bench_die("1 to %u producers", BENCH_PRODUCERS);
    if (items) {
        fixed_count = count;
        bench_cost(items, fixed);
        return;
    }
    rate = bench_flood_rate(&flood, count, &submit_ns);
    bench_result("rate", rate, "M/s");
    bench_result("submit", submit_ns, "ns/item");
    bench_result("threads", bench_batch_threads(), "threads");
}

static const char *const cases[] = {"producers=1", "producers=2", "producers=4", "producers=16", NULL};
static const struct bench_growth growth[] = {
    {"items", "1 10 100 1000 10000 100000 1000000", "", "cost", "ns/item"},
    {"producers", "1 2 4 8 16 32 64", "", "rate", "M/s"},
    {0},
};

const struct bench_workload workload_flood = {
    "flood", "producers queue empty items as fast as they can", 0, cases, growth, run,
};
