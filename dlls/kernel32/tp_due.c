/*
 * tp_due.c: due times as callers give them: FILETIMEs, relative to now if they are negative.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

#define LONGEST_US                                                                                           \
    (100ull * 366 * 24 * 3600 * 1000000) /* the core takes so much, and it is as good as never */

void tp_due_read(const FILETIME *time, struct tp_due *due)
{
    uint64_t units; /* of 100 ns; read by halves, for a FILETIME need not be aligned to 8 */

    *due = (struct tp_due){.us = WQ_NEVER};
    if (!time)
        return;
    units = (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
    due->now = !units;
    due->clock = (int64_t)units > 0;
    if (!due->clock)
        units = 0 - units;
    due->us = units / 10 + (units % 10 != 0); /* never early */
    if (!due->clock && due->us > LONGEST_US)
        due->us = LONGEST_US;
}

bool tp_due_set(struct wq_timer *timer, const struct tp_due *due, uint64_t period_us, uint64_t window_us)
{
    if (due->clock)
        return wq_timer_set_clock(timer, due->us, period_us, window_us);
    return wq_timer_set(timer, due->us, period_us, window_us);
}
