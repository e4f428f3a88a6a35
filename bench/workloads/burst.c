/*
 * burst.c: a burst of callbacks that sleep: how soon the pool has a thread for each. Cold is the first burst
 * of the process, warm the next one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

static uint32_t sleep_us;

static void BENCH_CALL item(void *param)
{
    bench_sleep_us(sleep_us);
    bench_ran((uint64_t)(uintptr_t)param);
}

static void burst(uint64_t items, const char *makespan, const char *submit, const char *threads)
{
    uint64_t start, posted, end;

    bench_batch_begin(items);
    start = bench_ticks();
    for (uint64_t i = 0; i < items; i++)
        bench_post(item, i);
    posted = bench_ticks();
    end = bench_batch_wait();
    bench_result(makespan, bench_ns(end - start) / 1e6, "ms");
    bench_result(submit, bench_ns(posted - start) / 1e3, "us");
    bench_result(threads, bench_batch_threads(), "threads");
}

static void run(void)
{
    uint64_t items = bench_param("items", 64);

    sleep_us = (uint32_t)bench_param("sleep_ms", 20) * 1000;
    burst(items, "cold", "cold_submit", "cold_threads");
    bench_sleep_us(30000);
    burst(items, "warm", "warm_submit", "warm_threads");
}

static const char *const cases[] = {"items=64", "items=256", NULL};
static const struct bench_growth growth[] = {
    {"items", "1 4 16 64 256 1024", "", "cold", "ms"},
    {"items", "1 4 16 64 256 1024", "", "warm", "ms"},
    {0},
};

const struct bench_workload workload_burst = {
    "burst", "a burst of callbacks that sleep for 20 ms", BENCH_GROWS | BENCH_POST, cases, growth, run,
};
