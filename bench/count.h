/*
 * count.h: counting writes to shared memory on logical processors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#define COUNT_PROCESSORS 64u

struct count_sums {
    uint64_t writes;  /* by atomic operations of the core */
    uint64_t foreign; /* of those, to a line that another processor writes more often */
    uint64_t hottest; /* most foreign writes to one line */
    uint64_t lost;    /* writes that were not counted for want of room */
};

/* Starts counting, with 1 to 64 logical processors. Nobody may be writing. */
void count_begin(unsigned logical_processors);

/* The calling thread runs on that logical processor; others take the next one each when they first write. */
void count_on(unsigned processor);

struct count_sums count_end(void);

#endif
