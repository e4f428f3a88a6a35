/*
 * timer_clock.c: timers that are due at a time of the system's clock, which this program sets as it likes, and timers
 * whose expiries are not merged.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <time.h>

#include "alarm.h"
#include "port/port.h"

#define HOUR 3600000000u /* in microseconds */

/* How far the clock is ahead of the machine's; starts two hours ahead, so that it can go back. */
static _Atomic int64_t ahead_us;

/* In place of the core's. */
uint64_t port_system_us(void)
{
    const uint64_t year_2026 = 13411871999000000;

    return year_2026 + alarm_now_us() + (uint64_t)ahead_us;
}

static void clock_set(int64_t by_us)
{
    ahead_us += by_us;
}

static struct alarm alarm_;

static bool clock_alarm(uint64_t clock_us, uint64_t period_us)
{
    return wq_timer_set_clock(&alarm_.timer, clock_us, period_us, 0);
}

static void alarm_new(void)
{
    alarm_init(&alarm_, WQ_CLASS_TIMER);
}

/* A relative timer of that time has expired: what was due by then would have been seen. */
static void marker_pass(uint64_t us)
{
    struct alarm marker;

    alarm_init(&marker, WQ_CLASS_TIMER);
    alarm_set(&marker, us, 0);
    CHECK_WAIT(marker.run == 1, "the marker has not expired");
    CHECK(!marker.early, "early");
    alarm_close(&marker);
}

static void expires(void)
{
    uint64_t due = port_system_us() + 20 * MS;

    alarm_new();
    CHECK(!clock_alarm(due, 0), "armed before");
    CHECK_WAIT(alarm_.run == 1, "not expired");
    CHECK(port_system_us() >= due, "early");
    CHECK(!wq_timer_cancel(&alarm_.timer), "armed after its expiry");
    alarm_close(&alarm_);
}

static void past_is_now(void)
{
    const uint64_t past[] = {0, 1, HOUR, port_system_us() - HOUR, port_system_us()};

    alarm_new();
    for (unsigned i = 0; i < CHECK_COUNT(past); i++) {
        CHECK(!clock_alarm(past[i], 0), "armed before");
        CHECK(alarm_.held == i + 1, "not in the call: %u of %u", alarm_.held, i + 1);
        CHECK_WAIT(alarm_.run == i + 1, "%u of %u", alarm_.run, i + 1);
    }
    alarm_close(&alarm_);
}

static void clock_forward(void)
{
    alarm_new();
    clock_alarm(port_system_us() + HOUR, 0);
    marker_pass(10 * MS);
    CHECK(!alarm_.held, "early");
    clock_set(HOUR);
    CHECK_WAIT(alarm_.run == 1, "the clock was set in vain");
    alarm_close(&alarm_);
}

static void clock_back(void)
{
    alarm_new();
    clock_alarm(port_system_us() + 1000 * MS, 0); /* not before the clock is set, on a busy machine, too */
    clock_set(-(int64_t)HOUR);
    marker_pass(1200 * MS);
    CHECK(!alarm_.held, "expired an hour early");
    clock_set(HOUR);
    CHECK_WAIT(alarm_.run == 1, "not expired");
    alarm_close(&alarm_);
}

/* The wheel has seen a time that comes again. */
static void clock_back_then_set(void)
{
    struct alarm late;
    uint64_t due;

    alarm_init(&late, WQ_CLASS_TIMER);
    wq_timer_set_clock(&late.timer, port_system_us() + 3 * (uint64_t)HOUR, 0, 0);
    for (unsigned i = 0; i < 3; i++) {
        alarm_new();
        clock_alarm(port_system_us() + MS, 0);
        CHECK_WAIT(alarm_.run == 1, "not expired");
        clock_set(-(int64_t)HOUR / 2);
        due = port_system_us() + MS;
        clock_alarm(due, 0);
        CHECK_WAIT(alarm_.run == 2, "not expired after the clock went back");
        CHECK(port_system_us() >= due, "early");
        alarm_close(&alarm_);
    }
    CHECK(!late.held, "the other timer is early");
    clock_set(5 * (int64_t)HOUR);
    CHECK_WAIT(late.run == 1, "the other timer has not expired");
    alarm_close(&late);
    clock_set(-3 * (int64_t)HOUR);
}

static void relative_knows_no_clock(void)
{
    alarm_new();
    alarm_set(&alarm_, 30 * MS, 0);
    clock_set(HOUR);
    CHECK_WAIT(alarm_.run == 1, "not expired");
    CHECK(!alarm_.early, "early");
    alarm_set(&alarm_, 30 * MS, 0);
    clock_set(-(int64_t)HOUR);
    CHECK_WAIT(alarm_.run == 2, "not expired");
    CHECK(!alarm_.early, "early");
    alarm_close(&alarm_);
}

static void period_knows_no_clock(void)
{
    alarm_new();
    clock_alarm(port_system_us() + MS, 2 * MS);
    CHECK_WAIT(alarm_.run >= 1, "not expired");
    clock_set(-(int64_t)HOUR);
    CHECK_WAIT(alarm_.run >= 5, "%u expiries", alarm_.run);
    CHECK(wq_timer_cancel(&alarm_.timer), "a periodic timer is not armed");
    clock_set(HOUR);
    alarm_close(&alarm_);
}

