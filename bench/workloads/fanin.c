/*
 * fanin.c: fork and join inside the pool. A parent queues its children; the last of them to finish queues the
 * next parent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

static uint64_t rounds, width;
static uint64_t left __attribute__((aligned(128)));

static void BENCH_CALL item(void *param);

static void child(uint64_t index)
{
    uint64_t round = index / (width + 1);

    if (!__atomic_sub_fetch(&left, 1, __ATOMIC_ACQ_REL) && round + 1 < rounds)
        bench_post(item, (round + 1) * (width + 1));
    bench_ran(index); /* last: after it the next batch may begin */
}

static void parent(uint64_t index)
{
    __atomic_store_n(&left, width, __ATOMIC_RELEASE);
    for (uint64_t i = 1; i <= width; i++)
        bench_post(item, index + i);
    bench_ran(index);
}

static void BENCH_CALL item(void *param)
{
    uint64_t index = (uint64_t)(uintptr_t)param;

    if (index % (width + 1))
        child(index);
    else
        parent(index);
}

static double measure(uint64_t count)
{
    uint64_t start;

    rounds = count;
    bench_batch_begin(count * (width + 1));
    start = bench_ticks();
    bench_post(item, 0);
    return bench_ns(bench_batch_wait() - start);
}

static void run(void)
{
    uint64_t count, next;
    double took;

    width = bench_param("width", 64);
    next = 6500 / (width + 1) + 1;
    do {
        count = next;
        took = measure(count);
        next = bench_next(count, took, 200000);
    } while (next != count);
    bench_result("rate", (double)(count * (width + 1)) / took * 1e3, "M/s");
    bench_result("threads", bench_batch_threads(), "threads");
}

static const char *const cases[] = {"width=64", NULL};
static const struct bench_growth growth[] = {
    {"width", "1 10 100 1000 10000 100000", "", "rate", "M/s"},
    {0},
};

const struct bench_workload workload_fanin = {
    "fanin", "fork and join: the last child queues the next parent", BENCH_NEST | BENCH_POST, cases, growth,
    run,
};
