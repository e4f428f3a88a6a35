/*
 * tp_timer.c: timer objects: when they expire, what recalls them, what waits for them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static struct tally done;

static void CALLBACK count(PTP_CALLBACK_INSTANCE instance, void *context, PTP_TIMER timer)
{
    (void)instance;
    (void)context;
    (void)timer;
    tally_add(&done, 1);
}

static PTP_TIMER timer_make(PTP_TIMER_CALLBACK callback, PTP_CALLBACK_ENVIRON env)
{
    PTP_TIMER timer = CreateThreadpoolTimer(callback, NULL, env);

    ok(timer != NULL, "error %lu\n", GetLastError());
    return timer;
}

/* The end of a timer as it is documented. */
static void timer_end(PTP_TIMER timer)
{
    SetThreadpoolTimer(timer, NULL, 0, 0);
    WaitForThreadpoolTimerCallbacks(timer, TRUE);
    CloseThreadpoolTimer(timer);
}

static FILETIME *units(FILETIME *time, LONGLONG value)
{
    time->dwLowDateTime = (DWORD)value;
    time->dwHighDateTime = (DWORD)((ULONGLONG)value >> 32);
    return time;
}

static LONGLONG clock_now(void)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return (LONGLONG)((ULONGLONG)now.dwHighDateTime << 32 | now.dwLowDateTime);
}

/* A setting that is due after at least ms. */
static void expect_after(PTP_TIMER timer, FILETIME *due, DWORD ms, const char *what)
{
    LARGE_INTEGER frequency, before, after;

    QueryPerformanceFrequency(&frequency);
    tally_init(&done, 1);
    QueryPerformanceCounter(&before);
    SetThreadpoolTimer(timer, due, 0, 0);
    ok(IsThreadpoolTimerSet(timer), "%s: not set\n", what);
    tally_wait(&done, what);
    QueryPerformanceCounter(&after);
    after.QuadPart = (after.QuadPart - before.QuadPart) * 1000 / frequency.QuadPart;
    ok(after.QuadPart + 1 >= ms, "%s: came after %I64d ms\n", what,
       after.QuadPart); /* the clock may be coarser */
    ok(IsThreadpoolTimerSet(timer), "%s: not set when it has expired\n", what);
}

static void test_due(void)
{
    struct {
        char odd[4];
        FILETIME due;
    } unaligned;
    PTP_TIMER timer;
    FILETIME due;

    SetLastError(0xdeadbeef);
    timer = timer_make(count, NULL);
    ok(!IsThreadpoolTimerSet(timer), "a new timer is set\n");
    expect_after(timer, due_in(&due, 50), 50, "relative");
    expect_after(timer, due_in(&unaligned.due, 0), 0, "0");
    expect_after(timer, units(&due, clock_now() + 500000), 40, "absolute");
    expect_after(timer, units(&due, clock_now() - 500000), 0, "past");
    expect_after(timer, units(&due, 1), 0, "1601");
    SetThreadpoolTimer(timer, units(&due, INT64_MIN), 0, 0);
    SetThreadpoolTimer(timer, units(&due, INT64_MAX), 0, 0);
    SetThreadpoolTimer(timer, units(&due, INT64_MIN + 1), 0, 0);
    ok(IsThreadpoolTimerSet(timer), "not set\n");
    tally_init(&done, 0);
    WaitForThreadpoolTimerCallbacks(timer, FALSE);
    ok(!done.count, "%ld callbacks of times that are far\n", done.count);
    SetThreadpoolTimer(timer, NULL, 0, 0);
    ok(!IsThreadpoolTimerSet(timer), "still set\n");
    timer_end(timer);
    ok(GetLastError() == 0xdeadbeef, "last error %lu\n", GetLastError());
}

