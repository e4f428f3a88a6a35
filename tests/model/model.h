/*
 * model.h: what scenarios of the model scheduler use.
 *
 * A scenario is a small program over the core. The scheduler runs it again and again, each time with another schedule: one thread
 * runs at a time, and every atomic operation, lock, park, wake-up, clock read and thread start is a place where another one
 * may go on. Time is virtual: it passes when nobody can run. So a lost wake-up is no delay but a deadline that passes while
 * everybody sleeps, and it is found on the spot.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "wqcore.h"

/* How the core is set up for a scenario. */
struct model_scenario {
    const char *name;
    void (*run)(void); /* called as the first thread; the core is shut down and looked at when it returns */
    unsigned
        idle_us;  /* a parked worker retires after so many microseconds; 0 = not while the scenario runs */
    bool monitor; /* false: the monitor never wakes, so nobody mends what was lost */
};

extern const struct model_scenario model_scenarios[];

/* Ends this run as a failure, with the schedule that led to it. */
_Noreturn void model_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define MODEL_CHECK(cond, fmt, ...)                                                                          \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            model_fail(__FILE__, __LINE__, "%s: " fmt, #cond, ##__VA_ARGS__);                                \
    } while (0)

/* Starts a thread of the scenario; model_join waits for its end. */
int model_spawn(void (*fn)(void *param), void *param);
void model_join(int thread);

/* A counter that threads wait for. Adding to it is atomic. */
struct model_tally {
    unsigned count;
};

void model_add(struct model_tally *tally, unsigned n);

/* Adds one, as a routine whose parameter is the tally. */
void WQ_CALL model_count(void *tally);

/* Waits until the tally is at least count; fails if that takes more than limit_us: all others sleep by then. */
#define model_await(tally, count, limit_us) model_await_(tally, count, limit_us, __FILE__, __LINE__)
void model_await_(struct model_tally *tally, unsigned count, uint64_t limit_us, const char *file, int line);

/* Another thread may go on here. */
void model_point(void);

/* Sleeps for 0, half of or all of most_us microseconds: the schedule decides. */
void model_sleep(unsigned most_us);

/* Auto-reset events, for waits of the core. */
void *model_event_new(void);
void model_event_signal(void *event);
bool model_event_is_set(void *event);
void model_event_free(void *event);

#endif
