/*
 * wheel.h: the timers of the process by the 16 microseconds in which they expire.
 *
 * A hierarchical wheel: a timer goes into the level of the highest 6-bit group in which its tick differs from
 * the wheel's position, into the slot that this group names. So everything in a lower level is due before
 * everything in a higher one, and within a level slots are due in order: the next timers are found with two
 * bit scans. Adding and removing costs the same whatever is in the wheel. A slot of a higher level is spread
 * over the lower ones when the first of its timers is due, not before, so nobody wakes up for that alone.
 *
 * A wheel has no lock of its own. Ticks are 16 microseconds, of one clock or another.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WHEEL_H
#define WQ_WHEEL_H

#include "wqcore.h"

#define WHEEL_BITS   6
#define WHEEL_SLOTS  64
#define WHEEL_LEVELS 8                  /* 2^48 ticks, or 142 years, after the clock's zero */
#define WHEEL_LAST   ((1ull << 48) - 1) /* the last tick there is */
#define WHEEL_US     16u                /* microseconds in a tick */
#define WHEEL_NEVER  UINT64_MAX

struct wheel_slot {
    struct wq_timer *first;
    struct wq_timer *last;
    uint64_t earliest; /* no timer of the slot is due before this tick */
};

struct wheel {
    uint64_t position; /* all timers of earlier ticks have been taken */
    size_t count;
    uint64_t filled[WHEEL_LEVELS]; /* one bit for each slot that is not empty */
    struct wheel_slot slot[WHEEL_LEVELS][WHEEL_SLOTS];
};

/* The tick in which a timer expires: not before due_us, and of those within its tolerance the one that most others
 * choose. */
uint64_t wheel_tick(uint64_t due_us, uint64_t tolerance_us);

/* Adds a timer that is not in the wheel to expire at tick, or at the next tick that is still to come. now:
 * the present tick. */
void wheel_add(struct wheel *wheel, struct wq_timer *timer, uint64_t tick, uint64_t now);

/* Takes a timer out that is in the wheel. */
void wheel_remove(struct wheel *wheel, struct wq_timer *timer);

/* Takes the next timer out that is due at tick now or before, in the order of ticks; within a tick in the
 * order in which they were added, as far as they were added to the same level. NULL if there is none. */
struct wq_timer *wheel_take(struct wheel *wheel, uint64_t now);

/* The time has gone back to now, before the wheel's position: places all timers anew. Takes time in proportion to
 * their number. */
void wheel_rewind(struct wheel *wheel, uint64_t now);

/* A tick before which none is due: exact, or too early if the earliest of a slot was removed. WHEEL_NEVER
 * if the wheel is empty. */
uint64_t wheel_next(const struct wheel *wheel);

/* When a periodic timer that was due at due_us and expires now is due again: at the first of due_us + n *
 * period_us that is still to come. What was missed is left out, and what is late does not shift the rest. */
static inline uint64_t wheel_next_due(uint64_t due_us, uint64_t period_us, uint64_t now_us)
{
    uint64_t late_us = now_us > due_us ? now_us - due_us : 0;

    return late_us < period_us ? due_us + period_us : now_us - late_us % period_us + period_us;
}

#endif