static void far_and_never(void)
{
    alarm_new();
    CHECK(!clock_alarm(WQ_NEVER - 1, 0), "armed before");
    CHECK(check_counters().timers == 1, "%u timers", check_counters().timers);
    CHECK(clock_alarm(port_system_us() + 1000000000000000, 0), "not armed");
    CHECK(!alarm_.held && wq_timer_cancel(&alarm_.timer), "not armed");
    CHECK(!clock_alarm(WQ_NEVER, 0) && !wq_timer_cancel(&alarm_.timer), "armed");
    CHECK(!wq_timer_set(&alarm_.timer, WQ_NEVER - 1, 0, 0) && wq_timer_cancel(&alarm_.timer), "not armed");
    CHECK(!alarm_.held, "expired");
    alarm_close(&alarm_);
}

/* From one clock to the other and back. */
static void set_anew(void)
{
    alarm_new();
    for (unsigned i = 0; i < check_scaled(1000); i++) {
        CHECK(wq_timer_set(&alarm_.timer, HOUR, 0, 0) == (i != 0), "armed: %d", i == 0);
        CHECK(clock_alarm(port_system_us() + HOUR, 0), "not armed");
        CHECK(check_counters().timers == 1, "%u timers", check_counters().timers);
    }
    CHECK(!alarm_.held, "expired");
    alarm_close(&alarm_);
}

/* Many, while the clock jumps: in the end all have expired once. */
static void jumps(void)
{
    unsigned count = check_scaled(5000), done = 0;
    struct alarm *alarms = calloc(count, sizeof(*alarms));
    uint64_t start = port_system_us();

    srand(1);
    for (unsigned i = 0; i < count; i++) {
        alarm_init(&alarms[i], i % 2 ? WQ_CLASS_TIMER : WQ_CLASS_POOL);
        wq_timer_set_clock(&alarms[i].timer,
                           start + (uint64_t)(rand() % 4 + 1) * HOUR / 2 + (uint64_t)rand() % 1000, 0, 0);
        if (i % (count / 20) == 0)
            clock_set((int64_t)HOUR / 4 * (rand() % 5 - 2));
    }
    clock_set((int64_t)(start - port_system_us()) + 3 * (int64_t)HOUR);
    CHECK(port_system_us() >= start + 2 * (uint64_t)HOUR, "the test's clock is wrong");
    for (unsigned i = 0; i < count; i++) {
        CHECK_WAIT(alarms[i].run == 1, "%u of %u, timer %u ran %u times", done, count, i, alarms[i].run);
        alarm_close(&alarms[i]);
        done++;
    }
    clock_set(-3 * (int64_t)HOUR);
    free(alarms);
}

/* The ticker is busy, so that expiries pile up. */
static void each_or_merged(void)
{
    struct check_gate gate = CHECK_GATE;
    struct alarm busy, each, merged;

    alarm_init(&busy, WQ_CLASS_TIMER);
    alarm_init(&each, WQ_CLASS_TIMER | WQ_TIMER_EACH);
    alarm_init(&merged, WQ_CLASS_TIMER);
    busy.gate = &gate;
    alarm_set(&busy, 0, 0);
    CHECK_WAIT(busy.running == 1, "not running");
    for (unsigned i = 0; i < 10; i++) {
        alarm_set(&each, 0, 0);
        alarm_set(&merged, 0, 0);
    }
    CHECK(each.held == 10 && merged.held == 1, "%u and %u held", each.held, merged.held);
    check_gate_open(&gate);
    CHECK_WAIT(each.run == 10 && merged.run == 1, "%u and %u ran", each.run, merged.run);
    alarm_set(&each, 0, 0);
    CHECK_WAIT(each.run == 11, "%u ran", each.run);
    alarm_close(&busy);
    alarm_close(&each);
    alarm_close(&merged);
}

/* Armed, recalled or called: each once, also if setters and the ticker meet. */
static void each_races(void *arg, unsigned number)
{
    struct alarm each;
    unsigned recalled = 0, count = check_scaled(20000);

    (void)arg;
    alarm_init(&each, WQ_CLASS_TIMER | WQ_TIMER_EACH);
    for (unsigned i = 0; i < count; i++) {
        uint64_t delay = (i + number) % 3 ? (i + number) % 50 : 0;

        if (i % 5)
            recalled += wq_timer_set(&each.timer, delay, 0, 0);
        else
            recalled += wq_timer_set_clock(&each.timer, port_system_us() + delay, 0, 0);
        if (i % 2)
            recalled += wq_timer_cancel(&each.timer);
    }
    recalled += wq_timer_cancel(&each.timer);
    CHECK(each.held + recalled == count, "%u held, %u recalled of %u", each.held, recalled, count);
    CHECK_WAIT(each.run == each.held, "%u of %u called", each.run, each.held);
    alarm_close(&each);
}

static void exact_races(void)
{
    check_threads(3, each_races, NULL);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {{"expires", expires},
                                              {"past_is_now", past_is_now},
                                              {"clock_forward", clock_forward},
                                              {"clock_back", clock_back},
                                              {"clock_back_then_set", clock_back_then_set},
                                              {"relative_knows_no_clock", relative_knows_no_clock},
                                              {"period_knows_no_clock", period_knows_no_clock},
                                              {"far_and_never", far_and_never},
                                              {"set_anew", set_anew},
                                              {"jumps", jumps},
                                              {"each_or_merged", each_or_merged},
                                              {"exact_races", exact_races}};

    ahead_us = 12 * (int64_t)HOUR;
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
