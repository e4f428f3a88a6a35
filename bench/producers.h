/*
 * producers.h: floods: several producers submit items at once, and it is measured how long until the last has run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCH_PRODUCERS_H
#define BENCH_PRODUCERS_H

#include "bench.h"

#define BENCH_PRODUCERS 64u

struct bench_flood {
    void (*begin)(uint64_t items);                   /* before the producers start */
    void (*produce)(uint64_t first, uint64_t count); /* on each producer's thread: submits its items */
    uint64_t (*wait)(void);                          /* returns the ticks when the last item had run */
};

struct bench_pass {
    double took_ns;   /* from the first submission until all have run */
    double submit_ns; /* of a producer for one item */
};

/* Lets count producers (1 to BENCH_PRODUCERS) submit so many items. */
struct bench_pass bench_flood(const struct bench_flood *flood, uint64_t items, unsigned count);

/* Likewise, as many items as the budget needs. Returns M/s. */
double bench_flood_rate(const struct bench_flood *flood, unsigned count, double *submit_ns);

/* Waits until the producers have submitted everything. For wait, where it must not begin before. */
void bench_producers_join(void);

#endif
