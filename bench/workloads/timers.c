/*
 * timers.c: what creating, changing and deleting one timer costs while many live. All are due at the same far
 * time, or, with spread=1, each at its own within an hour.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <windows.h>

#define SAMPLE  1000u
#define DUE_MS  7200000u
#define LIMIT_S 40

static HANDLE *timers;
static bool spread;
static uint32_t random = 12345;

static void CALLBACK never(void *param, BOOLEAN fired)
{
    (void)param;
    (void)fired;
    bench_die("a timer expired early");
}

static uint32_t due(void)
{
    random = random * 1664525u + 1013904223u;
    return spread ? DUE_MS + (random >> 8) % 3600000u : DUE_MS;
}

static void create(uint64_t i)
{
    if (!CreateTimerQueueTimer(&timers[i], NULL, never, NULL, due(), 0, 0))
        bench_die("CreateTimerQueueTimer: error %lu", GetLastError());
}

static void change(uint64_t i)
{
    if (!ChangeTimerQueueTimer(NULL, timers[i], due(), 0))
        bench_die("ChangeTimerQueueTimer: error %lu", GetLastError());
}

static void delete (uint64_t i)
{
    if (!DeleteTimerQueueTimer(NULL, timers[i], NULL) && GetLastError() != ERROR_IO_PENDING)
        bench_die("DeleteTimerQueueTimer: error %lu", GetLastError());
}

/* Time of one operation on SAMPLE timers of those from first on, step apart. */
static double sample(void (*operation)(uint64_t i), uint64_t first, uint64_t step)
{
    uint64_t start = bench_ticks();

    for (uint64_t i = 0; i < SAMPLE; i++)
        operation(first + i * step);
    return bench_ns(bench_ticks() - start) / SAMPLE;
}

static void run(void)
{
    uint64_t live = bench_param("live", 1000), start, step = live / SAMPLE ? live / SAMPLE : 1;
    double created, deleted;

    bench_served_api = "CreateTimerQueueTimer";
    spread = bench_param("spread", 0);
    bench_ns(0); /* calibrates: not while timers are made */
    timers = bench_memory(live + SAMPLE * step, sizeof(*timers));
    start = bench_ticks();
    for (uint64_t i = 0; i < live; i++) {
        create(i);
        if (i % 256 == 0 && bench_ns(bench_ticks() - start) > LIMIT_S * 1e9)
            bench_skip("only %llu timers were created in %d s", (unsigned long long)i, LIMIT_S);
    }
    bench_result("fill", bench_ns(bench_ticks() - start) / (double)live, "ns/timer");
    created = sample(create, live, 1);
    bench_result("create", created, "ns/timer");
    if (live >= SAMPLE)
        bench_result("change", sample(change, 0, step), "ns/timer");
    deleted = sample(delete, live, 1);
    bench_result("delete", deleted, "ns/timer");
    bench_result("pair", created + deleted, "ns/timer");
    start = bench_ticks();
    for (uint64_t i = 0; i < live; i++)
        delete (i);
    bench_result("clear", bench_ns(bench_ticks() - start) / (double)live, "ns/timer");
    bench_result("threads", bench_thread_count(), "threads");
}

static const char *const cases[] = {"live=1000", "live=10000", "!live=100000", "live=10000 spread=1", NULL};
static const struct bench_growth growth[] = {
    {"live", "1 10 100 1000 10000 100000 1000000", "", "create", "ns/timer"},
    {"live", "1 10 100 1000 10000 100000 1000000", "", "delete", "ns/timer"},
    {0},
};

const struct bench_workload workload_timers = {
    "timers", "create, change, delete one of many timers", BENCH_WIN32, cases, growth, run,
};
