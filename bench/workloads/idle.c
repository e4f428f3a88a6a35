/*
 * idle.c: what a pool costs that has nothing to do any more.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

static void BENCH_CALL item(void *param)
{
    bench_ran((uint64_t)(uintptr_t)param);
}

static void run(void)
{
    uint32_t window = (uint32_t)(bench_budget_ns() / 1e3 * 10);
    uint64_t before;

    bench_batch_begin(10000);
    for (uint64_t i = 0; i < 10000; i++)
        bench_post(item, i);
    bench_batch_wait();
    bench_sleep_us(200000);
    before = bench_cpu_us();
    bench_sleep_us(window);
    bench_result("cpu", (double)(bench_cpu_us() - before) * 100 / window, "% of one processor");
    bench_result("threads", bench_thread_count(), "threads");
}

static const char *const cases[] = {"", NULL};

const struct bench_workload workload_idle = {
    "idle", "processor time after 10 000 items", BENCH_POST, cases, NULL, run,
};
