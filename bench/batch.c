/*
 * batch.c: counts what ran without disturbing it, and proves that every item ran exactly once.
 *
 * Each thread counts in its own slot. The main thread blocks until one of the last items by index finds all
 * slots add up; where items run out of order, none of these may be the last, so the main thread looks itself
 * every now and then.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bench.h"

#define SLOTS      16384u
#define LOOK_US    1000u
#define DEADLINE_S 60u

static struct bench_slot slots[SLOTS] __attribute__((aligned(128)));
static uint32_t slot_count;
struct bench_batch bench_batch;

struct bench_slot *bench_slot_new(void)
{
    uint32_t index = __atomic_fetch_add(&slot_count, 1, __ATOMIC_SEQ_CST);

    if (index >= SLOTS)
        bench_die("more than %u threads ran items", SLOTS);
    bench_slot_set(&slots[index]);
    return &slots[index];
}

uint64_t bench_ran_altogether(void)
{
    uint32_t count = __atomic_load_n(&slot_count, __ATOMIC_SEQ_CST);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count && i < SLOTS; i++)
        sum += __atomic_load_n(&slots[i].count, __ATOMIC_ACQUIRE);
    return sum;
}

/* Each item has counted itself before it comes here, and whoever comes later sees what those before it did.
 */
void bench_tail(void)
{
    __atomic_fetch_add(&bench_batch.looks, 1, __ATOMIC_ACQ_REL);
    if (bench_ran_altogether() != __atomic_load_n(&bench_batch.target, __ATOMIC_RELAXED))
        return;
    __atomic_store_n(&bench_batch.end, bench_ticks(), __ATOMIC_RELAXED);
    bench_event_set(&bench_batch.done);
}

/* Modulo 2^64, as the sums are, so the divisions come before the products overflow. */
static uint64_t sum_below(uint64_t n)
{
    return n & 1 ? n * ((n - 1) / 2) : n / 2 * (n - 1);
}

static uint64_t squares_below(uint64_t n)
{
    uint64_t factor[3] = {n, n - 1, 2 * n - 1};

    if (!n)
        return 0;
    factor[n & 1] /= 2; /* n or n - 1 is even */
    for (int i = 0; i < 3; i++) {
        if (factor[i] % 3 == 0) {
            factor[i] /= 3;
            break;
        }
    }
    return factor[0] * factor[1] * factor[2];
}

static void check_sums(void)
{
    uint64_t count = bench_ran_altogether(), sum = 0, squares = 0;

    for (uint32_t i = 0; i < slot_count && i < SLOTS; i++) {
        sum += slots[i].sum;
        squares += slots[i].squares;
    }
    if (count != bench_batch.target || sum != bench_batch.expect_sum || squares != bench_batch.expect_squares)
        bench_die("%llu items ran, %llu were queued; index sums %s", (unsigned long long)count,
                  (unsigned long long)bench_batch.target,
                  sum == bench_batch.expect_sum && squares == bench_batch.expect_squares ? "agree"
                                                                                         : "differ");
}

void bench_batch_begin(uint64_t items)
{
    check_sums(); /* nothing of the last batch ran late */
    for (uint32_t i = 0; i < slot_count && i < SLOTS; i++) {
        slots[i].base = slots[i].count;
        slots[i].stamp = 0;
    }
    bench_event_reset(&bench_batch.done);
    __atomic_store_n(&bench_batch.tail, items > BENCH_TAIL ? items - BENCH_TAIL : 0, __ATOMIC_RELAXED);
    __atomic_store_n(&bench_batch.target, bench_batch.target + items, __ATOMIC_RELAXED);
    bench_batch.expect_sum += sum_below(items);
    bench_batch.expect_squares += squares_below(items);
}

/* As near as is known without being told. */
static uint64_t end_seen(void)
{
    uint64_t end = 0;

    for (uint32_t i = 0; i < slot_count && i < SLOTS; i++) {
        uint64_t stamp = __atomic_load_n(&slots[i].stamp, __ATOMIC_RELAXED);

        if (stamp > end)
            end = stamp;
    }
    return end ? end : bench_ticks();
}

/* Of the last items more than one may find everything done, and the later one may say so when the next batch
 * has begun: what counts is what the slots say. */
uint64_t bench_batch_wait(void)
{
    uint64_t start = bench_clock_ns(), deadline = bench_param("deadline", DEADLINE_S) * 1000000000u;
    uint64_t end;
    bool told;

    for (;;) {
        told = bench_event_wait(&bench_batch.done, LOOK_US);
        if (bench_ran_altogether() >= bench_batch.target)
            break;
        if (told)
            bench_event_reset(&bench_batch.done);
        if (bench_clock_ns() - start > deadline)
            bench_die("%llu items did not run in time",
                      (unsigned long long)(bench_batch.target - bench_ran_altogether()));
    }
    end = told ? __atomic_load_n(&bench_batch.end, __ATOMIC_RELAXED) : end_seen();
    check_sums();
    return end;
}

unsigned bench_batch_threads(void)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < slot_count && i < SLOTS; i++)
        n += slots[i].count != slots[i].base;
    return n;
}
