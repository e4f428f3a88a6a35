/*
 * count.c: what the core's counting build calls before every atomic write: who writes which cache line. Threads
 * run on logical processors of the measurement's choosing, as many as it likes, so that what would happen on a
 * large machine shows on a small one. Now and then a thread gives its real processor to others, in the middle of
 * what it does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "count.h"

#include <sched.h>
#include <string.h>

#define LINE_SHIFT 7 /* processors fetch lines in pairs */
#define LINES      (1u << 17)
#define PROBES     64u
#define YIELD_MASK 1023u /* of so many writes one yields */

void wq_count_write(const volatile void *word); /* called by the core, see port/atomic.h */
unsigned wq_count_cpu(void);

static struct line {
    uintptr_t address;
    uint32_t writes[COUNT_PROCESSORS];
} lines[LINES];

static unsigned processors = 1, threads;
static uint64_t lost;              /* writes that found no room in the table */
static _Thread_local unsigned own; /* this thread's logical processor, plus one */
static _Thread_local unsigned writes;

void count_begin(unsigned logical_processors)
{
    processors = logical_processors;
    lost = 0;
    memset(lines, 0, sizeof(lines));
}

void count_on(unsigned processor)
{
    own = processor % processors + 1;
}

unsigned wq_count_cpu(void)
{
    if (!own)
        own = __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED) % processors + 1;
    return own - 1;
}

/* NULL if the table is full. */
static struct line *line_of(uintptr_t address)
{
    unsigned start = (unsigned)((uint64_t)address * 0x9e3779b97f4a7c15u >> 40);

    for (unsigned i = 0; i < PROBES; i++) {
        struct line *line = &lines[(start + i) % LINES];
        uintptr_t seen = __atomic_load_n(&line->address, __ATOMIC_RELAXED);

        if (!seen && __atomic_compare_exchange_n(&line->address, &seen, address, false, __ATOMIC_RELAXED,
                                                 __ATOMIC_RELAXED))
            return line;
        if (seen == address)
            return line;
    }
    return NULL;
}

void wq_count_write(const volatile void *word)
{
    struct line *line = line_of((uintptr_t)word >> LINE_SHIFT);

    if (line)
        __atomic_fetch_add(&line->writes[wq_count_cpu()], 1, __ATOMIC_RELAXED);
    else
        __atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
    if ((++writes & YIELD_MASK) == 0)
        sched_yield();
}

struct count_sums count_end(void)
{
    struct count_sums sums = {.lost = lost};

    for (unsigned i = 0; i < LINES; i++) {
        uint64_t all = 0, most = 0;

        for (unsigned p = 0; p < processors; p++) {
            all += lines[i].writes[p];
            if (most < lines[i].writes[p])
                most = lines[i].writes[p];
        }
        sums.writes += all;
        sums.foreign += all - most;
        if (sums.hottest < all - most)
            sums.hottest = all - most;
    }
    return sums;
}