static void test_period(void)
{
    PTP_TIMER timer = timer_make(count, NULL);
    FILETIME due;
    DWORD before = GetTickCount(), took;

    tally_init(&done, 3);
    SetThreadpoolTimer(timer, due_in(&due, 200), 200, 0);
    tally_wait(&done, "three periods");
    took = GetTickCount() - before;
    ok(took >= 580, "three periods took %lu ms\n", took);
    WaitForThreadpoolTimerCallbacks(timer, TRUE); /* it stays set */
    tally_init(&done, 1);
    tally_wait(&done, "an expiry after waiting");
    timer_end(timer);

    timer = timer_make(count, NULL);
    tally_init(&done, 3);
    SetThreadpoolTimer(timer, due_in(&due, 0), 20, 0);
    tally_wait(&done, "periods from now on");
    timer_end(timer);
}

/* ---- unset with a callback queued ---- */

static void test_queued(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    struct blocker blocker;
    PTP_TIMER timer = timer_make(count, &env);
    FILETIME due;

    tally_init(&done, 1);
    blocker_start(&blocker, &env);
    SetThreadpoolTimer(timer, due_in(&due, 0), 0, 0);
    SetThreadpoolTimer(timer, NULL, 0, 0);
    blocker_release(&blocker);
    tally_wait(&done, "a callback that was queued before the timer was unset");

    blocker_start(&blocker, &env);
    tally_init(&done, 1);
    SetThreadpoolTimer(timer, due_in(&due, 0), 0, 0);
    SetThreadpoolTimer(timer, NULL, 0, 0);
    WaitForThreadpoolTimerCallbacks(timer, TRUE);
    blocker_release(&blocker);
    WaitForThreadpoolTimerCallbacks(timer, FALSE);
    ok(!done.count, "%ld callbacks that were dropped\n", done.count);
    CloseThreadpoolTimer(timer);
    CloseThreadpool(pool);
}

/* ---- overlap, re-arming and closing in the callback ---- */

static HANDLE go;
static struct tally inside;

static void CALLBACK overlap(PTP_CALLBACK_INSTANCE instance, void *context, PTP_TIMER timer)
{
    (void)instance;
    (void)context;
    (void)timer;
    tally_add(&inside, 1);
    WaitForSingleObject(go, QUWI_DEADLINE);
}

static void test_overlap(void)
{
    PTP_TIMER timer = timer_make(overlap, NULL);
    FILETIME due;

    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    tally_init(&inside, 4);
    SetThreadpoolTimer(timer, due_in(&due, 0), 10, 0);
    tally_wait(&inside, "expiries while callbacks run");
    SetThreadpoolTimer(timer, NULL, 0, 0);
    SetEvent(go);
    timer_end(timer);
    CloseHandle(go);
}

static void CALLBACK arm_again(PTP_CALLBACK_INSTANCE instance, void *context, PTP_TIMER timer)
{
    FILETIME due;

    (void)instance;
    (void)context;
    if (tally_add(&done, 1) < 100)
        SetThreadpoolTimer(timer, due_in(&due, 0), 0, 0);
    else
        CloseThreadpoolTimer(timer);
}

static void CALLBACK close_periodic(PTP_CALLBACK_INSTANCE instance, void *context, PTP_TIMER timer)
{
    (void)instance;
    (void)context;
    if (tally_add(&done, 1) == 1)
        CloseThreadpoolTimer(timer);
}

static void test_in_callback(void)
{
    uint32_t before = pool_blocks();
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    PTP_TIMER timer = timer_make(arm_again, NULL);
    FILETIME due;

    tally_init(&done, 100);
    SetThreadpoolTimer(timer, due_in(&due, 0), 0, 0);
    tally_wait(&done, "a timer that arms itself");
    tally_init(&done, 1);
    timer = timer_make(close_periodic, &env);
    SetThreadpoolTimer(timer, due_in(&due, 0), 1000, 0);
    tally_wait(&done, "a periodic timer that closes itself");
    CloseThreadpool(pool);
    blocks_return(before);
}

/* ---- what Ex answers ---- */

