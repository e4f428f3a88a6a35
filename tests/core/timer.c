/*
 * timer.c: timers: once, never early, without drift, without piling up, and over when closed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <time.h>

#include "check.h"
#include "wheel.h"

#define MS 1000u

/* A timer with what its owner knows about it. */
struct alarm {
    struct wq_timer timer;
    _Atomic unsigned held, run, running, running_peak;
    struct check_gate *gate; /* what the routine waits for, or NULL */
    uint64_t due_us;         /* the routine must not run before */
    _Atomic bool early;
    _Atomic bool again; /* wq_timer_change had an effect in the routine */
    _Atomic pthread_t thread;
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
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
    if (now_us() < alarm->due_us)
        alarm->early = true;
    alarm->thread = pthread_self();
    if (alarm->gate)
        check_gate_wait(alarm->gate, "the test to open the gate");
    alarm->running--;
    alarm->run++;
}

static void alarm_init(struct alarm *alarm, unsigned thread_class)
{
    memset(alarm, 0, sizeof(*alarm));
    wq_timer_init(&alarm->timer, thread_class, alarm_run, alarm, alarm_hold);
}

static void alarm_set(struct alarm *alarm, uint64_t delay_us, uint64_t period_us)
{
    alarm->due_us = now_us() + delay_us;
    wq_timer_set(&alarm->timer, delay_us, period_us, 0);
}

/* Closes it and waits for what is outstanding. */
static void alarm_close(struct alarm *alarm)
{
    wq_timer_close(&alarm->timer);
    CHECK_WAIT(alarm->held == alarm->run, "%u of %u ran", alarm->run, alarm->held);
    CHECK(!alarm->early, "ran before it was due");
}

static void pass(uint64_t us)
{
    uint64_t end = now_us() + us;

    CHECK_WAIT(now_us() >= end, "time stands still");
}

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

/* Expiry k is never before start + k periods, and in the long run not later. */
static void periodic(void)
{
    struct alarm alarm;
    unsigned n = 50;

    alarm_init(&alarm, WQ_CLASS_TIMER);
    alarm_set(&alarm, 3 * MS, 2 * MS);
    for (unsigned i = 1; i <= n; i++) {
        CHECK_WAIT(alarm.run >= i, "%u", alarm.run);
        CHECK(now_us() >= alarm.due_us + (i - 1) * 2 * MS, "expiry %u is early", i);
    }
    CHECK((alarm.timer.due_us - alarm.due_us) / MS < (now_us() - alarm.due_us) / MS + 5, "runs ahead");
    alarm_close(&alarm);
}

