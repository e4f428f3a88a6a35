/*
 * timer_clock.h: timers that follow the system's clock, in a wheel of their own: timers.by_clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_TIMER_CLOCK_H
#define WQ_TIMER_CLOCK_H

#include <stdint.h>

#include "timer/wheel.h"
#include "wqcore.h"

/* Puts a timer into the wheel of the system's clock. clock_us: microseconds since 1601. Under T. If the ticker would
 * sleep beyond timer_clock_look_us then, it must be woken. */
void timer_arm_clock(struct wheel *wheel, struct wq_timer *timer, uint64_t clock_us);

/* Takes the next timer out that is due by the system's clock. Under T. NULL if there is none. */
struct wq_timer *timer_take_clock(struct wheel *wheel);

/* When to look at the system's clock again; PORT_FOREVER if no timer needs it. Under T. */
uint64_t timer_clock_look_us(const struct wheel *wheel);

#endif
