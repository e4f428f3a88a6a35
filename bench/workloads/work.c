/*
 * work.c: items with some work in them, queued by one producer: the speed-up over doing the same work on one
 * processor without a pool, and the one that bare threads with nothing to queue reach, which is the machine's limit.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#define PROCESSORS 64u /* at most, for the bare threads */

static uint64_t rounds, items;
static struct bench_event posted;

static void BENCH_CALL item(void *param)
{
    bench_work(rounds);
    bench_ran((uint64_t)(uintptr_t)param);
}

static void produce(void *param)
{
    (void)param;
    if (bench_engine->producer_begin)
        bench_engine->producer_begin();
    bench_event_set(&posted);
    for (uint64_t i = 0; i < items; i++)
        bench_post(item, i);
    if (bench_engine->producer_end)
        bench_engine->producer_end();
}

static double measure(void)
{
    struct bench_thread producer;
    uint64_t start;
    double took;

    bench_batch_begin(items);
    bench_event_reset(&posted);
    start = bench_ticks();
    bench_thread_start(&producer, produce, NULL);
    took = bench_ns(bench_batch_wait() - start);
    bench_thread_join(&producer);
    return took;
}

/* The quickest of some runs without a pool. */
static double alone(void)
{
    double best = 1e18;

    for (int i = 0; i < 50; i++) {
        uint64_t start = bench_ticks();
        double took;

        for (int k = 0; k < 20; k++)
            bench_work(rounds);
        took = bench_ns(bench_ticks() - start) / 20;
        if (took < best)
            best = took;
    }
    return best;
}

static void share(void *param)
{
    uint64_t count = items / bench_processors();

    (void)param;
    for (uint64_t i = 0; i < count; i++)
        bench_work(rounds);
}

/* As many bare threads as there are processors. */
static double bare(void)
{
    struct bench_thread threads[PROCESSORS];
    unsigned count = bench_processors();
    uint64_t start = bench_ticks();

    for (unsigned i = 0; i < count; i++)
        bench_thread_start(&threads[i], share, NULL);
    for (unsigned i = 0; i < count; i++)
        bench_thread_join(&threads[i]);
    return bench_ns(bench_ticks() - start);
}

static void run(void)
{
    double each, took;
    uint64_t next = 1000;

    rounds = bench_work_rounds((double)bench_param("work_us", 1) * 1e3);
    each = alone();
    do {
        items = next;
        took = measure();
        next = bench_next(items, took, 5000000);
    } while (next != items);
    bench_result("speedup", each * (double)items / took, "x one processor");
    bench_result("threads", bench_batch_threads(), "threads");
    if (bench_processors() <= PROCESSORS)
        bench_result("bare", each * (double)items / bare(), "x one processor");
}

static const char *const cases[] = {"work_us=1", "work_us=10", "work_us=100", NULL};
static const struct bench_growth growth[] = {
    {"work_us", "1 2 5 10 20 50 100 200 500 1000", "", "speedup", "x one processor"},
    {0},
};

const struct bench_workload workload_work = {
    "work", "items with some work: speed-up over one processor", 0, cases, growth, run,
};
