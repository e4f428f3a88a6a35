/*
 * flood.c: producers queue empty items as fast as they can. With items=N every measurement queues so many and
 * waits for them; without, as many as the budget needs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#define PRODUCERS 64u

static struct producer {
    struct bench_thread thread;
    uint64_t first, count;
    uint64_t begin, end; /* ticks around the posting */
} producers[PRODUCERS];
static struct bench_event go;

static void BENCH_CALL item(void *param)
{
    bench_ran((uint64_t)(uintptr_t)param);
}

static void produce(void *param)
{
    struct producer *producer = param;

    if (bench_engine->producer_begin)
        bench_engine->producer_begin();
    bench_event_wait(&go, 60000000);
    producer->begin = bench_ticks();
    for (uint64_t i = 0; i < producer->count; i++)
        bench_post(item, producer->first + i);
    producer->end = bench_ticks();
    if (bench_engine->producer_end)
        bench_engine->producer_end();
}

struct pass {
    double took_ns;
    double submit_ns; /* of a producer for one item */
};

static struct pass flood(uint64_t items, unsigned count)
{
    struct pass pass = {0};
    uint64_t end, start = UINT64_MAX, first = 0;

    bench_batch_begin(items);
    bench_event_reset(&go);
    for (unsigned i = 0; i < count; i++) {
        producers[i].first = first;
        producers[i].count = items / count + (i < items % count);
        first += producers[i].count;
        bench_thread_start(&producers[i].thread, produce, &producers[i]);
    }
    bench_sleep_us(2000); /* all of them wait now */
    bench_event_set(&go);
    end = bench_batch_wait();
    for (unsigned i = 0; i < count; i++) {
        bench_thread_join(&producers[i].thread);
        pass.submit_ns += bench_ns(producers[i].end - producers[i].begin);
        if (producers[i].begin < start)
            start = producers[i].begin;
    }
    pass.took_ns = bench_ns(end - start);
    pass.submit_ns /= (double)items;
    return pass;
}

static unsigned fixed_count;

static double fixed(uint64_t items)
{
    return flood(items, fixed_count).took_ns;
}

static void run(void)
{
    unsigned count = (unsigned)bench_param("producers", 1);
    uint64_t items = bench_param("items", 0), next = 2000;
    struct pass pass;

    if (!count || count > PRODUCERS)
        bench_die("1 to %u producers", PRODUCERS);
    if (items) {
        fixed_count = count;
        bench_cost(items, fixed);
        return;
    }
    do {
        items = next;
        pass = flood(items, count);
        next = bench_next(items, pass.took_ns, 20000000);
    } while (next != items);
    bench_result("rate", (double)items / pass.took_ns * 1e3, "M/s");
    bench_result("submit", pass.submit_ns, "ns/item");
    bench_result("threads", bench_batch_threads(), "threads");
}

static const char *const cases[] = {"producers=1", "producers=2", "producers=4", "producers=16", NULL};
static const struct bench_growth growth[] = {
    {"items", "1 10 100 1000 10000 100000 1000000", "", "cost", "ns/item"},
    {"producers", "1 2 4 8 16 32 64", "", "rate", "M/s"},
    {0},
};

const struct bench_workload workload_flood = {
    "flood", "producers queue empty items as fast as they can", 0, cases, growth, run,
};
