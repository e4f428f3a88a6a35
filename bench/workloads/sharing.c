/*
 * sharing.c: how often processors would write to the same memory if there were many of them: so many logical
 * processors, each with a producer and a worker, on the few real ones. Counts, not times. Of the core's counting
 * build only, see count.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"
#include "../count.h"

#include <stdio.h>
#include <stdlib.h>

static struct producer {
    struct bench_thread thread;
    unsigned number;
    uint64_t first, count;
} producers[COUNT_PROCESSORS];
static struct bench_event go;

static void BENCH_CALL item(void *param)
{
    bench_ran((uint64_t)(uintptr_t)param);
}

static void produce(void *param)
{
    struct producer *producer = param;

    count_on(producer->number);
    bench_event_wait(&go, 60000000);
    for (uint64_t i = 0; i < producer->count; i++)
        bench_post(item, producer->first + i);
}

static void flood(uint64_t items, unsigned count)
{
    bench_batch_begin(items);
    bench_event_reset(&go);
    for (unsigned i = 0; i < count; i++) {
        producers[i].number = i;
        producers[i].first = items / count * i;
        producers[i].count = items / count;
        bench_thread_start(&producers[i].thread, produce, &producers[i]);
    }
    bench_event_set(&go);
    bench_batch_wait();
    for (unsigned i = 0; i < count; i++)
        bench_thread_join(&producers[i].thread);
}

static void run(void)
{
    unsigned processors = (unsigned)bench_param("processors", 2);
    uint64_t each = (uint64_t)(bench_budget_ns() / 1e4 / processors) + 64, items = each * processors;
    struct count_sums sums;
    char text[16];

    if (processors < 1 || processors > COUNT_PROCESSORS)
        bench_die("1 to %u processors", COUNT_PROCESSORS);
    snprintf(text, sizeof(text), "%u", processors);
    setenv("WQSHIM_PROCESSORS", text, 1);
    count_begin(processors);
    flood(items, processors); /* threads and memory are there */
    count_begin(processors);
    flood(items, processors);
    sums = count_end();
    if (sums.lost)
        bench_die("no room for %llu writes", (unsigned long long)sums.lost);
    bench_result("writes", (double)sums.writes / (double)items, "writes/item");
    bench_result("foreign", (double)sums.foreign / (double)items, "writes/item");
    bench_result("hottest", (double)sums.hottest / (double)items, "writes/item");
}

static const char *const cases[] = {
    "processors=2", "processors=4", "processors=8", "processors=16", "processors=32", "processors=64", NULL};
static const struct bench_growth growth[] = {
    {"processors", "2 4 8 16 32 64", "", "foreign", "writes/item"},
    {"processors", "2 4 8 16 32 64", "", "hottest", "writes/item"},
    {0},
};

const struct bench_workload workload_sharing = {
    "sharing", "writes to shared memory, on logical processors", BENCH_POST, cases, growth, run,
};
