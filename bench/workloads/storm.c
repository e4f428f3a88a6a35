/*
 * storm.c: many timers that are due within a short time: how late their callbacks are.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <windows.h>

static struct storm_timer {
    HANDLE handle;
    uint64_t due_ticks; /* the tick at which it was asked for */
    uint32_t due_ms;
    double late_ns;
} * timers;

static void CALLBACK expire(void *param, BOOLEAN fired)
{
    struct storm_timer *timer = &timers[(uintptr_t)param];

    (void)fired;
    timer->late_ns = bench_ns(bench_ticks() - timer->due_ticks) - timer->due_ms * 1e6;
    bench_ran((uintptr_t)param);
}

/* All are due in one window, which begins a lead time later. */
static void run(void)
{
    uint64_t count = bench_param("timers", 10000), start;
    uint32_t window = (uint32_t)bench_param("window_ms", 100), lead = (uint32_t)bench_param("lead_ms", 1000);
    double *late = bench_memory(count, sizeof(*late));

    bench_served_api = "CreateTimerQueueTimer";
    timers = bench_memory(count, sizeof(*timers));
    bench_ns(0);
    bench_batch_begin(count);
    start = bench_ticks();
    for (uint64_t i = 0; i < count; i++) {
        uint32_t passed = (uint32_t)(bench_ns(bench_ticks() - start) / 1e6);
        uint32_t due = lead + (uint32_t)(i * 7919 % count * window / count);

        if (passed > lead)
            bench_skip("only %llu timers were created in %u ms", (unsigned long long)i, lead);
        timers[i].due_ms = due > passed ? due - passed : 0;
        timers[i].due_ticks = bench_ticks();
        if (!CreateTimerQueueTimer(&timers[i].handle, NULL, expire, (void *)(uintptr_t)i, timers[i].due_ms, 0,
                                   0))
            bench_die("CreateTimerQueueTimer: error %lu", GetLastError());
    }
    bench_batch_wait();
    for (uint64_t i = 0; i < count; i++)
        late[i] = timers[i].late_ns;
    bench_percentiles("late", late, (size_t)count);
    bench_result("threads", bench_batch_threads(), "threads");
}

static const char *const cases[] = {"timers=10000", NULL};
static const struct bench_growth growth[] = {
    {"timers", "1 10 100 1000 10000 100000", "lead_ms=3000", "late_p50", "us"},
    {0},
};

const struct bench_workload workload_storm = {
    "storm", "lateness of many timers due within 100 ms", BENCH_WIN32, cases, growth, run,
};
