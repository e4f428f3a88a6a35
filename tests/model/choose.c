/*
 * choose.c: the ways to decide.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "choose.h"

#include <string.h>

#include "sched.h"

#define MAX_PATH    200000u
#define MAX_CHANGES 16u
#define DELAY_IN    8u /* random: one of so many stores is delayed */

struct choose_schedule *choose_taken;

static struct choose_settings settings;
static uint64_t random_state;
static uint32_t decision;                      /* number of the next one */
static const struct choose_schedule *replayed; /* CHOOSE_REPLAY */
static uint32_t replay_at;

/* CHOOSE_PRIORITY */
static uint32_t change_at[MAX_CHANGES];
static uint32_t usual_length = 600; /* decisions of the last runs */

/* CHOOSE_BOUNDED: the decisions that could be taken otherwise, in order. */
static struct {
    unsigned char taken, of;
} path[MAX_PATH];
static uint32_t path_length, path_at, deviations;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state >> 11;
}

void choose_set_replay(const struct choose_schedule *schedule)
{
    replayed = schedule;
}

void choose_begin(const struct choose_settings *how, uint64_t run)
{
    settings = *how;
    random_state = (settings.seed + run) * 0x9e3779b97f4a7c15u | 1;
    random_next();
    random_next();
    decision = 0;
    replay_at = 0;
    path_at = 0;
    deviations = 0;
    choose_taken->count = 0;
    for (unsigned i = 0; i < settings.depth && i < MAX_CHANGES; i++)
        change_at[i] = (uint32_t)(1 + random_next() % usual_length);
}

static unsigned choose_random(enum choose_kind kind, unsigned n)
{
    if (kind == CHOOSE_PREEMPT && random_next() % settings.switch_in)
        return 0;
    if (kind == CHOOSE_DELAY && random_next() % DELAY_IN)
        return 0;
    return (unsigned)(random_next() % n);
}

static unsigned choose_by_priority(enum choose_kind kind, const int *threads, unsigned n)
{
    unsigned best = 0;

    if (!threads)
        return choose_random(kind, n);
    for (unsigned i = 0; i < settings.depth && i < MAX_CHANGES; i++)
        if (change_at[i] == decision)
            sched_threads[sched_me].priority = i;
    for (unsigned i = 1; i < n; i++)
        if (sched_threads[threads[i]].priority > sched_threads[threads[best]].priority)
            best = i;
    return best;
}

/* Forced decisions are no deviations from anything; yet they count, or there would be too many schedules. */
static unsigned choose_in_turn(unsigned n)
{
    if (deviations >= settings.depth)
        return 0;
    if (path_at == path_length) {
        if (path_length == MAX_PATH)
            return 0;
        path[path_length].taken = 0;
        path[path_length++].of = (unsigned char)n;
    }
    deviations += path[path_at].taken != 0;
    return path[path_at++].taken;
}

static unsigned choose_replayed(unsigned n)
{
    const struct choose_deviation *next = &replayed->deviations[replay_at];

    if (replay_at >= replayed->count || next->at != decision)
        return 0;
    replay_at++;
    return next->taken < n ? next->taken : 0;
}

static unsigned decide(enum choose_kind kind, const int *threads, unsigned n)
{
    switch (settings.mode) {
    case CHOOSE_RANDOM:
        return choose_random(kind, n);
    case CHOOSE_PRIORITY:
        return choose_by_priority(kind, threads, n);
    case CHOOSE_BOUNDED:
        return choose_in_turn(n);
    default:
        return choose_replayed(n);
    }
}

unsigned choose(enum choose_kind kind, const int *threads, unsigned n)
{
    unsigned taken;

    if (n < 2)
        return 0;
    taken = decide(kind, threads, n);
    if (taken && choose_taken->count < CHOOSE_MAX_DEVIATIONS)
        choose_taken->deviations[choose_taken->count++] = (struct choose_deviation){decision, taken};
    decision++;
    return taken;
}

uint64_t choose_priority(void)
{
    return MAX_CHANGES + random_next() % 1000000;
}

void choose_demote(int thread)
{
    sched_threads[thread].priority = 0;
}

bool choose_end(void)
{
    usual_length = (usual_length * 7 + decision) / 8 + 1;
    if (settings.mode != CHOOSE_BOUNDED)
        return settings.mode != CHOOSE_REPLAY;
    while (path_length && path[path_length - 1].taken + 1 >= path[path_length - 1].of)
        path_length--;
    if (!path_length)
        return false;
    path[path_length - 1].taken++;
    return true;
}
