/*
 * pool_usage.h: who hardly uses a processor. All of it is the monitor thread's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_USAGE_H
#define WQ_POOL_USAGE_H

#include <stdint.h>

struct wq_pool;

/* All M. */
struct usage {
    uint64_t look;      /* number of looks */
    uint64_t since;     /* start of the window; 0 = none */
    uint64_t window;    /* its length, if that is more than the shortest */
    unsigned waiting;   /* the last answer */
    unsigned computing; /* workers that did use one, inside a routine */
};

/* How many workers hardly used a processor lately. Looks anew when a window has passed, else repeats itself. now:
 * port_clock_us(). */
unsigned usage_waiting(struct wq_pool *pool, uint64_t now);

/* The monitor had to wait for a processor for delay microseconds: so do others, and it takes longer to tell who does not want
 * one. */
void usage_delayed(struct wq_pool *pool, uint64_t delay);

/* The next look starts afresh. */
void usage_forget(struct wq_pool *pool);

#endif
