/*
 * producers.c: the threads of floods.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "producers.h"

static struct producer {
    struct bench_thread thread;
    const struct bench_flood *flood;
    uint64_t first, count;
    uint64_t begin, end; /* ticks around the submitting */
} producers[BENCH_PRODUCERS];
static unsigned running; /* not joined */
static struct bench_event go;

static void produce(void *param)
{
    struct producer *producer = param;

    if (bench_engine->producer_begin)
        bench_engine->producer_begin();
    bench_event_wait(&go, 60000000);
    producer->begin = bench_ticks();
    producer->flood->produce(producer->first, producer->count);
    producer->end = bench_ticks();
    if (bench_engine->producer_end)
        bench_engine->producer_end();
}

void bench_producers_join(void)
{
    while (running)
        bench_thread_join(&producers[--running].thread);
}

struct bench_pass bench_flood(const struct bench_flood *flood, uint64_t items, unsigned count)
{
    struct bench_pass pass = {0};
    uint64_t end, start = UINT64_MAX, first = 0;

    flood->begin(items);
    bench_event_reset(&go);
    for (; running < count; running++) {
        struct producer *producer = &producers[running];

        producer->flood = flood;
        producer->first = first;
        producer->count = items / count + (running < items % count);
        first += producer->count;
        bench_thread_start(&producer->thread, produce, producer);
    }
    bench_sleep_us(2000); /* all of them wait now */
    bench_event_set(&go);
    end = flood->wait();
    bench_producers_join();
    for (unsigned i = 0; i < count; i++) {
        pass.submit_ns += bench_ns(producers[i].end - producers[i].begin);
        if (producers[i].begin < start)
            start = producers[i].begin;
    }
    pass.took_ns = bench_ns(end - start);
    pass.submit_ns /= (double)items;
    return pass;
}

double bench_flood_rate(const struct bench_flood *flood, unsigned count, double *submit_ns)
{
    uint64_t items, next = 2000;
    struct bench_pass pass;

    do {
        items = next;
        pass = bench_flood(flood, items, count);
        next = bench_next(items, pass.took_ns, 20000000);
    } while (next != items);
    *submit_ns = pass.submit_ns;
    return (double)items / pass.took_ns * 1e3;
}
