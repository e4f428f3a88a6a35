/*
 * burst.c: a burst of callbacks that sleep: how soon the pool has a thread for each. Cold is the first burst
 * of the process, warm the next one. "bare" is what starting one thread takes without a pool, until it is started and
 * until it runs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#define BARE 50u /* threads, one after the other */

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

static struct bench_event runs;
static uint64_t ran_at;

static void bare(void *param)
{
    (void)param;
    ran_at = bench_ticks();
    bench_event_set(&runs);
}

static void measure_bare(void)
{
    double start_ns[BARE], run_ns[BARE];

    for (unsigned i = 0; i < BARE; i++) {
        uint64_t begin = bench_ticks();
        struct bench_thread thread;

        bench_event_reset(&runs);
        bench_thread_start(&thread, bare, NULL);
        start_ns[i] = bench_ns(bench_ticks() - begin);
        if (!bench_event_wait(&runs, 20000000))
            bench_die("a thread did not start");
        run_ns[i] = bench_ns(ran_at - begin);
        bench_thread_join(&thread);
    }
    bench_percentiles("bare_start", start_ns, BARE);
    bench_percentiles("bare_run", run_ns, BARE);
}

static void run(void)
{
    uint64_t items = bench_param("items", 64);

    sleep_us = (uint32_t)bench_param("sleep_ms", 20) * 1000;
    burst(items, "cold", "cold_submit", "cold_threads");
    bench_sleep_us(30000);
    burst(items, "warm", "warm_submit", "warm_threads");
    measure_bare();
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