/* Whatever comes late, the next is due at the first place of the grid that is still to come. */
static void grid(void)
{
    const uint64_t due = 1000003, period = 2 * MS;

    CHECK(wq_timer_next(due, period, due) == due + period, "in time");
    CHECK(wq_timer_next(due, period, due + period - 1) == due + period, "late by almost a period");
    for (uint64_t late = 0; late < 50 * period; late += 7) {
        uint64_t next = wq_timer_next(due, period, due + late);

        CHECK((next - due) % period == 0, "late by %llu, the next is beside the grid: %llu",
              (unsigned long long)late, (unsigned long long)next);
        CHECK(next > due + late && next <= due + late + period, "late by %llu, the next is %llu",
              (unsigned long long)late, (unsigned long long)next);
    }
    CHECK(wq_timer_next(due, 1, due + 5) == due + 6, "the shortest period");
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
    pass(50 * MS);
    CHECK(!fast.held, "expired on a blocked thread");
    opened = now_us();
    check_gate_open(&gate);
    CHECK_WAIT(fast.run >= 5, "%u", fast.run);
    CHECK(!fast.early, "an expiry is beside the grid");
    alarm_close(&fast);
    CHECK(check_counters().timers_expired <= (now_us() - opened) / MS + 3, "%llu expiries in %llu us",
          (unsigned long long)check_counters().timers_expired, (unsigned long long)(now_us() - opened));
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
    static const uint64_t tolerance_us = 32768 * WQ_WHEEL_US;
    static struct wq_timer timers[64];
    unsigned ticks = 0;

    for (unsigned i = 0; i < 64; i++) {
        wq_timer_init(&timers[i], WQ_CLASS_POOL, check_count, NULL, NULL);
        wq_timer_set(&timers[i], (1000000 + i) * MS, 0, tolerance_us);
        CHECK(timers[i].tick * WQ_WHEEL_US >= timers[i].due_us, "early");
        CHECK(timers[i].tick * WQ_WHEEL_US <= timers[i].due_us + tolerance_us, "later than tolerated");
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
    pass(5 * MS);
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

/* ---- random operations ---- */

#define CROWD 300u

static void random_thread(void *arg, unsigned number)
{
    struct alarm **crowd = arg;
    uint64_t state = (number + 1) * 0x9e3779b97f4a7c15u;

    for (unsigned n = check_scaled(60000); n; n--) {
        struct alarm *alarm;
        uint64_t delay, period;
        unsigned i;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i = (unsigned)(state % CROWD) / 4 * 4 + number; /* each thread has its own */
        delay = state >> 20 & 3 ? state >> 24 & 0x7fff : 0;
        period = state >> 40 & 1 ? (state >> 41 & 0xfff) + 1 : 0;
        alarm = crowd[i];
        if (!alarm) {
            alarm = crowd[i] = malloc(sizeof(*alarm));
            alarm_init(alarm, (unsigned)(state >> 54) % WQ_CLASSES);
        }
        switch (state >> 60) {
        case 0:
        case 1:
            alarm_close(alarm);
            free(alarm);
            crowd[i] = NULL;
            break;
        case 2:
        case 3:
            wq_timer_cancel(&alarm->timer);
            break;
        case 4:
        case 5:
        case 6:
            wq_timer_change(&alarm->timer, delay, period, delay);
            break;
        default:
            wq_timer_set(&alarm->timer, delay, period, period);
        }
    }
}

static void random_operations(void)
{
    static struct alarm *crowd[CROWD + 4];

    check_threads(4, random_thread, crowd);
    for (unsigned i = 0; i < CROWD + 4; i++) {
        if (crowd[i]) {
            alarm_close(crowd[i]);
            free(crowd[i]);
        }
        crowd[i] = NULL;
    }
    CHECK(!check_counters().timers, "%u left", check_counters().timers);
}

/* Several threads set the same timers. */
static void shared_thread(void *arg, unsigned number)
{
    struct alarm *crowd = arg;

    for (unsigned n = check_scaled(40000); n; n--) {
        struct alarm *alarm = &crowd[(n * 7 + number) % 50];

        if (n % 3 == 0)
            wq_timer_cancel(&alarm->timer);
        else
            wq_timer_set(&alarm->timer, n * 13 % 5 * 300, n % 2 ? 500 : 0, 0);
    }
}

static void shared(void)
{
    static struct alarm crowd[50];

    for (unsigned i = 0; i < 50; i++)
        alarm_init(&crowd[i], i % WQ_CLASSES);
    check_threads(4, shared_thread, crowd);
    for (unsigned i = 0; i < 50; i++)
        alarm_close(&crowd[i]);
    CHECK(!check_counters().timers, "%u left", check_counters().timers);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"a timer expires once, on every class of threads, and not before it is due", once},
        {"what is due at once is queued when the call returns", at_once},
        {"what is cancelled or closed does not expire", cancelled},
        {"a period is counted from due time to due time", periodic},
        {"the next expiry is on the grid and still to come", grid},
        {"missed periods are left out and shift nothing", missed},
        {"an expiry is merged with one that is still queued", merged},
        {"a routine may run beside itself", concurrent},
        {"a one-shot that has expired can be set but not changed", spent},
        {"the timer thread is one, and so is the persistent thread", one_thread},
        {"timers with tolerances share wake-ups", tolerant},
        {"timers that found no thread expire when there is one", no_thread},
        {"expiries need no memory", no_memory},
        {"a periodic timer tries again to find the persistent thread", persistent_later},
        {"the end runs what is queued and forgets what is armed", the_end},
        {"random operations lose, double and delay nothing", random_operations},
        {"several threads set the same timers", shared},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
