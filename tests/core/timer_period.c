/*
 * timer_period.c: periodic timers: without drift, without piling up.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "alarm.h"
#include "timer/wheel.h"

/* Expiry k is never before start + k periods, and in the long run not later. */
static void periodic(void)
{
    struct alarm alarm;
    unsigned n = 50;

    alarm_init(&alarm, WQ_CLASS_TIMER);
    alarm_set(&alarm, 3 * MS, 2 * MS);
    for (unsigned i = 1; i <= n; i++) {
        CHECK_WAIT(alarm.run >= i, "%u", alarm.run);
        CHECK(alarm_now_us() >= alarm.due_us + (i - 1) * 2 * MS, "expiry %u is early", i);
    }
    CHECK((alarm.timer.due_us - alarm.due_us) / MS < (alarm_now_us() - alarm.due_us) / MS + 5, "runs ahead");
    alarm_close(&alarm);
}

/* Whatever comes late, the next is due at the first place of the grid that is still to come. */
static void grid(void)
{
    const uint64_t due = 1000003, period = 2 * MS;

    CHECK(wheel_next_due(due, period, due) == due + period, "in time");
    CHECK(wheel_next_due(due, period, due + period - 1) == due + period, "late by almost a period");
    for (uint64_t late = 0; late < 50 * period; late += 7) {
        uint64_t next = wheel_next_due(due, period, due + late);

        CHECK((next - due) % period == 0, "late by %llu, the next is beside the grid: %llu",
              (unsigned long long)late, (unsigned long long)next);
        CHECK(next > due + late && next <= due + late + period, "late by %llu, the next is %llu",
              (unsigned long long)late, (unsigned long long)next);
    }
    CHECK(wheel_next_due(due, 1, due + 5) == due + 6, "the shortest period");
}

/* On the timer thread, which sets when the timer is due next. */
static void WQ_CALL phase_run(void *param)
{
    struct alarm *alarm = param;

    if ((alarm->timer.due_us - alarm->due_us) % alarm->timer.period_us)
        alarm->early = true;
    alarm->run++;
}

static void missed(void)
{
    struct alarm slow, fast, other;
    struct check_gate gate = CHECK_GATE;
    uint64_t opened;

    alarm_init(&slow, WQ_CLASS_TIMER);
    alarm_init(&fast, WQ_CLASS_TIMER);
    alarm_init(&other, WQ_CLASS_TIMER);
    alarm_set(&other, 3600000 * MS, 0); /* an empty wheel forgets the past by itself */
    slow.gate = &gate;
    alarm_set(&slow, 0, 0);
    CHECK_WAIT(slow.running, "nobody blocks the timer thread");
    fast.timer.routine = phase_run;
    wq_timer_set(&fast.timer, MS, MS, 0);
    fast.due_us = fast.timer.due_us;
    alarm_pass(50 * MS);
    CHECK(!fast.held, "expired on a blocked thread");
    opened = alarm_now_us();
    check_gate_open(&gate);
    CHECK_WAIT(fast.run >= 5, "%u", fast.run);
    CHECK(!fast.early, "an expiry is beside the grid");
    alarm_close(&fast);
    CHECK(check_counters().timers_expired <= (alarm_now_us() - opened) / MS + 3, "%llu expiries in %llu us",
          (unsigned long long)check_counters().timers_expired, (unsigned long long)(alarm_now_us() - opened));
    alarm_close(&slow);
    alarm_close(&other);
}

/* One worker, which is busy: one routine is queued and the rest merged with it. */
static void merged(void)
{
    struct alarm alarm, blocker;
    struct check_gate gate = CHECK_GATE;

    check_restart("1", "1");
    alarm_init(&alarm, WQ_CLASS_POOL);
    alarm_init(&blocker, WQ_CLASS_POOL);
    blocker.gate = &gate;
    alarm_set(&blocker, 0, 0);
    CHECK_WAIT(blocker.running, "the blocker");
    alarm_set(&alarm, MS, MS);
    CHECK_WAIT(check_counters().timers_merged >= 5, "%llu",
               (unsigned long long)check_counters().timers_merged);
    CHECK(alarm.held == 1, "%u queued", alarm.held);
    check_gate_open(&gate);
    CHECK_WAIT(alarm.run >= 3, "%u", alarm.run);
    alarm_close(&alarm);
    alarm_close(&blocker);
    check_restart(NULL, NULL);
}

static void concurrent(void)
{
    struct alarm alarm;
    struct check_gate gate = CHECK_GATE;

    if (check_without_monitor()) {
        check_skip("nobody replaces blocked workers");
        return;
    }
    alarm_init(&alarm, WQ_CLASS_POOL);
    alarm.gate = &gate;
    alarm_set(&alarm, MS, MS);
    CHECK_WAIT(alarm.running >= 4, "%u at a time", alarm.running);
    wq_timer_close(&alarm.timer);
    check_gate_open(&gate);
    alarm_close(&alarm);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"a period is counted from due time to due time", periodic},
        {"the next expiry is on the grid and still to come", grid},
        {"missed periods are left out and shift nothing", missed},
        {"an expiry is merged with one that is still queued", merged},
        {"a routine may run beside itself", concurrent},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
