/*
 * tp_wait.c: wait objects: what completes a setting, what recalls it, what consumes a signal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static struct tally signals, timeouts;

static void CALLBACK count(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WAIT wait,
                           TP_WAIT_RESULT result)
{
    (void)instance;
    (void)context;
    (void)wait;
    ok(result == WAIT_OBJECT_0 || result == WAIT_TIMEOUT, "result %lu\n", result);
    tally_add(result == WAIT_OBJECT_0 ? &signals : &timeouts, 1);
}

static void expect(LONG for_signals, LONG for_timeouts)
{
    tally_init(&signals, for_signals);
    tally_init(&timeouts, for_timeouts);
}

static void check_counts_(int line, LONG for_signals, LONG for_timeouts)
{
    ok_(__FILE__, line)(signals.count == for_signals && timeouts.count == for_timeouts,
                        "%ld signals and %ld time-outs, expected %ld and %ld\n", signals.count,
                        timeouts.count, for_signals, for_timeouts);
}
#define check_counts(a, b) check_counts_(__LINE__, a, b)

static PTP_WAIT wait_make(PTP_WAIT_CALLBACK callback, PTP_CALLBACK_ENVIRON env)
{
    PTP_WAIT wait = CreateThreadpoolWait(callback, NULL, env);

    ok(wait != NULL, "error %lu\n", GetLastError());
    return wait;
}

static void wait_end(PTP_WAIT wait)
{
    SetThreadpoolWait(wait, NULL, NULL);
    WaitForThreadpoolWaitCallbacks(wait, TRUE);
    CloseThreadpoolWait(wait);
}

static BOOL signalled(HANDLE object)
{
    return WaitForSingleObject(object, 0) == WAIT_OBJECT_0;
}

static void test_signal(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), semaphore = CreateSemaphoreA(NULL, 0, 10, NULL);
    PTP_WAIT wait, second;
    FILETIME due;

    SetLastError(0xdeadbeef);
    wait = wait_make(count, NULL);
    second = wait_make(count, NULL);
    expect(1, 0);
    SetThreadpoolWait(wait, event, NULL);
    SetEvent(event);
    tally_wait(&signals, "a signal");
    ok(!signalled(event), "the signal was not consumed\n");
    SetEvent(event);
    WaitForThreadpoolWaitCallbacks(wait, FALSE);
    ok(signalled(event), "a wait that has completed consumed a signal\n");
    check_counts(1, 0);

    expect(2, 0);
    SetThreadpoolWait(wait, semaphore, NULL);
    SetThreadpoolWait(second, semaphore, NULL);
    ReleaseSemaphore(semaphore, 2, NULL);
    tally_wait(&signals, "two signals");
    check_counts(2, 0);
    ok(!signalled(semaphore), "a count is left\n");

    /* unset, it consumes nothing, and does not look at the time-out */
    SetThreadpoolWait(wait, event, NULL);
    SetThreadpoolWait(wait, NULL, (FILETIME *)0xdeadbeef);
    SetEvent(event);
    WaitForThreadpoolWaitCallbacks(wait, FALSE);
    check_counts(2, 0);
    ok(signalled(event), "a wait that was unset consumed a signal\n");

    /* replaced */
    expect(0, 1);
    SetThreadpoolWait(wait, event, NULL);
    SetThreadpoolWait(wait, INVALID_HANDLE_VALUE, due_in(&due, 0));
    tally_wait(&timeouts, "the time-out of a wait for this process");
    SetEvent(event);
    ok(signalled(event), "a wait that was replaced consumed a signal\n");
    check_counts(0, 1);

    /* still set after waiting with cancel */
    expect(1, 0);
    SetThreadpoolWait(wait, event, NULL);
    WaitForThreadpoolWaitCallbacks(wait, TRUE);
    SetEvent(event);
    tally_wait(&signals, "a signal after waiting");
    wait_end(wait);
    wait_end(second);
    CloseHandle(event);
    CloseHandle(semaphore);
    ok(GetLastError() == 0xdeadbeef, "last error %lu\n", GetLastError());
}

