/*
 * linger.h: leaving a line of memory alone for a moment.
 *
 * A consumer that keeps up with its producer costs it a transfer of a cache line for each item. Left alone for two
 * microseconds the producer is several times as fast, and the consumer then takes many items at once. That pays
 * only if much comes meanwhile; if not, it is tried ever more rarely, because then it is latency that counts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_LINGER_H
#define WQ_LINGER_H

#include "port/port.h"

#define LINGER_TICKS 5000u /* about 2 us */
#define LINGER_PAYS  4u    /* items that must have come meanwhile */
#define LINGER_MISS  1023u /* occasions at most that are let pass */

struct linger {
    uint32_t skip; /* A: occasions until the next try; who writes both at a time may lose an update */
    uint32_t miss; /* A: how many those will be when it does not pay the next time */
};

/* True if it is to be tried now. */
static inline bool linger_due(struct linger *linger)
{
    uint32_t skip = at_peek(&linger->skip);

    if (skip)
        at_put(&linger->skip, skip - 1);
    return !skip;
}

/* Waits until LINGER_TICKS have passed since port_ticks() was `since`. */
static inline void linger_wait(uint64_t since)
{
    while (port_ticks() - since < LINGER_TICKS)
        port_relax();
}

/* Tells that so many items came meanwhile. */
static inline void linger_judge(struct linger *linger, unsigned items)
{
    uint32_t miss = at_peek(&linger->miss);

    if (items >= LINGER_PAYS)
        miss = 0;
    else if (miss < LINGER_MISS)
        miss = 2 * miss + 1;
    at_put(&linger->miss, miss);
    at_put(&linger->skip, miss);
}

#endif
