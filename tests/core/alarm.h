/*
 * alarm.h: what the tests of timers share: a timer with what its owner knows about it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef ALARM_H
#define ALARM_H

#include "check.h"

#define MS 1000u /* in microseconds */

struct alarm {
    struct wq_timer timer;
    _Atomic unsigned held, run, running, running_peak;
    struct check_gate *gate; /* what the routine waits for, or NULL */
    uint64_t due_us;         /* the routine must not run before */
    _Atomic bool early;
    _Atomic bool again; /* wq_timer_change had an effect in the routine */
    _Atomic pthread_t thread;
};

/* In microseconds, of a clock that only the tests read. */
uint64_t alarm_now_us(void);

/* Lets so much time go by. */
void alarm_pass(uint64_t us);

/* Its routine runs on threads of that class, and looks whether it is early. */
void alarm_init(struct alarm *alarm, unsigned thread_class);
void alarm_set(struct alarm *alarm, uint64_t delay_us, uint64_t period_us);

/* Closes it and waits for what is outstanding. */
void alarm_close(struct alarm *alarm);

#endif
