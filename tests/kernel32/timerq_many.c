/*
 * timerq_many.c: very many timers, of which each does what it should, and races for one timer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

#define MANY 100000

static HANDLE many[MANY];
static LONG ran[MANY];
static struct tally all;

static void CALLBACK count_one(void *param, BOOLEAN fired)
{
    (void)fired;
    InterlockedIncrement((LONG *)param);
    tally_add(&all, 1);
}

/* All expire; those that are deleted first don't. */
static void test_many(LONG count)
{
    HANDLE queue = CreateTimerQueue();
    LONG i, wrong = 0, failed = 0;

    tally_init(&all, count / 2);
    for (i = 0; i < count; i++) {
        DWORD due = i % 2 ? NEVER_MS + (DWORD)i % 10000 : 1 + (DWORD)i % 500;

        if (!CreateTimerQueueTimer(&many[i], queue, count_one, &ran[i], due, 0, 0))
            failed++;
    }
    tally_wait(&all, "expired timers");
    for (i = 0; i < count; i += 4)
        failed += !DeleteTimerQueueTimer(queue, many[i], INVALID_HANDLE_VALUE);
    for (i = 1; i < count; i += 4)
        failed += !DeleteTimerQueueTimer(queue, many[i], INVALID_HANDLE_VALUE);
    expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    for (i = 0; i < count; i++)
        wrong += ran[i] != !(i % 2);
    ok(!failed && !wrong, "%ld calls failed, %ld timers did not do as they should\n", failed, wrong);
}

static LONG threads_go, deleted, refused;
static HANDLE raced;

static DWORD WINAPI race_delete(void *param)
{
    (void)param;
    while (!InterlockedCompareExchange(&threads_go, 0, 0))
        YieldProcessor();
    if (DeleteTimerQueueTimer(NULL, raced, INVALID_HANDLE_VALUE))
        InterlockedIncrement(&deleted);
    else if (GetLastError() == ERROR_INVALID_HANDLE)
        InterlockedIncrement(&refused);
    return 0;
}

/* One of several deleters gets the timer. Undefined on Windows. */
static void test_race(void)
{
    static struct probe probe;
    unsigned round, i;

    if (!quwi_ours()) {
        skip("deleting a timer twice is undefined\n");
        return;
    }
    for (round = 0; round < 100; round++) {
        HANDLE threads[3];

        probe_init(&probe, 1);
        create(&probe, NULL, round % 3, round % 2, 0);
        raced = probe.timer;
        deleted = refused = threads_go = 0;
        for (i = 0; i < 3; i++)
            threads[i] = CreateThread(NULL, 0, race_delete, NULL, 0, NULL);
        InterlockedExchange(&threads_go, 1);
        for (i = 0; i < 3; i++) {
            handle_wait(threads[i], "a deleting thread");
            CloseHandle(threads[i]);
        }
        ok(deleted == 1 && refused == 2, "%ld deleted it, %ld were refused\n", deleted, refused);
        probe_check(&probe, probe.ended.count);
    }
}

static HANDLE race_queue;

static DWORD WINAPI race_create(void *param)
{
    HANDLE timer;

    (void)param;
    while (!InterlockedCompareExchange(&threads_go, 0, 0))
        YieldProcessor();
    while (CreateTimerQueueTimer(&timer, race_queue, count_one, &ran[0], 0, 0, 0))
        ChangeTimerQueueTimer(NULL, timer, 1, 0);
    ok(GetLastError() == ERROR_INVALID_HANDLE, "error %lu\n", GetLastError());
    return 0;
}

/* A queue is deleted while others create and change timers on it. Undefined on Windows. */
static void test_queue_race(void)
{
    unsigned round, i;

    if (!quwi_ours())
        return;
    for (round = 0; round < 50; round++) {
        HANDLE threads[2];
        LONG before;

        race_queue = CreateTimerQueue();
        threads_go = 0;
        tally_init(&all, 10);
        for (i = 0; i < 2; i++)
            threads[i] = CreateThread(NULL, 0, race_create, NULL, 0, NULL);
        InterlockedExchange(&threads_go, 1);
        tally_wait(&all, "expired timers");
        expect_true(DeleteTimerQueueEx(race_queue, INVALID_HANDLE_VALUE));
        before = ran[0];
        for (i = 0; i < 2; i++) {
            handle_wait(threads[i], "a creating thread");
            CloseHandle(threads[i]);
        }
        ok(ran[0] == before, "%ld callbacks after the queue was deleted\n", ran[0] - before);
    }
}

START_TEST(timerq_many)
{
    test_many(quwi_builtin() ? 2000 : MANY);
    test_race();
    test_queue_race();
}
