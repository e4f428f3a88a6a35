/*
 * timerq_change.c: ChangeTimerQueueTimer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

/* What the call is tried on: a timer of the default queue and one of its own queue, each named by its own
 * queue and by a wrong one. */
static void test_queue_ignored(void)
{
    static struct probe probe;
    HANDLE own = CreateTimerQueue(), queues[] = {NULL, own};
    unsigned i;

    for (i = 0; i < 4; i++) {
        HANDLE home = queues[i / 2], named = queues[i % 2];

        winetest_push_context("created on %p, changed on %p", home, named);
        probe_init(&probe, 1);
        create(&probe, home, NEVER_MS, 0, 0);
        expect_true(ChangeTimerQueueTimer(named, probe.timer, 0, 0));
        probe_wait(&probe);
        expect_true(DeleteTimerQueueTimer(named, probe.timer, INVALID_HANDLE_VALUE));
        probe_check(&probe, 1);
        winetest_pop_context();
    }
    expect_true(DeleteTimerQueueEx(own, INVALID_HANDLE_VALUE));
}

/* A one-shot that has expired stays as it is. */
static void test_spent(ULONG flags)
{
    static struct probe probe, later;

    winetest_push_context("flags %lx", flags);
    probe_init(&probe, 1);
    probe_init(&later, 1);
    create(&probe, NULL, 1, 0, flags);
    probe_wait(&probe);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 0, 0));
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 1, 1));
    create(&later, NULL, 50, 0, flags);
    probe_wait(&later);
    expect_true(DeleteTimerQueueTimer(NULL, later.timer, INVALID_HANDLE_VALUE));
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    probe_check(&probe, 1);
    winetest_pop_context();
}

static void change_to_often(struct probe *probe)
{
    SetLastError(0xdeadbeef);
    probe->result = ChangeTimerQueueTimer(NULL, probe->timer, 5, 5);
    probe->error = GetLastError();
}

static void test_spent_in_callback(void)
{
    static struct probe probe, later;

    probe_init(&probe, 1);
    probe.body = change_to_often;
    create(&probe, NULL, 0, 0, WT_EXECUTEINTIMERTHREAD);
    probe_wait(&probe);
    probe_init(&later, 1);
    create(&later, NULL, 50, 0, WT_EXECUTEINTIMERTHREAD);
    probe_wait(&later);
    expect_true(DeleteTimerQueueTimer(NULL, later.timer, INVALID_HANDLE_VALUE));
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    ok(probe.result && probe.error == 0xdeadbeef, "%d, error %lu\n", probe.result, probe.error);
    probe_check(&probe, 1);
}

static void change_to_never(struct probe *probe)
{
    SetLastError(0xdeadbeef);
    probe->result = ChangeTimerQueueTimer(NULL, probe->timer, NEVER_MS, 0);
    probe->error = GetLastError();
}

/* A periodic timer stops itself. */
static void test_stopped_in_callback(void)
{
    static struct probe probe, later;

    probe_init(&probe, 1);
    probe.body = change_to_never;
    create(&probe, NULL, 0, 50, WT_EXECUTEINTIMERTHREAD);
    probe_wait(&probe);
    probe_init(&later, 1);
    create(&later, NULL, 120, 0, WT_EXECUTEINTIMERTHREAD);
    probe_wait(&later);
    ok(probe.result && probe.error == 0xdeadbeef, "%d, error %lu\n", probe.result, probe.error);
    expect_true(DeleteTimerQueueTimer(NULL, later.timer, INVALID_HANDLE_VALUE));
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    probe_check(&probe, 1);
}

static void test_sooner_and_later(void)
{
    static struct probe probe, later;

    /* from never to often */
    probe_init(&probe, 5);
    create(&probe, NULL, NEVER_MS, 0, 0);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 1, 1));
    probe_wait(&probe);
    /* and to one last time */
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, NEVER_MS, NEVER_MS));
    probe_init(&later, 1);
    create(&later, NULL, 50, 0, 0);
    probe_wait(&later);
    tally_init(&probe.started, probe.ended.count + 1);
    tally_init(&probe.ended, 1);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 5, 0));
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    ok(probe.ended.count == 1, "%ld callbacks after the last change\n", probe.ended.count);
    expect_true(DeleteTimerQueueTimer(NULL, later.timer, INVALID_HANDLE_VALUE));
    /* due times count from the change */
    probe_init(&probe, 1);
    create(&probe, NULL, 60, 0, 0);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, NEVER_MS, 0));
    create(&later, NULL, 120, 0, 0);
    tally_init(&later.ended, 1);
    probe_wait(&later);
    expect_true(DeleteTimerQueueTimer(NULL, later.timer, INVALID_HANDLE_VALUE));
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    probe_check(&probe, 0);
}

/* INFINITE: not until changed, and a period that never comes leaves the timer good for a change. */
static void test_infinite(void)
{
    static struct probe probe;

    if (!quwi_ours()) {
        skip("INFINITE is not documented\n");
        return;
    }
    probe_init(&probe, 1);
    create(&probe, NULL, INFINITE, 0, 0);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 1, INFINITE));
    probe_wait(&probe);
    tally_init(&probe.ended, 1);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 1, 0));
    probe_wait(&probe);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 0, 0));
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    ok(probe.ended.count == 1 && probe.started.count == 2, "%ld callbacks\n", probe.started.count);
}

START_TEST(timerq_change)
{
    test_queue_ignored();
    test_spent(WT_EXECUTEDEFAULT);
    test_spent(WT_EXECUTEINTIMERTHREAD);
    test_spent_in_callback();
    test_stopped_in_callback();
    test_sooner_and_later();
    test_infinite();
}