static void test_timeouts(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    PTP_WAIT wait = wait_make(count, NULL);
    FILETIME due, now;
    ULARGE_INTEGER clock;

    expect(0, 1);
    SetThreadpoolWait(wait, event, due_in(&due, 0));
    tally_wait(&timeouts, "0");
    expect(0, 1);
    SetThreadpoolWait(wait, event, due_in(&due, 30));
    tally_wait(&timeouts, "30 ms");
    expect(0, 1);
    GetSystemTimeAsFileTime(&now);
    clock.LowPart = now.dwLowDateTime;
    clock.HighPart = now.dwHighDateTime;
    clock.QuadPart += 300000;
    due.dwLowDateTime = clock.LowPart;
    due.dwHighDateTime = clock.HighPart;
    SetThreadpoolWait(wait, event, &due);
    tally_wait(&timeouts, "absolute");
    SetEvent(event);
    ok(signalled(event), "a wait that has timed out consumed a signal\n");
    expect(1, 0);
    SetEvent(event);
    SetThreadpoolWait(wait, event, due_in(&due, 0));
    if (!quwi_builtin()) /* there it is a time-out */
        tally_wait(&signals, "0 with a signal");
    wait_end(wait);

    /* A handle that is closed at once: the wait goes on, and so do others. */
    expect(0, 1);
    wait = wait_make(count, NULL);
    SetThreadpoolWait(wait, event, due_in(&due, 30));
    CloseHandle(event);
    if (!quwi_builtin())
        tally_wait(&timeouts, "a closed handle");
    wait_end(wait);
}

/* ---- in the callback ---- */

static HANDLE manual;

static void CALLBACK set_again(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WAIT wait,
                               TP_WAIT_RESULT result)
{
    (void)instance;
    (void)context;
    ok(result == WAIT_OBJECT_0, "result %lu\n", result);
    if (tally_add(&signals, 1) < 100)
        SetThreadpoolWait(wait, manual, NULL);
    else
        CloseThreadpoolWait(wait);
}

static void test_in_callback(void)
{
    uint32_t before = pool_blocks();

    manual = CreateEventA(NULL, TRUE, TRUE, NULL);
    expect(100, 0);
    SetThreadpoolWait(wait_make(set_again, NULL), manual, NULL);
    tally_wait(&signals, "a wait that is set again");
    CloseHandle(manual);
    blocks_return(before);
}

/* ---- queued ---- */

static void test_queued(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    HANDLE event = CreateEventA(NULL, FALSE, TRUE, NULL);
    PTP_WAIT wait = wait_make(count, &env);
    struct blocker blocker;
    ULONGLONG end;

    expect(1, 0);
    blocker_start(&blocker, &env);
    SetThreadpoolWait(wait, event, NULL);
    for (end = GetTickCount64() + QUWI_DEADLINE; GetTickCount64() < end && signalled(event);)
        SetEvent(event); /* until the wait has taken the signal */
    SetThreadpoolWait(wait, NULL, NULL);
    blocker_release(&blocker);
    WaitForThreadpoolWaitCallbacks(wait, FALSE);
    SetEvent(event);
    blocker_start(&blocker, &env);
    expect(0, 0);
    SetThreadpoolWait(wait, event, NULL);
    SetThreadpoolWait(wait, NULL, NULL);
    WaitForThreadpoolWaitCallbacks(wait, TRUE);
    blocker_release(&blocker);
    WaitForThreadpoolWaitCallbacks(wait, FALSE);
    check_counts(0, 0);
    CloseThreadpoolWait(wait);
    CloseHandle(event);
    CloseThreadpool(pool);
}

/* ---- what Ex answers ---- */

static void test_recalled(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    PTP_WAIT wait = wait_make(count, NULL);

    if (!set_wait_ex) {
        todo_if(quwi_builtin()) ok(0, "no SetThreadpoolWaitEx\n");
    } else {
        expect(1, 0);
        ok(!set_wait_ex(wait, NULL, NULL, NULL), "a new wait was set\n");
        ok(!set_wait_ex(wait, event, NULL, NULL), "a wait that was not set\n");
        ok(set_wait_ex(wait, event, NULL, NULL), "a set one\n");
        ok(set_wait_ex(wait, NULL, NULL, NULL), "a set one\n");
        ok(!set_wait_ex(wait, event, NULL, NULL), "an unset one\n");
        SetEvent(event);
        tally_wait(&signals, "signal");
        ok(!set_wait_ex(wait, NULL, NULL, NULL), "one that has completed\n");
    }
    wait_end(wait);
    CloseHandle(event);
}

