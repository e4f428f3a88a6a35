/*
 * timer_clock.c: timers that are due when the system's clock shows a certain time.
 *
 * They have a wheel of their own, by that clock, so if somebody sets it forward all that has become due is found, and
 * nothing expires early. Setting it back is noticed, too, because the wheel is ahead then: all is placed anew.
 * The ticker sleeps by the monotonic clock and looks once a second at least.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timer/timer_clock.h"

#include "timer/timer.h"

#define LOOK_US              1000000u /* the clock may be set: when to look at it again */
#define FROM_1601_TO_1970_US 11644473600000000u

/* Microseconds since 1970, where the wheel's ticks begin, so that they last until 2112. */
static uint64_t from_1970(uint64_t clock_us)
{
    return clock_us > FROM_1601_TO_1970_US ? clock_us - FROM_1601_TO_1970_US : 0;
}

/* The clock's tick now, at which the wheel is or to which it comes. Under T. */
static uint64_t look(struct wheel *wheel)
{
    uint64_t now = timer_tick(from_1970(port_system_us()));

    if (now < wheel->position)
        wheel_rewind(wheel, now);
    return now;
}

void timer_arm_clock(struct wheel *wheel, struct wq_timer *timer, uint64_t clock_us)
{
    uint64_t now = look(wheel);

    timer->armed = true;
    timer->by_clock = true;
    wheel_add(wheel, timer, wheel_tick(from_1970(clock_us), timer->tolerance_us), now);
}

struct wq_timer *timer_take_clock(struct wheel *wheel)
{
    struct wq_timer *timer = wheel->count ? wheel_take(wheel, look(wheel)) : NULL;

    if (timer)
        timer->due_us = port_clock_us(); /* where its period begins */
    return timer;
}

uint64_t timer_clock_look_us(const struct wheel *wheel)
{
    uint64_t due, now, left;

    if (!wheel->count)
        return PORT_FOREVER;
    due = wheel_next(wheel) * WHEEL_US;
    now = from_1970(port_system_us());
    left = due > now ? due - now : 0;
    return port_clock_us() + 1 + (left < LOOK_US ? left : LOOK_US);
}
