/*
 * scenario_timer.c: timers: the ticker's sleep against set, a queued expiry against cancel and close.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scenarios.h"

#define LONG_US 1000000u

static struct model_tally ran, held, ran_soon;
static struct wq_timer pool_timer, quick_timer, soon_timer;

/* Under a lock of the core: counts, and nothing else. */
static void WQ_CALL hold(void *param)
{
    (void)param;
    held.count++;
}

static void begin(void)
{
    ran.count = 0;
    held.count = 0;
    ran_soon.count = 0;
    wq_timer_init(&pool_timer, WQ_CLASS_POOL, model_count, &ran, hold);
    wq_timer_init(&quick_timer, WQ_CLASS_TIMER, model_count, &ran, hold);
    wq_timer_init(&soon_timer, WQ_CLASS_TIMER, model_count, &ran_soon, NULL);
}

/* Sets one that is due before all others: the ticker must wake for it. */
static void set_soon(void *param)
{
    (void)param;
    wq_timer_set(&soon_timer, 40, 0, 0);
    model_await(&ran_soon, 1, 5000);
}

void scenario_timer(void)
{
    unsigned expected = 0;
    int a;

    begin();
    wq_timer_set(&pool_timer, 4000000, 0, 0);
    a = model_spawn(set_soon, NULL);
    wq_timer_set(&quick_timer, 30, 0, 0);
    model_sleep(60);
    expected += !wq_timer_cancel(&quick_timer); /* too late: it has expired */
    wq_timer_set(&pool_timer, 300, 0, 0);
    if (wq_timer_change(&pool_timer, 200, 0, 0))
        model_await(&held, expected + 1, LONG_US);
    expected++;
    model_join(a);
    model_await(&ran, expected, LONG_US);
    wq_timer_close(&pool_timer);
    wq_timer_close(&quick_timer);
    wq_timer_close(&soon_timer);
    MODEL_CHECK(ran.count == held.count && held.count == expected, "%u ran, %u expired, %u expected",
                ran.count, held.count, expected);
}

/* ---- a periodic timer that is set again and again ---- */

static void set_again(void *param)
{
    (void)param;
    model_sleep(60);
    wq_timer_set(&pool_timer, 0, 0, 0);
    model_sleep(60);
    wq_timer_set(&pool_timer, 0, 100, 0);
}

void scenario_period(void)
{
    unsigned expired;
    int a;

    begin();
    wq_timer_set(&pool_timer, 0, 50, 0);
    a = model_spawn(set_again, NULL);
    model_await(&ran, 2, LONG_US);
    model_join(a);
    wq_timer_close(&pool_timer);
    expired = held.count;
    model_await(&ran, expired, LONG_US);
    MODEL_CHECK(ran.count == held.count, "%u ran, %u expired", ran.count, held.count);
}

/* ---- closed from two sides: nothing expires afterwards ---- */

static void close_pool_timer(void *param)
{
    (void)param;
    model_sleep(50);
    wq_timer_close(&pool_timer);
}

void scenario_timer_close(void)
{
    unsigned expired;
    int a;

    begin();
    wq_timer_set(&pool_timer, 25, 25, 0);
    a = model_spawn(close_pool_timer, NULL);
    model_sleep(50);
    wq_timer_set(&pool_timer, 10, 0, 0);
    model_join(a);
    expired = held.count;
    wq_timer_set(&pool_timer, 0, 0, 0); /* without effect */
    model_await(&ran, expired, LONG_US);
    model_sleep(200);
    MODEL_CHECK(held.count == expired && ran.count == expired, "%u ran, %u expired, %u before it was closed",
                ran.count, held.count, expired);
}
