/*
 * tppending.c: submissions of a work object that wait behind a callback that blocks, on a private pool of one thread: what a submission
 * costs, also in memory, and how fast they run when they may. With simple=1 for TrySubmitThreadpoolCallback.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <windows.h>

static struct bench_event begun, release, done;
static uint64_t ran, target;

static void CALLBACK block(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    bench_event_set(&begun);
    bench_event_wait(&release, 120000000);
}

static void count(void)
{
    if (++ran == target) /* there is one thread */
        bench_event_set(&done);
}

static void CALLBACK work_item(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    count();
}

static void CALLBACK simple_item(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    count();
}

static PTP_WORK work;
static TP_CALLBACK_ENVIRON env;

static void submit(uint64_t items, bool simple)
{
    for (uint64_t i = 0; i < items; i++) {
        if (!simple)
            SubmitThreadpoolWork(work);
        else if (!TrySubmitThreadpoolCallback(simple_item, NULL, &env))
            bench_die("TrySubmitThreadpoolCallback: error %lu", GetLastError());
    }
}

static void run(void)
{
    bool simple = bench_param("simple", 0);
    PTP_POOL pool = CreateThreadpool(NULL);
    uint64_t start, before;

    bench_served_api = simple ? "TrySubmitThreadpoolCallback" : "SubmitThreadpoolWork";
    target = bench_param("items", 1000000);
    bench_ns(0);
    SetThreadpoolThreadMaximum(pool, 1);
    env = (TP_CALLBACK_ENVIRON){.Version = 1, .Pool = pool};
    work = CreateThreadpoolWork(work_item, NULL, &env);
    if (!work || !TrySubmitThreadpoolCallback(block, NULL, &env))
        bench_die("no work object: error %lu", GetLastError());
    if (!bench_event_wait(&begun, 20000000))
        bench_die("the blocking callback does not run");
    before = bench_resident();
    start = bench_ticks();
    submit(target, simple);
    bench_result("submit", bench_ns(bench_ticks() - start) / (double)target, "ns/item");
    bench_result("per_item", ((double)bench_resident() - (double)before) / (double)target, "bytes");
    start = bench_ticks();
    bench_event_set(&release);
    if (!bench_event_wait(&done, 100000000))
        bench_die("%llu of %llu callbacks ran", (unsigned long long)ran, (unsigned long long)target);
    bench_result("drain", bench_ns(bench_ticks() - start) / (double)target, "ns/item");
    CloseThreadpoolWork(work);
    CloseThreadpool(pool);
}

static const char *const cases[] = {"items=1000000", "items=1000000 simple=1", NULL};

const struct bench_workload workload_tppending = {
    "tppending", "modern submissions behind a callback that blocks", BENCH_WIN32, cases, NULL, run,
};