/* Each setting is recalled, and its signal still there, or calls back. */
static void test_race(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    PTP_WAIT wait = wait_make(count, NULL);
    LONG i, n = 3000, recalled = 0, left = 0;

    if (set_wait_ex) {
        expect(0, 0);
        for (i = 0; i < n; i++) {
            unsigned spin = (unsigned)i * 7919 % 300;

            set_wait_ex(wait, event, NULL, NULL);
            SetEvent(event);
            while (spin--)
                YieldProcessor();
            recalled += set_wait_ex(wait, NULL, NULL, NULL);
            left += signalled(event);
        }
        WaitForThreadpoolWaitCallbacks(wait, FALSE);
        ok(recalled + signals.count == n, "%ld recalled, %ld callbacks of %ld\n", recalled, signals.count, n);
        ok(recalled == left, "%ld recalled, %ld signals left\n", recalled, left);
        trace("%ld of %ld recalled\n", recalled, n);
    }
    wait_end(wait);
    CloseHandle(event);
}

#define MANY 512

/* The second time nothing is left: wait threads stay for a while. */
static void test_many(BOOL check)
{
    static PTP_WAIT waits[MANY];
    static HANDLE events[MANY];
    uint32_t before = pool_blocks();
    FILETIME due;
    unsigned i;

    expect(MANY, 0);
    for (i = 0; i < MANY; i++) {
        events[i] = CreateEventA(NULL, FALSE, FALSE, NULL);
        waits[i] = wait_make(count, NULL);
        SetThreadpoolWait(waits[i], events[i], NULL);
    }
    for (i = 0; i < MANY; i++)
        SetEvent(events[i]);
    tally_wait(&signals, "many signals");
    expect(0, MANY);
    for (i = 0; i < MANY; i++)
        SetThreadpoolWait(waits[i], events[i], due_in(&due, 50));
    tally_wait(&timeouts, "many time-outs");
    for (i = 0; i < MANY; i++) {
        SetThreadpoolWait(waits[i], events[i], NULL);
        CloseHandle(events[i]);
        CloseThreadpoolWait(waits[i]);
    }
    if (check)
        blocks_return(before);
}

/* ---- bad use ---- */

static HANDLE bad_object;

static void set_bad_object(void *param)
{
    SetThreadpoolWait(param, bad_object, NULL);
}

static void test_errors(void)
{
    PTP_WAIT wait = wait_make(count, NULL);
    ULONG_PTR status;

    if (!quwi_builtin()) {
        bad_object = CreateMutexA(NULL, FALSE, NULL);
        ok(raises(set_bad_object, wait, &status) == 0xC000070A && (DWORD)status == 0xC00000F1,
           "mutex: status %Ix\n", status);
        CloseHandle(bad_object);
        ok(raises(set_bad_object, wait, &status) == 0xC000070A && (DWORD)status == 0xC0000008,
           "closed handle: status %Ix\n", status);
        CloseThreadpoolWait(wait);
        ok(raises(set_bad_object, wait, NULL) == 0xC000000D, "a closed wait\n");
        ok(raises(set_bad_object, NULL, NULL) == 0xC000000D, "NULL\n");
        ok(!CreateThreadpoolWait(NULL, NULL, NULL) && GetLastError() == ERROR_INVALID_PARAMETER,
           "error %lu\n", GetLastError());
    } else {
        CloseThreadpoolWait(wait);
    }
}

START_TEST(tp_wait)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    PTP_WAIT first;

    pool_functions();
    first = wait_make(count, NULL); /* the first one makes threads */
    SetThreadpoolWait(first, event, NULL);
    wait_end(first);
    CloseHandle(event);
    test_signal();
    test_timeouts();
    test_in_callback();
    test_queued();
    test_recalled();
    test_race();
    test_many(FALSE);
    test_many(TRUE);
    test_errors();
}
