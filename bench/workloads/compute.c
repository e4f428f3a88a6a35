/*
 * compute.c: a burst of callbacks that compute: the pool shall not make many more threads than there are
 * processors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

static uint64_t rounds;
static unsigned inside, peak;

static void BENCH_CALL item(void *param)
{
    unsigned now = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST),
             most = __atomic_load_n(&peak, __ATOMIC_RELAXED);

    while (now > most &&
           !__atomic_compare_exchange_n(&peak, &most, now, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {}
    bench_work(rounds);
    __atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
    bench_ran((uint64_t)(uintptr_t)param);
}

static void run(void)
{
    uint64_t items = bench_param("items", 32), start;
    double each = (double)bench_param("work_ms", 20) * 1e6, took;

    rounds = bench_work_rounds(each);
    bench_batch_begin(items);
    start = bench_ticks();
    for (uint64_t i = 0; i < items; i++)
        bench_post(item, i);
    took = bench_ns(bench_batch_wait() - start);
    bench_result("peak", peak, "callbacks at a time");
    bench_result("threads", bench_batch_threads(), "threads");
    bench_result("beyond", peak - (double)bench_processors(), "threads beyond processors");
    bench_result("makespan", took / (each * (double)items / bench_processors()), "x ideal");
}

static const char *const cases[] = {"items=32", NULL};
static const struct bench_growth growth[] = {
    {"items", "1 2 4 8 16 32 64 128", "", "makespan", "x ideal"},
    {0},
};

const struct bench_workload workload_compute = {
    "compute", "a burst of callbacks that compute for 20 ms", BENCH_POST, cases, growth, run,
};
