/*
 * start.c: from the start of the process, and from main, to the first item.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

static struct bench_event first;
static uint64_t when, age;

static void BENCH_CALL item(void *param)
{
    when = bench_ticks();
    age = bench_age_ns();
    bench_ran((uint64_t)(uintptr_t)param);
    bench_event_set(&first);
}

static void run(void)
{
    uint64_t start = bench_ticks();

    bench_batch_begin(1);
    bench_post(item, 0);
    if (!bench_event_wait(&first, 20000000))
        bench_die("the first item did not run");
    bench_result("first", bench_ns(when - start) / 1e3, "us");
    if (age)
        bench_result("process", (double)age / 1e6, "ms");
}

static const char *const cases[] = {"", NULL};

const struct bench_workload workload_start = {
    "start", "process start, and main, to the first item", BENCH_POST, cases, NULL, run,
};
