/*
 * tpflood.c: producers submit callbacks of the modern thread pool as fast as they can: one work object all the time,
 * many by turns, or, with simple=1, TrySubmitThreadpoolCallback. With swollen=N the pool has run N callbacks before that
 * blocked, and has the threads of these. "of_quwi" is the rate as a part of QueueUserWorkItem's, measured the same way in
 * the same process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <windows.h>

#define PRODUCERS 16u
#define OBJECTS   1024u

struct api {
    void (*submit)(uint64_t index);
    uint64_t (*wait)(void); /* returns the ticks when the last callback had run */
};

static struct producer {
    struct bench_thread thread;
    const struct api *api;
    uint64_t first, count;
    uint64_t begin, end; /* ticks around the submitting */
} producers[PRODUCERS];
static struct bench_event go;

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

static void work_submit(uint64_t index)
{
    SubmitThreadpoolWork(objects[index % object_count]);
}

static uint64_t work_wait(void)
{
    uint64_t end, ran = 0;

    for (unsigned i = 0; i < bench_param("producers", 1); i++)
        bench_thread_join(&producers[i].thread);
    for (uint64_t i = 0; i < object_count; i++)
        WaitForThreadpoolWorkCallbacks(objects[i], FALSE);
    end = bench_ticks();
    for (uint32_t i = 0; i < slot_count; i++)
        ran += __atomic_load_n(&slots[i]->pad[0], __ATOMIC_ACQUIRE);
    if (ran != submitted)
        bench_die("%llu callbacks, %llu submissions", (unsigned long long)ran, (unsigned long long)submitted);
    return end;
}

static const struct api work_api = {work_submit, work_wait};

/* ---- simple callbacks and, to compare, the legacy pool ---- */

static void CALLBACK simple_item(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    bench_ran((uintptr_t)context);
}

static void simple_submit(uint64_t index)
{
    if (!TrySubmitThreadpoolCallback(simple_item, (void *)(uintptr_t)index, NULL))
        bench_die("TrySubmitThreadpoolCallback: error %lu", GetLastError());
}

static DWORD WINAPI legacy_item(void *context)
{
    bench_ran((uintptr_t)context);
    return 0;
}

static void legacy_submit(uint64_t index)
{
    if (!QueueUserWorkItem(legacy_item, (void *)(uintptr_t)index, WT_EXECUTEDEFAULT))
        bench_die("QueueUserWorkItem: error %lu", GetLastError());
}

static uint64_t batch_wait(void)
{
    uint64_t end = bench_batch_wait();

    for (unsigned i = 0; i < bench_param("producers", 1); i++)
        bench_thread_join(&producers[i].thread);
    return end;
}

static const struct api simple_api = {simple_submit, batch_wait};
static const struct api legacy_api = {legacy_submit, batch_wait};

/* ---- the flood ---- */

static void produce(void *param)
{
    struct producer *producer = param;

    bench_event_wait(&go, 60000000);
    producer->begin = bench_ticks();
    for (uint64_t i = 0; i < producer->count; i++)
        producer->api->submit(producer->first + i);
    producer->end = bench_ticks();
}

struct pass {
    double took_ns;
    double submit_ns; /* of a producer for one item */
};

static struct pass flood(const struct api *api, uint64_t items, unsigned count)
{
    struct pass pass = {0};
    uint64_t end, start = UINT64_MAX, first = 0;

    bench_batch_begin(api == &work_api ? 0 : items);
    submitted += api == &work_api ? items : 0;
    bench_event_reset(&go);
    for (unsigned i = 0; i < count; i++) {
        producers[i].api = api;
        producers[i].first = first;
        producers[i].count = items / count + (i < items % count);
        first += producers[i].count;
        bench_thread_start(&producers[i].thread, produce, &producers[i]);
    }
    bench_sleep_us(2000); /* all of them wait now */
    bench_event_set(&go);
    end = api->wait();
    for (unsigned i = 0; i < count; i++) {
        pass.submit_ns += bench_ns(producers[i].end - producers[i].begin);
        if (producers[i].begin < start)
            start = producers[i].begin;
    }
    pass.took_ns = bench_ns(end - start);
    pass.submit_ns /= (double)items;
    return pass;
}

/* Returns M/s. */
static double rate(const struct api *api, unsigned count, double *submit_ns)
{
    uint64_t items, next = 2000;
    struct pass pass;

    do {
        items = next;
        pass = flood(api, items, count);
        next = bench_next(items, pass.took_ns, 20000000);
    } while (next != items);
    *submit_ns = pass.submit_ns;
    return (double)items / pass.took_ns * 1e3;
}

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
    const struct api *api = bench_param("simple", 0) ? &simple_api : &work_api;
    double submit_ns, ignored, modern;

    object_count = bench_param("objects", 1);
    if (!count || count > PRODUCERS || !object_count || object_count > OBJECTS)
        bench_die("1 to %u producers, 1 to %u objects", PRODUCERS, OBJECTS);
    bench_served_api = api == &work_api ? "SubmitThreadpoolWork" : "TrySubmitThreadpoolCallback";
    for (uint64_t i = 0; i < object_count; i++) {
        objects[i] = CreateThreadpoolWork(work_item, NULL, NULL);
        if (!objects[i])
            bench_die("CreateThreadpoolWork: error %lu", GetLastError());
    }
    swell(bench_param("swollen", 0));
    modern = rate(api, count, &submit_ns);
    bench_result("rate", modern, "M/s");
    bench_result("submit", submit_ns, "ns/item");
    bench_result("threads", bench_thread_count(), "threads");
    bench_result("of_quwi", modern / rate(&legacy_api, count, &ignored), "times");
    for (uint64_t i = 0; i < object_count; i++)
        CloseThreadpoolWork(objects[i]);
}

static const char *const cases[] = {
    "objects=1", "objects=1 producers=2", "objects=1 swollen=300", "objects=100", "objects=100 producers=2",
    "simple=1",  "simple=1 producers=2",  "simple=1 swollen=300",  NULL};

const struct bench_workload workload_tpflood = {
    "tpflood", "submissions of modern work objects, or of simple callbacks", BENCH_WIN32, cases, NULL, run,
};
