/*
 * pingpong.c: how long a queued item takes to start, and back to the waiting main thread, one at a time. The
 * main thread blocks meanwhile; gap_us lets it sleep between items, so that the pool has gone to sleep too;
 * load=1 keeps every processor busy with short items of the same pool. "bare" is the same without a pool: how long a
 * thread takes to start that waits for nothing but the next item.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#define WARM    100u
#define MOST    200000u
#define LOAD_NS 20000.0
#define LOST_US 20000000u

static struct bench_event back;
static uint64_t started;

static bool load_stop;
static uint64_t load_rounds;
static unsigned load_left;
static uint64_t load_done; /* items of it that ran */

/* The item that is measured, or, with a parameter, load. */
static void BENCH_CALL item(void *param)
{
    if (!param) {
        started = bench_ticks();
        bench_event_set(&back);
        return;
    }
    bench_work(load_rounds);
    __atomic_fetch_add(&load_done, 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&load_stop, __ATOMIC_RELAXED))
        __atomic_fetch_sub(&load_left, 1, __ATOMIC_RELEASE);
    else
        bench_post(item, 1);
}

static void load_begin(void)
{
    load_rounds = bench_work_rounds(LOAD_NS);
    load_left = bench_processors();
    for (unsigned i = bench_processors(); i > 0; i--)
        bench_post(item, 1);
}

static void load_end(void)
{
    __atomic_store_n(&load_stop, true, __ATOMIC_RELAXED);
    while (__atomic_load_n(&load_left, __ATOMIC_ACQUIRE))
        bench_sleep_us(1000);
}

static void send_item(void)
{
    bench_post(item, 0);
}

static struct bench_event told; /* the bare thread */
static bool bare_stop;

static void bare(void *param)
{
    bool stop = false;

    (void)param;
    while (!stop) {
        if (!bench_event_wait(&told, LOST_US))
            bench_die("the bare thread was not told");
        bench_event_reset(&told);
        started = bench_ticks();
        stop = __atomic_load_n(&bare_stop, __ATOMIC_RELAXED); /* before main can ask for it once more */
        bench_event_set(&back);
    }
}

static void send_bare(void)
{
    bench_event_set(&told);
}

/* One item; times are left in ticks. */
static void one(void (*send)(void), uint64_t gap, uint64_t *start_ticks, uint64_t *round_ticks)
{
    uint64_t begin;

    if (gap)
        bench_sleep_us((uint32_t)gap);
    bench_event_reset(&back);
    begin = bench_ticks();
    send();
    if (!bench_event_wait(&back, LOST_US))
        bench_die("an item did not start within %u s", LOST_US / 1000000);
    *round_ticks = bench_ticks() - begin;
    *start_ticks = started - begin;
}

static double start_ns[MOST], round_ns[MOST];

/* Returns how many items there were. */
static size_t measure(void (*send)(void), uint64_t gap, double budget)
{
    uint64_t ticks, round, begin;
    size_t count = 0;

    for (unsigned i = 0; i < WARM; i++)
        one(send, 0, &ticks, &round);
    begin = bench_ticks();
    while (count < MOST && bench_ns(bench_ticks() - begin) < budget) {
        one(send, gap, &ticks, &round);
        start_ns[count] = bench_ns(ticks);
        round_ns[count++] = bench_ns(round);
    }
    return count;
}

static void measure_bare(uint64_t gap, double budget)
{
    uint64_t ticks, round;
    struct bench_thread thread;

    bench_thread_start(&thread, bare, NULL);
    bench_percentiles("bare", start_ns, measure(send_bare, gap, budget));
    __atomic_store_n(&bare_stop, true, __ATOMIC_RELAXED);
    one(send_bare, 0, &ticks, &round);
    bench_thread_join(&thread);
}

static void run(void)
{
    uint64_t gap = bench_param("gap_us", 0), load = bench_param("load", 0), begin, done;
    double budget = bench_budget_ns() * (gap ? 10 : 5), took;
    size_t count;

    if (load)
        load_begin();
    done = __atomic_load_n(&load_done, __ATOMIC_RELAXED);
    begin = bench_ticks();
    count = measure(send_item, gap, budget);
    took = bench_ns(bench_ticks() - begin);
    done = __atomic_load_n(&load_done, __ATOMIC_RELAXED) - done;
    if (load) {
        bench_result("load", (double)done * LOAD_NS / bench_processors() / took, "of capacity");
        load_end();
    }
    bench_percentiles("start", start_ns, count);
    bench_percentiles("round", round_ns, count);
    bench_result("samples", (double)count, "items");
    if (!load)
        measure_bare(gap, budget);
}

static const char *const cases[] = {"gap_us=0",        "gap_us=200",         "gap_us=2000",
                                    "gap_us=0 load=1", "gap_us=2000 load=1", NULL};
static const struct bench_growth growth[] = {
    {"gap_us", "1 10 100 1000 10000", "", "start_p50", "us"},
    {0},
};

const struct bench_workload workload_pingpong = {
    "pingpong", "one item at a time: queue to start, and back", BENCH_NEST | BENCH_POST, cases, growth, run,
};
