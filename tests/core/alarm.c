/*
 * alarm.c: see alarm.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <time.h>

#include "alarm.h"

uint64_t alarm_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void alarm_pass(uint64_t us)
{
    uint64_t end = alarm_now_us() + us;

    CHECK_WAIT(alarm_now_us() >= end, "time stands still");
}

static void WQ_CALL alarm_hold(void *param)
{
    ((struct alarm *)param)->held++;
}

static void WQ_CALL alarm_run(void *param)
{
    struct alarm *alarm = param;
    unsigned running = ++alarm->running;

    if (running > alarm->running_peak)
        alarm->running_peak = running;
    if (alarm_now_us() < alarm->due_us)
        alarm->early = true;
    alarm->thread = pthread_self();
    if (alarm->gate)
        check_gate_wait(alarm->gate, "the test to open the gate");
    alarm->running--;
    alarm->run++;
}

void alarm_init(struct alarm *alarm, unsigned thread_class)
{
    memset(alarm, 0, sizeof(*alarm));
    wq_timer_init(&alarm->timer, thread_class, alarm_run, alarm, alarm_hold);
}

void alarm_set(struct alarm *alarm, uint64_t delay_us, uint64_t period_us)
{
    alarm->due_us = alarm_now_us() + delay_us;
    wq_timer_set(&alarm->timer, delay_us, period_us, 0);
}

void alarm_close(struct alarm *alarm)
{
    wq_timer_close(&alarm->timer);
    CHECK_WAIT(alarm->held == alarm->run, "%u of %u ran", alarm->run, alarm->held);
    CHECK(!alarm->early, "ran before it was due");
}
