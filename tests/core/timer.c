/*
 * timer.c: timers: once, never early, whatever is short, and over when closed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "alarm.h"
#include "timer/wheel.h"

static void once(void)
{
    static struct alarm alarm[200];
    unsigned n = CHECK_COUNT(alarm);

    for (unsigned i = 0; i < n; i++) {
        alarm_init(&alarm[i], i % WQ_CLASSES);
        alarm_set(&alarm[i], i * 317, 0);
    }
    for (unsigned i = 0; i < n; i++) {
        CHECK_WAIT(alarm[i].run, "timer %u of class %u", i, i % WQ_CLASSES);
        CHECK(!wq_timer_cancel(&alarm[i].timer), "timer %u is still armed", i);
        alarm_close(&alarm[i]);
        CHECK(alarm[i].run == 1, "timer %u ran %u times", i, alarm[i].run);
    }
    CHECK(check_counters().timers_expired == n && !check_counters().timers, "%llu expired",
          (unsigned long long)check_counters().timers_expired);
}

static void at_once(void)
{
    struct alarm alarm;

    for (unsigned class = 0; class < WQ_CLASSES; class ++) {
        alarm_init(&alarm, class);
        alarm_set(&alarm, 0, 0);
        CHECK(alarm.held == 1, "not queued when set returned");
        alarm_close(&alarm);
        CHECK(alarm.run == 1, "class %u ran %u times", class, alarm.run);
    }
}

static void cancelled(void)
{
    struct alarm alarm, later;

    alarm_init(&alarm, WQ_CLASS_TIMER);
    alarm_init(&later, WQ_CLASS_TIMER);
    CHECK(!wq_timer_cancel(&alarm.timer), "never armed");
    CHECK(!wq_timer_set(&alarm.timer, 20 * MS, 1 * MS, 0), "never armed");
    CHECK(wq_timer_set(&alarm.timer, WQ_NEVER, 1 * MS, 0), "armed");
    CHECK(!wq_timer_set(&alarm.timer, 20 * MS, 1 * MS, 0), "due never");
    CHECK(wq_timer_cancel(&alarm.timer), "armed");
    alarm_set(&later, 60 * MS, 0);
    CHECK_WAIT(later.run, "the later one");
    CHECK(!alarm.held, "expired %u times", alarm.held);
    wq_timer_close(&alarm.timer);
    CHECK(!wq_timer_set(&alarm.timer, 0, 1, 0) && !wq_timer_change(&alarm.timer, 0, 1, 0), "closed");
    CHECK(!alarm.held, "expired after it was closed");
    alarm_close(&later);
}

static void WQ_CALL change_run(void *param)
{
    struct alarm *alarm = param;

    if (wq_timer_change(&alarm->timer, 0, 0, 0))
        alarm->again = true;
    alarm->run++;
}

static void spent(void)
{
    struct alarm alarm;

    alarm_init(&alarm, WQ_CLASS_POOL);
    alarm.timer.routine = change_run;
    alarm_set(&alarm, MS, 0);
    CHECK_WAIT(alarm.run, "the one-shot");
    CHECK(!alarm.again && !wq_timer_change(&alarm.timer, 0, 0, 0), "a spent timer was changed");
    alarm_set(&alarm, 0, 0);
    CHECK_WAIT(alarm.run == 2, "set again");
    /* a period that never comes leaves the timer good for a change */
    wq_timer_set(&alarm.timer, 0, WQ_NEVER, 0);
    CHECK_WAIT(alarm.run == 3 || alarm.run == 4, "%u", alarm.run);
    CHECK_WAIT(alarm.run == 4, "%u: the change had no effect", alarm.run);
    CHECK(alarm.again, "refused");
    alarm_close(&alarm);
}

static void one_thread(void)
{
    struct alarm alarm[20];

    for (unsigned i = 0; i < 20; i++) {
        alarm_init(&alarm[i], i % 2 ? WQ_CLASS_TIMER : WQ_CLASS_PERSISTENT);
        alarm_set(&alarm[i], i % 3 * MS, 0);
    }
    for (unsigned i = 0; i < 20; i++) {
        CHECK_WAIT(alarm[i].run, "timer %u", i);
        if (!pthread_equal(alarm[i].thread, alarm[i % 2].thread))
            check_fail(__FILE__, __LINE__, "timer %u ran elsewhere", i);
        alarm_close(&alarm[i]);
    }
    CHECK(!pthread_equal(alarm[0].thread, alarm[1].thread), "the timer thread ran a persistent routine");
}

