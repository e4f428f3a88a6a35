/*
 * pool_growth.h: how many workers may run, judged while something is queued. All of it is the monitor thread's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_GROWTH_H
#define WQ_POOL_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

struct wq_pool;

#define GROWTH_TICK_US 1000u /* between looks */

/* An episode begins when a worker stands still and ends when none does and none is blocked. All M. */
struct growth {
    uint64_t since;      /* when the episode began; 0 = there is none */
    uint64_t cpu;        /* processor time that the process had used then */
    unsigned wakes;      /* rounds in which parked workers were let take others' places */
    unsigned rounds;     /* rounds in which threads were */
    unsigned idle_looks; /* in a row that found still workers and an idle processor */
    uint64_t beats;      /* sum of all beats at the last look */
    uint64_t moved;      /* when that sum last changed */
    unsigned rescuers;   /* workers allowed because nothing finished for long */
    unsigned boost;      /* what was allowed last */
    unsigned believed;   /* workers that may say they wait and have a thread made for that at once */
    bool busy;           /* the processors were found busy since something is queued */
    uint64_t busy_until; /* and count as busy until then */
};

/* Judges how many workers may run. now: port_clock_us(); late: microseconds that this look comes after it was due. Returns the
 * time until the next look, in microseconds. *grow: somebody may have to be woken or started. */
unsigned growth_look(struct wq_pool *pool, uint64_t now, uint64_t late, bool *grow);

/* Nothing is queued: the next look starts afresh. */
void growth_forget(struct wq_pool *pool);

#endif
