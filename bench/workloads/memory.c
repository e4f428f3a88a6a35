/*
 * memory.c: what a thread and what a queued item cost in resident memory. Blockers occupy the pool until it
 * makes no more threads; then nothing that is queued can run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#define BLOCKERS 2000u
#define QUIET_MS 300u /* no new thread for so long: the pool is full */

static struct bench_event go;
static unsigned blocked;

/* Blocks for a parameter of 0, else the item of the index below it. */
static void BENCH_CALL item(void *param)
{
    if (param) {
        bench_ran((uint64_t)(uintptr_t)param - 1);
        return;
    }
    __atomic_fetch_add(&blocked, 1, __ATOMIC_SEQ_CST);
    bench_event_wait(&go, 200000000);
}

/* Returns how many threads are occupied. */
static unsigned fill_pool(void)
{
    unsigned seen = 0, quiet = 0;

    for (unsigned i = 0; i < BLOCKERS; i++)
        bench_post(item, 0);
    while (quiet < QUIET_MS) {
        unsigned now = __atomic_load_n(&blocked, __ATOMIC_SEQ_CST);

        quiet = now == seen ? quiet + 10 : 0;
        seen = now;
        bench_sleep_us(10000);
    }
    return seen;
}

/* Returns how many were queued before time ran out. */
static uint64_t fill_queue(uint64_t items, double limit_ns)
{
    uint64_t start = bench_ticks(), i;

    for (i = 0; i < items; i++) {
        bench_post(item, i + 1);
        if (i % 1024 == 0 && bench_ns(bench_ticks() - start) > limit_ns)
            bench_skip("only %llu items were queued in time", (unsigned long long)i);
    }
    bench_result("submit", bench_ns(bench_ticks() - start) / (double)items, "ns/item");
    return items;
}

static void run(void)
{
    uint64_t items = bench_param("items", 1000000), before, full, start;
    unsigned threads;

    before = bench_resident();
    threads = fill_pool();
    full = bench_resident();
    bench_result("threads", threads, "threads");
    bench_result("per_worker", (double)(full - before) / threads / 1024, "KiB");
    bench_batch_begin(items);
    fill_queue(items, 40e9);
    if (bench_batch_threads())
        bench_die("items ran although all threads were blocked");
    bench_result("per_item", ((double)bench_resident() - (double)full) / (double)items, "bytes");
    start = bench_ticks();
    bench_event_set(&go);
    bench_result("drain", bench_ns(bench_batch_wait() - start) / (double)items, "ns/item");
}

static const char *const cases[] = {"items=1000000", "!items=10000000", NULL};
static const struct bench_growth growth[] = {
    {"items", "10000 100000 1000000", "", "per_item", "bytes"},
    {0},
};

const struct bench_workload workload_memory = {
    "memory", "resident memory per worker and per queued item", BENCH_POST, cases, growth, run,
};
