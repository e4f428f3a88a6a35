/*
 * pool_usage.c: which workers hardly use a processor, measured over a window that the system's coarse thread times
 * can fill.
 *
 * Only asked when the processors are busy: each answer costs 20 us a worker under Wine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_usage.h"

#include "pool/pool_idle.h"

#define WINDOW_US      60000u  /* long enough for six steps of a thread time */
#define WINDOW_MOST_US 600000u /* on a machine that others keep busy */
#define WINDOW_DELAYS  16u     /* a window is as long as so many waits for a processor */
#define WAITING_US                                                                                           \
    3000u /* a worker that used less than this in a window waits; one that computes on a busy machine uses more */

#define WAIT_EACH_US 200u /* one that gets more routines done than one in so long does not wait in each */

struct sample {
    bool compare;     /* there is an earlier look to compare with */
    uint64_t elapsed; /* since then */
    unsigned waiting;
    unsigned computing; /* inside a routine and not waiting */
};

/* A worker that was there at the last look, too, has used hardly any processor time since: because it
 * waits, not because it had nothing to do, which shows by where it is and how many routines it got done. */
static bool waits(const struct worker *worker, const struct sample *sample, uint64_t cpu, uint64_t beat)
{
    return cpu - worker->cpu_seen < WAITING_US &&
           (beat - worker->cpu_beat) / 2 <= sample->elapsed / WAIT_EACH_US;
}

/* Counts a worker that is inside a routine and was there at the last look. One that says it waits is counted elsewhere. */
static void compare(const struct worker *worker, struct sample *sample, uint64_t cpu, uint64_t beat)
{
    if (!sample->compare || worker->cpu_look + 1 != worker->pool->usage.look || !(beat & 1) ||
        at_load(&worker->waiting))
        return;
    if (waits(worker, sample, cpu, beat))
        sample->waiting++;
    else
        sample->computing++;
}

static bool sample_worker(struct worker *worker, void *param)
{
    struct sample *sample = param;
    uint64_t cpu, beat;

    if (!at_load(&worker->joinable)) /* its handle is not filled in yet */
        return false;
    cpu = port_thread_cpu_us(&worker->thread);
    beat = at_peek(&worker->beat);
    compare(worker, sample, cpu, beat);
    worker->cpu_seen = cpu;
    worker->cpu_beat = beat;
    worker->cpu_look = worker->pool->usage.look;
    return false;
}

unsigned usage_waiting(struct wq_pool *pool, uint64_t now)
{
    struct usage *usage = &pool->usage;
    struct sample sample = {.compare = usage->since != 0, .elapsed = now - usage->since};

    if (usage->since && now - usage->since < (usage->window > WINDOW_US ? usage->window : WINDOW_US))
        return usage->waiting;
    usage->look++;
    awake_any(pool, sample_worker, &sample);
    usage->since = now;
    usage->window /= 2; /* a busy machine stays so for a while */
    usage->waiting = sample.waiting;
    usage->computing = sample.computing;
    return usage->waiting;
}

void usage_delayed(struct wq_pool *pool, uint64_t delay)
{
    struct usage *usage = &pool->usage;
    uint64_t window = delay * WINDOW_DELAYS;

    if (window > WINDOW_MOST_US)
        window = WINDOW_MOST_US;
    if (window > WINDOW_US && window > usage->window)
        usage->window = window;
}

void usage_forget(struct wq_pool *pool)
{
    struct usage *usage = &pool->usage;

    usage->since = 0;
    usage->window = 0;
    usage->waiting = 0;
    usage->computing = 0;
}
