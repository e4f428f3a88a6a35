/*
 * tpblock.c: submissions of one work object, of many, or simple callbacks, all of which block: how soon all of them have
 * begun, and how many threads the pool makes for that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <windows.h>

#define MOST     1024u
#define LOOK_MS  600u /* "started" is counted then */
#define LIMIT_MS 20000u

static double began_ms[MOST];
static uint64_t start;
static uint32_t begun, ended;
static HANDLE release;

static void block(void)
{
    double now = bench_ns(bench_ticks() - start) / 1e6;

    began_ms[__atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST)] = now;
    WaitForSingleObject(release, 60000);
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

static void CALLBACK work_block(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    block();
}

static void CALLBACK simple_block(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    block();
}

static void submit_all(uint64_t items, uint64_t objects)
{
    PTP_WORK work[MOST];

    for (uint64_t i = 0; i < objects; i++) {
        work[i] = CreateThreadpoolWork(work_block, NULL, NULL);
        if (!work[i])
            bench_die("CreateThreadpoolWork: error %lu", GetLastError());
    }
    start = bench_ticks();
    for (uint64_t i = 0; i < items; i++) {
        if (objects)
            SubmitThreadpoolWork(work[i % objects]);
        else if (!TrySubmitThreadpoolCallback(simple_block, NULL, NULL))
            bench_die("TrySubmitThreadpoolCallback: error %lu", GetLastError());
    }
    for (uint64_t i = 0; i < objects; i++)
        CloseThreadpoolWork(work[i]); /* what is pending still runs */
}

static uint32_t wait_begun(uint64_t items, double limit_ms)
{
    while (__atomic_load_n(&begun, __ATOMIC_SEQ_CST) < items &&
           bench_ns(bench_ticks() - start) < limit_ms * 1e6)
        bench_sleep_us(1000);
    return __atomic_load_n(&begun, __ATOMIC_SEQ_CST);
}

static void run(void)
{
    uint64_t items = bench_param("items", 40), objects = bench_param("objects", 1);
    unsigned threads = bench_thread_count();

    if (!items || items > MOST || objects > items)
        bench_die("1 to %u items and no more objects", MOST);
    bench_served_api = objects ? "SubmitThreadpoolWork" : "TrySubmitThreadpoolCallback";
    bench_ns(0);
    release = CreateEventA(NULL, TRUE, FALSE, NULL);
    submit_all(items, objects);
    bench_result("started", wait_begun(items, LOOK_MS), "callbacks in 0.6 s");
    if (wait_begun(items, LIMIT_MS) == items) {
        bench_result("all", began_ms[items - 1], "ms");
        bench_result("half", began_ms[items / 2], "ms");
        bench_result("beyond", (double)bench_thread_count() - threads - (double)items - bench_processors(),
                     "threads beyond processors and blocked");
    }
    SetEvent(release);
    while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) < items)
        bench_sleep_us(1000);
}

static const char *const cases[] = {"objects=1", "objects=40", "objects=0", NULL};

const struct bench_workload workload_tpblock = {
    "tpblock", "40 modern callbacks that block: when all have begun", BENCH_WIN32, cases, NULL, run,
};