/* The tolerance is a power of two of ticks, so there is always one with that many zeros in it, and rarely two. */
static void tolerant(void)
{
    static const uint64_t tolerance_us = 32768 * WHEEL_US;
    static struct wq_timer timers[64];
    unsigned ticks = 0;

    for (unsigned i = 0; i < 64; i++) {
        wq_timer_init(&timers[i], WQ_CLASS_POOL, check_count, NULL, NULL);
        wq_timer_set(&timers[i], (1000000 + i) * MS, 0, tolerance_us);
        CHECK(timers[i].tick * WHEEL_US >= timers[i].due_us, "early");
        CHECK(timers[i].tick * WHEEL_US <= timers[i].due_us + tolerance_us, "later than tolerated");
        ticks += !i || timers[i].tick != timers[i - 1].tick;
    }
    CHECK(ticks <= 2, "%u wake-ups for timers that could share one", ticks);
}

/* Without a thread nothing expires but what is due at once; the next call finds one. */
static void no_thread(void)
{
    struct alarm alarm, other;

    alarm_init(&alarm, WQ_CLASS_POOL);
    alarm_init(&other, WQ_CLASS_TIMER);
    wq_fault_set(WQ_FAULT_THREAD, 3);
    alarm_set(&alarm, MS, MS);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    alarm_pass(5 * MS);
    CHECK(!alarm.held, "expired without a thread");
    alarm_set(&other, 0, 0);
    CHECK_WAIT(alarm.run && other.run, "%u %u", alarm.run, other.run);
    alarm_close(&alarm);
    alarm_close(&other);
}

/* Only threads need memory, and those are tried again. */
static void no_memory(void)
{
    struct alarm alarm[WQ_CLASSES];

    if (check_without_monitor()) {
        check_skip("nobody tries again to start workers");
        return;
    }
    for (unsigned i = 0; i < WQ_CLASSES; i++) {
        alarm_init(&alarm[i], i);
        alarm_set(&alarm[i], 0, 0);
    }
    for (unsigned i = 0; i < WQ_CLASSES; i++)
        CHECK_WAIT(alarm[i].run, "class %u", i);
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    for (unsigned i = 0; i < WQ_CLASSES; i++)
        alarm_set(&alarm[i], MS, MS);
    for (unsigned i = 0; i < WQ_CLASSES; i++)
        CHECK_WAIT(alarm[i].held > 1, "class %u", i);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    for (unsigned i = 0; i < WQ_CLASSES; i++) {
        CHECK_WAIT(alarm[i].run > 1, "class %u", i);
        alarm_close(&alarm[i]);
    }
}

/* Work for the persistent thread that found none is found again at the timer's next expiry. */
static void persistent_later(void)
{
    struct alarm alarm;

    alarm_init(&alarm, WQ_CLASS_POOL);
    alarm_set(&alarm, 0, 0);
    wq_timer_set(&alarm.timer, 3600000 * MS, 0, 0); /* there is a timer thread now */
    CHECK_WAIT(alarm.run, "the pool");
    alarm_close(&alarm);
    alarm_init(&alarm, WQ_CLASS_PERSISTENT);
    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    alarm_set(&alarm, MS, MS);
    CHECK_WAIT(check_counters().timers_merged >= 2, "nothing is queued");
    CHECK(!alarm.run, "ran without a thread");
    wq_fault_set(WQ_FAULT_THREAD, 0);
    CHECK_WAIT(alarm.run, "nobody tried again");
    alarm_close(&alarm);
}

static void the_end(void)
{
    static struct alarm alarm[1000];

    for (unsigned i = 0; i < 1000; i++) {
        alarm_init(&alarm[i], i % WQ_CLASSES);
        alarm_set(&alarm[i], i % 10 * MS, i % 3 * MS);
    }
    CHECK(wq_shutdown(), "refused");
    for (unsigned i = 0; i < 1000; i++) {
        CHECK(alarm[i].held == alarm[i].run, "timer %u: %u of %u ran", i, alarm[i].run, alarm[i].held);
        CHECK(!wq_timer_cancel(&alarm[i].timer), "timer %u is still armed", i);
        alarm[i].run = alarm[i].held = 0;
        alarm_set(&alarm[i], i % 10 * MS, 0);
    }
    for (unsigned i = 0; i < 1000; i++)
        CHECK_WAIT(alarm[i].run == 1, "timer %u after the end", i);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"a timer expires once, on every class of threads, and not before it is due", once},
        {"what is due at once is queued when the call returns", at_once},
        {"what is cancelled or closed does not expire", cancelled},
        {"a one-shot that has expired can be set but not changed", spent},
        {"the timer thread is one, and so is the persistent thread", one_thread},
        {"timers with tolerances share wake-ups", tolerant},
        {"timers that found no thread expire when there is one", no_thread},
        {"expiries need no memory", no_memory},
        {"a periodic timer tries again to find the persistent thread", persistent_later},
        {"the end runs what is queued and forgets what is armed", the_end},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
