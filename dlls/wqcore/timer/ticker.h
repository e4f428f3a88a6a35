/*
 * ticker.h: the timer thread, and the end of the timers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_TICKER_H
#define WQ_TICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "wqcore.h"

/* Makes sure that there is a timer thread. Without T. */
void ticker_provide(void);

/* To be called when a timer was added to the wheel, under T. Returns true if ticker_wake must be called once
 * the lock is dropped. */
bool ticker_late(uint64_t tick);

/* Likewise, if the thread is to wake up at us, port_clock_us time. */
bool ticker_late_us(uint64_t us);
void ticker_wake(void);

/* Queues an expired timer to be called by the timer thread. Under T. Returns as ticker_late. */
bool ticker_append(struct wq_timer *timer);

/* Ends the timer thread and forgets all timers. What routines set until timers_reset is not armed, but
 * what is due at once is still queued. */
void timers_stop(void);
void timers_reset(void);

/* Fills in the timers' counters. */
void timers_count(struct wq_counters *counters);

#endif
