/*
 * inversion.c: what happens to somebody who depends on an item far back in the queue.
 *
 * As many items as there are processors wait for one that is queued behind others with work in them: a pool
 * that doesn't replace blocked threads never gets there. Then, where there are priorities, how long a high
 * item waits behind low ones.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#define WORK_NS 10000.0
#define WAIT_US 30000000u

static uint64_t rounds;
static struct bench_event resolved, high;
static uint64_t when_resolved, when_high;

static void BENCH_CALL waiter(void *param)
{
    if (!bench_event_wait(&resolved, WAIT_US))
        bench_die("blocked callbacks were not replaced for %u s", WAIT_US / 1000000);
    bench_ran((uint64_t)(uintptr_t)param);
}

static void BENCH_CALL resolver(void *param)
{
    when_resolved = bench_ticks();
    bench_event_set(&resolved);
    bench_ran((uint64_t)(uintptr_t)param);
}

static void BENCH_CALL worker(void *param)
{
    bench_work(rounds);
    bench_ran((uint64_t)(uintptr_t)param);
}

static void BENCH_CALL high_item(void *param)
{
    when_high = bench_ticks();
    bench_event_set(&high);
    bench_ran((uint64_t)(uintptr_t)param);
}

static void dependency(uint64_t depth)
{
    unsigned waiters = bench_processors();
    uint64_t start, index = 0;

    bench_batch_begin(waiters + depth + 1);
    start = bench_ticks();
    while (index < waiters)
        bench_post(waiter, index++);
    while (index < waiters + depth)
        bench_post(worker, index++);
    bench_post(resolver, index);
    bench_batch_wait();
    bench_result("waited", bench_ns(when_resolved - start) / 1e6, "ms");
    bench_result("resolved", bench_ns(when_resolved - start) / (WORK_NS * (double)depth / bench_processors()),
                 "x ideal");
}

static void priority(uint64_t depth)
{
    struct bench_node *nodes = bench_memory(depth + 1, sizeof(*nodes));
    uint64_t start;

    bench_batch_begin(depth + 1);
    for (uint64_t i = 0; i < depth; i++)
        bench_engine->level_post(0, &nodes[i], worker, (void *)(uintptr_t)i);
    start = bench_ticks();
    bench_engine->level_post(2, &nodes[depth], high_item, (void *)(uintptr_t)depth);
    bench_event_wait(&high, WAIT_US);
    bench_batch_wait();
    bench_result("high_start", bench_ns(when_high - start) / 1e3, "us");
}

static void run(void)
{
    uint64_t depth = bench_param("depth", 10000);

    rounds = bench_work_rounds(WORK_NS);
    dependency(depth);
    if (bench_engine->traits & BENCH_LEVELS)
        priority(depth);
}

static const char *const cases[] = {"depth=10000", NULL};
static const struct bench_growth growth[] = {
    {"depth", "1 10 100 1000 10000 100000", "", "waited", "ms"},
    {0},
};

const struct bench_workload workload_inversion = {
    "inversion",
    "callbacks wait for an item that is queued behind many of 10 us",
    BENCH_GROWS | BENCH_POST,
    cases,
    growth,
    run,
};
