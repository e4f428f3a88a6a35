/*
 * usage.c: which workers hardly use a processor, measured over a window that the system's coarse thread times
 * can fill.
 *
 * Only asked when the processors are busy: each answer costs 20 us a worker under Wine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

#define WINDOW_US 60000u /* long enough for six steps of a thread time */
#define WAITING_US                                                                                           \
    3000u /* a worker that used less than this in a window waits; one that computes on a busy machine uses more */

static struct {
    uint64_t since;   /* M: start of the window; 0 = none */
    unsigned waiting; /* M: the last answer */
} usage;

struct sample {
    bool compare; /* there is an earlier look to compare with */
    unsigned waiting;
};

static bool sample_worker(struct wq_worker *worker, void *param)
{
    struct sample *sample = param;
    uint64_t cpu;

    if (!at_load(&worker->joinable)) /* its handle is not filled in yet */
        return false;
    cpu = port_thread_cpu_us(&worker->thread);
    /* One that is not in a routine has just had nothing to do, one that says it waits is counted elsewhere. */
    if (sample->compare && (at_peek(&worker->beat) & 1) && !at_load(&worker->waiting) &&
        cpu - worker->cpu_seen < WAITING_US)
        sample->waiting++;
    worker->cpu_seen = cpu;
    return false;
}

unsigned wq_usage_waiting(uint64_t now)
{
    struct sample sample = {.compare = usage.since != 0};

    if (usage.since && now - usage.since < WINDOW_US)
        return usage.waiting;
    wq_awake_any(sample_worker, &sample);
    usage.since = now;
    usage.waiting = sample.waiting;
    return usage.waiting;
}

void wq_usage_forget(void)
{
    usage.since = 0;
    usage.waiting = 0;
}
