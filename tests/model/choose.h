/*
 * choose.h: who decides: chance, priorities, all possibilities in turn, or a schedule that was written down.
 *
 * Each decision is between n possibilities. The first is what a plain scheduler would do; another one is a deviation. A schedule
 * is the list of its deviations, so it is short, can be run again, and can be shrunk by leaving some out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef CHOOSE_H
#define CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

enum choose_mode {
    CHOOSE_RANDOM,
    CHOOSE_PRIORITY, /* PCT: the thread with the highest priority runs, and priorities drop at a few random places */
    CHOOSE_BOUNDED, /* all schedules with at most so many deviations */
    CHOOSE_REPLAY
};

enum choose_kind {
    CHOOSE_PREEMPT, /* between the thread that runs (first) and others that could */
    CHOOSE_NEXT,    /* between those that could run, as the present one can't */
    CHOOSE_DELAY,   /* how long a store stays in the thread's store buffer */
    CHOOSE_TIME     /* how long the scenario sleeps */
};

#define CHOOSE_MAX_DEVIATIONS 100000u

struct choose_deviation {
    uint32_t at;    /* number of the decision */
    uint32_t taken; /* which possibility, from 1 */
};

struct choose_schedule {
    uint32_t count;
    struct choose_deviation deviations[CHOOSE_MAX_DEVIATIONS];
};

struct choose_settings {
    enum choose_mode mode;
    uint64_t seed;
    unsigned depth;     /* priority changes; bounded: most deviations */
    unsigned switch_in; /* random: one of so many places preempts */
};

extern struct choose_schedule *choose_taken; /* what the present run has decided so far */

void choose_begin(const struct choose_settings *settings, uint64_t run);

/* threads: the possibilities' numbers; NULL where they are not threads. */
unsigned choose(enum choose_kind kind, const int *threads, unsigned n);

/* A new thread's priority, for CHOOSE_PRIORITY. */
uint64_t choose_priority(void);

/* The thread spins: others go first. */
void choose_demote(int thread);

/* The run is over. Returns false if there is no other schedule to be run. */
bool choose_end(void);

/* What CHOOSE_REPLAY runs. */
void choose_set_replay(const struct choose_schedule *schedule);

#endif
