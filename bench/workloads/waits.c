/*
 * waits.c: many registered waits: what registering, firing and unregistering one costs, how soon its callback
 * runs and what the threads behind it take. "bare" is what one question to Wine's server about each object costs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <windows.h>

#define SINGLES 300u

static struct wait {
    HANDLE event, handle;
} * waits;
static struct bench_event fired_one;
static uint64_t fired_at;

static void CALLBACK fired(void *param, BOOLEAN timeout)
{
    fired_at = bench_ticks();
    if (timeout)
        bench_die("a wait without timeout timed out");
    bench_ran((uintptr_t)param);
    bench_event_set(&fired_one);
}

static double make(uint64_t count)
{
    uint64_t start;

    for (uint64_t i = 0; i < count; i++) {
        waits[i].event = CreateEventA(NULL, FALSE, FALSE, NULL);
        if (!waits[i].event)
            bench_die("CreateEvent: error %lu", GetLastError());
    }
    start = bench_ticks();
    for (uint64_t i = 0; i < count; i++) {
        if (!RegisterWaitForSingleObject(&waits[i].handle, waits[i].event, fired, (void *)(uintptr_t)i,
                                         INFINITE, WT_EXECUTEONLYONCE))
            bench_die("RegisterWaitForSingleObject: error %lu", GetLastError());
    }
    return bench_ns(bench_ticks() - start) / (double)count;
}

/* One at a time, spread over all threads. Returns how many. */
static uint64_t fire_singly(uint64_t count)
{
    double ns[SINGLES];
    uint64_t n = count < SINGLES ? count : SINGLES;

    for (uint64_t i = 0; i < n; i++) {
        uint64_t start;

        bench_event_reset(&fired_one);
        start = bench_ticks();
        SetEvent(waits[i * (count / n)].event);
        if (!bench_event_wait(&fired_one, 20000000))
            bench_die("a signalled wait did not fire");
        ns[i] = bench_ns(fired_at - start);
    }
    bench_percentiles("fire", ns, (size_t)n);
    return n;
}

static double unregister(uint64_t count)
{
    uint64_t start = bench_ticks();

    for (uint64_t i = 0; i < count; i++) {
        if (!UnregisterWait(waits[i].handle) && GetLastError() != ERROR_IO_PENDING)
            bench_die("UnregisterWait: error %lu", GetLastError());
    }
    return bench_ns(bench_ticks() - start) / (double)count;
}

static double ask(uint64_t count)
{
    uint64_t start = bench_ticks();
    DWORD flags;

    for (uint64_t i = 0; i < count; i++) {
        if (!GetHandleInformation(waits[i].event, &flags))
            bench_die("GetHandleInformation: error %lu", GetLastError());
    }
    return bench_ns(bench_ticks() - start) / (double)count;
}

static void run(void)
{
    uint64_t count = bench_param("waits", 1000), memory, start, n, step;
    unsigned threads;

    bench_served_api = "RegisterWaitForSingleObject";
    waits = bench_memory(count, sizeof(*waits));
    memory = bench_resident();
    threads = bench_thread_count();
    bench_result("register", make(count), "ns/wait");
    bench_sleep_us(100000); /* all threads have begun to wait */
    threads = bench_thread_count() - threads;
    bench_result("threads", threads, "threads");
    if (threads)
        bench_result("per_thread", (double)(bench_resident() - memory) / threads / 1024, "KiB");
    bench_batch_begin(count);
    n = fire_singly(count);
    step = count / n;
    start = bench_ticks();
    for (uint64_t i = 0; i < count; i++) {
        if (i % step || i / step >= n)
            SetEvent(waits[i].event);
    }
    if (count > n)
        bench_result("fire_all", bench_ns(bench_batch_wait() - start) / (double)(count - n), "ns/wait");
    else
        bench_batch_wait();
    bench_result("unregister", unregister(count), "ns/wait");
    make(count); /* and unregistering what has not fired */
    bench_result("unregister_live", unregister(count), "ns/wait");
    bench_result("bare", ask(count), "ns/call");
}

static const char *const cases[] = {"waits=1000", "waits=10000", NULL};
static const struct bench_growth growth[] = {
    {"waits", "1 10 100 1000 10000", "", "register", "ns/wait"},
    {"waits", "1 10 100 1000 10000", "", "unregister_live", "ns/wait"},
    {0},
};

const struct bench_workload workload_waits = {
    "waits", "register, fire, unregister many waits", BENCH_WIN32, cases, growth, run,
};