static void test_recalled(void)
{
    PTP_TIMER timer = timer_make(count, NULL);
    FILETIME due;

    if (!set_timer_ex) {
        todo_if(quwi_builtin()) ok(0, "no SetThreadpoolTimerEx\n");
        CloseThreadpoolTimer(timer);
        return;
    }
    tally_init(&done, 1);
    ok(!set_timer_ex(timer, NULL, 0, 0), "a new timer was set\n");
    ok(!set_timer_ex(timer, due_in(&due, 3600000), 0, 0), "a timer that was not set\n");
    ok(set_timer_ex(timer, due_in(&due, 3600000), 0, 0), "a set one\n");
    ok(set_timer_ex(timer, NULL, 0, 0), "a set one\n");
    ok(!set_timer_ex(timer, NULL, 0, 0), "an unset one\n");
    ok(!set_timer_ex(timer, due_in(&due, 0), 0, 0), "an unset one\n");
    tally_wait(&done, "callback");
    ok(!set_timer_ex(timer, NULL, 0, 0), "a one-shot that has expired\n");
    ok(!set_timer_ex(timer, due_in(&due, 0), 3600000, 0), "an unset one\n");
    ok(set_timer_ex(timer, NULL, 0, 0), "a periodic one\n");
    timer_end(timer);
}

/* Each arming is recalled or calls back, never both and never neither. */
static void test_race(void)
{
    PTP_TIMER timer = timer_make(count, NULL);
    LONG armed = quwi_builtin() ? 0 : 20000, recalled = 0, i;
    FILETIME due;

    if (!set_timer_ex) {
        skip("no SetThreadpoolTimerEx\n");
        CloseThreadpoolTimer(timer);
        return;
    }
    tally_init(&done, 0);
    for (i = 0; i < armed; i++) {
        unsigned spin = (unsigned)i * 7919 % 600;

        units(&due, -1 - i % 200);
        set_timer_ex(timer, &due, 0, 0);
        while (spin--)
            YieldProcessor();
        recalled += set_timer_ex(timer, NULL, 0, 0);
    }
    WaitForThreadpoolTimerCallbacks(timer, FALSE);
    ok(recalled + done.count == armed, "%ld recalled, %ld callbacks of %ld\n", recalled, done.count, armed);
    trace("%ld of %ld recalled\n", recalled, armed);

    /* After unsetting and waiting with cancel nothing comes any more. */
    for (i = 0; i < armed / 10; i++) {
        LONG seen;

        units(&due, -1 - i % 200);
        set_timer_ex(timer, &due, 1, 0);
        SetThreadpoolTimer(timer, NULL, 0, 0);
        WaitForThreadpoolTimerCallbacks(timer, TRUE);
        seen = done.count;
        SwitchToThread();
        ok(done.count == seen, "round %ld: a callback began after the wait\n", i);
    }
    timer_end(timer);
}

#define MANY 10000

static void test_many(void)
{
    static PTP_TIMER timers[MANY];
    unsigned i, n = quwi_builtin() ? MANY / 10 : MANY;
    uint32_t before = pool_blocks();
    FILETIME due;

    tally_init(&done, (LONG)n);
    for (i = 0; i < n; i++)
        timers[i] = timer_make(count, NULL);
    for (i = 0; i < n; i++)
        SetThreadpoolTimer(timers[i], due_in(&due, (LONG)(i % 50)), 0, 20);
    tally_wait(&done, "many timers");
    for (i = 0; i < n; i++)
        timer_end(timers[i]);
    blocks_return(before);
}

static void set_bad(void *param)
{
    FILETIME due;

    SetThreadpoolTimer(param, due_in(&due, 0), 0, 0);
}

static void test_errors(void)
{
    PTP_TIMER timer;

    if (quwi_builtin())
        return;
    ok(!CreateThreadpoolTimer(NULL, NULL, NULL), "made without a callback\n");
    ok(GetLastError() == ERROR_INVALID_PARAMETER, "error %lu\n", GetLastError());
    timer = timer_make(count, NULL);
    CloseThreadpoolTimer(timer);
    ok(raises(set_bad, timer, NULL) == 0xC000000D, "a closed timer\n");
    ok(raises(set_bad, NULL, NULL) == 0xC000000D, "NULL\n");
}

START_TEST(tp_timer)
{
    pool_functions();
    CloseThreadpoolTimer(timer_make(count, NULL));
    test_due();
    test_period();
    test_queued();
    test_overlap();
    test_in_callback();
    test_recalled();
    test_race();
    test_many();
    test_errors();
}
