/*
 * periodic.c: how punctual periodic timers are, whether they drift, and what they cost.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <windows.h>

#define MOST 10000u /* samples */

static double *late_ns; /* of the first timer */
static uint64_t begin;
static double period_ns;
static unsigned ticked; /* callbacks of a timer may overlap */
static unsigned others; /* ticks of all other timers */

static void CALLBACK tick(void *param, BOOLEAN fired)
{
    double now = bench_ns(bench_ticks() - begin);
    unsigned n;

    (void)fired;
    if (param) {
        __atomic_fetch_add(&others, 1, __ATOMIC_RELAXED);
        return;
    }
    n = __atomic_fetch_add(&ticked, 1, __ATOMIC_SEQ_CST);
    if (n < MOST)
        late_ns[n] = now - (n + 1) * period_ns;
}

/* A line through first and last quarter: what the lateness gains per second. */
static double drift(unsigned count)
{
    double early = 0, late = 0;
    unsigned quarter = count / 4;

    for (unsigned i = 0; i < quarter; i++) {
        early += late_ns[i];
        late += late_ns[count - 1 - i];
    }
    return (late - early) / quarter / ((count - quarter) * period_ns / 1e9);
}

static HANDLE *timers;

/* The first one is the one that is looked at. */
static void create(uint64_t count, uint32_t period)
{
    begin = bench_ticks();
    for (uint64_t i = 0; i < count; i++) {
        if (!CreateTimerQueueTimer(&timers[i], NULL, tick, (void *)(uintptr_t)i, period, period, 0))
            bench_die("CreateTimerQueueTimer: error %lu", GetLastError());
    }
}

static void delete (uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!DeleteTimerQueueTimer(NULL, timers[i], INVALID_HANDLE_VALUE))
            bench_die("DeleteTimerQueueTimer: error %lu", GetLastError());
    }
}

static void run(void)
{
    uint32_t period = (uint32_t)bench_param("period_ms", 10);
    uint32_t window = (uint32_t)(bench_budget_ns() / 1e3 * 10);
    uint64_t number = bench_param("timers", 1), cpu, all;
    unsigned count;

    bench_served_api = "CreateTimerQueueTimer";
    late_ns = bench_memory(MOST, sizeof(*late_ns));
    timers = bench_memory(number, sizeof(*timers));
    period_ns = period * 1e6;
    bench_ns(0); /* calibrates */
    cpu = bench_cpu_us();
    create(number, period);
    bench_sleep_us(window);
    cpu = bench_cpu_us() - cpu;
    all = (uint64_t)__atomic_load_n(&ticked, __ATOMIC_RELAXED) + __atomic_load_n(&others, __ATOMIC_RELAXED);
    delete (number);
    count = ticked < MOST ? ticked : MOST;
    if (count < 8 && number > 1)
        bench_skip("too many: %u ticks of one in %u ms", count, window / 1000);
    if (count < 8)
        bench_die("%u ticks in %u ms", count, window / 1000);
    bench_result("ticks", (double)all / (double)number / (window / 1e3 / period), "of ideal");
    bench_result("drift", drift(count) / 1e3, "us/s");
    bench_percentiles("late", late_ns, count);
    bench_result("cpu", (double)cpu * 100 / window, "% of one processor");
}

static const char *const cases[] = {"period_ms=1", "period_ms=10", "period_ms=50", NULL};
static const struct bench_growth growth[] = {
    {"timers", "1 10 100 1000 10000", "", "late_p99", "us"},
    {"timers", "1 10 100 1000 10000", "", "cpu", "% of one processor"},
    {0},
};

const struct bench_workload workload_periodic = {
    "periodic", "lateness, drift and cost of a periodic timer", BENCH_WIN32, cases, growth, run,
};
