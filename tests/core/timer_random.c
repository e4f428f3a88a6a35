/*
 * timer_random.c: several threads at many timers, in random order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "alarm.h"

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
        {"random operations lose, double and delay nothing", random_operations},
        {"several threads set the same timers", shared},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
