/*
 * tpflood.c: producers submit callbacks of the modern thread pool as fast as they can: one work object all the time,
 * many by turns, or, with simple=1, TrySubmitThreadpoolCallback. With swollen=N the pool has run N callbacks before that
 * blocked, and has the threads of these. "of_quwi" is the rate as a part of QueueUserWorkItem's, measured the same way in
 * the same process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../producers.h"
#include "../served.h"

#include <windows.h>

#define PRODUCERS 16u
#define OBJECTS   1024u

/* ---- work objects: their callbacks have no index, so each thread counts how many it ran ---- */

static PTP_WORK objects[OBJECTS];
static uint64_t object_count;
static struct bench_slot *slots[4096];
static uint32_t slot_count;
static uint64_t submitted;

static struct bench_slot *slot_first(void)
{
    struct bench_slot *slot = bench_slot_get();

    if (!slot)
        slot = bench_slot_new();
    if (!slot->pad[0]) {
        uint32_t number = __atomic_fetch_add(&slot_count, 1, __ATOMIC_SEQ_CST);

        if (number >= sizeof(slots) / sizeof(slots[0]))
            bench_die("too many threads");
        slots[number] = slot;
    }
    return slot;
}

static void CALLBACK work_item(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    struct bench_slot *slot = bench_slot_get();

    (void)instance;
    (void)context;
    (void)work;
    if (__builtin_expect(!slot || !slot->pad[0], 0))
        slot = slot_first();
    __atomic_store_n(&slot->pad[0], slot->pad[0] + 1, __ATOMIC_RELEASE);
}

static void work_begin(uint64_t items)
{
    bench_batch_begin(0);
    submitted += items;
}

static void work_produce(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        SubmitThreadpoolWork(objects[i % object_count]);
}

static uint64_t work_wait(void)
{
    uint64_t end, ran = 0;

    bench_producers_join();
    for (uint64_t i = 0; i < object_count; i++)
        WaitForThreadpoolWorkCallbacks(objects[i], FALSE);
    end = bench_ticks();
    for (uint32_t i = 0; i < slot_count; i++)
        ran += __atomic_load_n(&slots[i]->pad[0], __ATOMIC_ACQUIRE);
    if (ran != submitted)
        bench_die("%llu callbacks, %llu submissions", (unsigned long long)ran, (unsigned long long)submitted);
    return end;
}

static const struct bench_flood work_flood = {work_begin, work_produce, work_wait};

/* ---- simple callbacks and, to compare, the legacy pool ---- */

static void CALLBACK simple_item(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    bench_ran((uintptr_t)context);
}

static void simple_produce(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        if (!TrySubmitThreadpoolCallback(simple_item, (void *)(uintptr_t)i, NULL))
            bench_die("TrySubmitThreadpoolCallback: error %lu", GetLastError());
}

static DWORD WINAPI legacy_item(void *context)
{
    bench_ran((uintptr_t)context);
    return 0;
}

static void legacy_produce(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        if (!QueueUserWorkItem(legacy_item, (void *)(uintptr_t)i, WT_EXECUTEDEFAULT))
            bench_die("QueueUserWorkItem: error %lu", GetLastError());
}

static const struct bench_flood simple_flood = {bench_batch_begin, simple_produce, bench_batch_wait};
static const struct bench_flood legacy_flood = {bench_batch_begin, legacy_produce, bench_batch_wait};

/* ---- a pool with many threads ---- */

static struct bench_event release;
static uint32_t inside;

static void CALLBACK block(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    __atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
    bench_event_wait(&release, 60000000);
    __atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
}

static void swell(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!TrySubmitThreadpoolCallback(block, NULL, NULL))
            bench_die("TrySubmitThreadpoolCallback: error %lu", GetLastError());
    }
    for (unsigned ms = 0; __atomic_load_n(&inside, __ATOMIC_SEQ_CST) < count; ms += 10) {
        if (ms > 30000)
            bench_die("%u of %llu callbacks run", inside, (unsigned long long)count);
        bench_sleep_us(10000);
    }
    bench_event_set(&release);
    while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST))
        bench_sleep_us(1000);
}

static void run(void)
{
    unsigned count = (unsigned)bench_param("producers", 1);
    const struct bench_flood *flood = bench_param("simple", 0) ? &simple_flood : &work_flood;
    double submit_ns, ignored, modern;

    object_count = bench_param("objects", 1);
    if (!count || count > PRODUCERS || !object_count || object_count > OBJECTS)
        bench_die("1 to %u producers, 1 to %u objects", PRODUCERS, OBJECTS);
    bench_served_api = flood == &work_flood ? "SubmitThreadpoolWork" : "TrySubmitThreadpoolCallback";
    for (uint64_t i = 0; i < object_count; i++) {
        objects[i] = CreateThreadpoolWork(work_item, NULL, NULL);
        if (!objects[i])
            bench_die("CreateThreadpoolWork: error %lu", GetLastError());
    }
    swell(bench_param("swollen", 0));
    modern = bench_flood_rate(flood, count, &submit_ns);
    bench_result("rate", modern, "M/s");
    bench_result("submit", submit_ns, "ns/item");
    bench_result("threads", bench_thread_count(), "threads");
    bench_result("of_quwi", modern / bench_flood_rate(&legacy_flood, count, &ignored), "times");
    for (uint64_t i = 0; i < object_count; i++)
        CloseThreadpoolWork(objects[i]);
}

static const char *const cases[] = {
    "objects=1", "objects=1 producers=2", "objects=1 swollen=300", "objects=100", "objects=100 producers=2",
    "simple=1",  "simple=1 producers=2",  "simple=1 swollen=300",  NULL};

const struct bench_workload workload_tpflood = {
    "tpflood", "submissions of modern work objects, or of simple callbacks", BENCH_WIN32, cases, NULL, run,
};
