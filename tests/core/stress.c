/*
 * stress.c: what the core's stress build calls before every atomic operation: now and then it lets other
 * threads run or falls asleep, so that the windows between two operations are hit.
 *
 * WQ_STRESS_MONITOR=0 keeps the monitor asleep. WQ_STRESS_SEED sets the seed; threads number themselves, so
 * runs with the same seed are alike but not equal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

void wq_stress_point(void);
bool wq_stress_no_monitor(void);

static uint64_t next_state(void)
{
    static uint64_t threads;
    const char *seed = getenv("WQ_STRESS_SEED");
    uint64_t number = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);

    return (number + (seed ? strtoull(seed, NULL, 10) : 1) * 1000003) * 0x9e3779b97f4a7c15u | 1;
}

void wq_stress_point(void)
{
    static _Thread_local uint64_t state;

    if (!state)
        state = next_state();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    if (state >> 32 & 0xfff) {
        if (!(state >> 48 & 0x7f))
            sched_yield();
    } else {
        struct timespec moment = {0, (long)(state >> 44) / 8};

        nanosleep(&moment, NULL);
    }
}

bool wq_stress_no_monitor(void)
{
    static int off; /* 0 = not read yet */

    if (!__atomic_load_n(&off, __ATOMIC_RELAXED)) {
        const char *value = getenv("WQ_STRESS_MONITOR");

        __atomic_store_n(&off, value && *value == '0' ? 1 : 2, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&off, __ATOMIC_RELAXED) == 1;
}
