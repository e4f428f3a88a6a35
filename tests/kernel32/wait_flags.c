/*
 * wait_flags.c: on which threads, and as whom, callbacks of registered waits run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "waits.h"

static struct hits hits;

/* Every way to run a callback delivers every signal. */
static void test_each_flag(void)
{
    static const ULONG flags[] = {
        WT_EXECUTEDEFAULT,
        WT_EXECUTEINIOTHREAD,
        WT_EXECUTELONGFUNCTION,
        WT_EXECUTEINPERSISTENTTHREAD,
        FLAG_PERSISTENT_IO,
        WT_EXECUTEINWAITTHREAD,
        WT_TRANSFER_IMPERSONATION,
        WT_EXECUTEINPERSISTENTTHREAD | WT_EXECUTEINIOTHREAD | WT_EXECUTELONGFUNCTION,
        WT_EXECUTEINWAITTHREAD | WT_EXECUTEINPERSISTENTTHREAD | WT_EXECUTEINIOTHREAD};
    HANDLE semaphore = CreateSemaphoreA(NULL, 0, 100, NULL);
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(flags); i++) {
        HANDLE wait;

        winetest_push_context("flags %lx", flags[i]);
        hits_init(&hits, 100, 0);
        wait = wait_register(semaphore, hits_callback, &hits, INFINITE, flags[i]);
        ReleaseSemaphore(semaphore, 100, NULL);
        tally_wait(&hits.fired, "callbacks");
        wait_end(wait);
        ok(hits.fired.count == 100, "called %ld times\n", hits.fired.count);
        if (flags[i] & WT_EXECUTEINPERSISTENTTHREAD)
            ok(hits.overlap == 1, "%ld at a time\n", hits.overlap);
        winetest_pop_context();
    }
    CloseHandle(semaphore);
}

static struct tally delivered, looked;

static void CALLBACK apc(ULONG_PTR param)
{
    (void)param;
    tally_add(&delivered, 1);
}

static void CALLBACK queue_apc(void *context, BOOLEAN timed_out)
{
    (void)context;
    (void)timed_out;
    ok(QueueUserAPC(apc, GetCurrentThread(), 0) != 0, "error %lu\n", GetLastError());
    tally_add(&looked, 1);
}

/* APCs that a callback leaves behind are delivered, and waiting goes on. */
static void test_apc(ULONG flags)
{
    HANDLE event = event_auto(FALSE), wait;
    unsigned i;

    wait = wait_register(event, queue_apc, NULL, INFINITE, flags);
    for (i = 0; i < 3; i++) {
        tally_init(&delivered, 1);
        tally_init(&looked, 1);
        SetEvent(event);
        tally_wait(&looked, "callbacks");
        tally_wait(&delivered, "APCs");
    }
    wait_end(wait);
    CloseHandle(event);
}

static volatile DWORD token_error;

static void CALLBACK look_at_token(void *context, BOOLEAN timed_out)
{
    HANDLE token;

    (void)context;
    (void)timed_out;
    token_error = 0;
    if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
        CloseHandle(token);
    else
        token_error = GetLastError();
    tally_add(&looked, 1);
}

/* The token is the one of the registration, with the flag, and goes after the callback. */
static void test_impersonation(ULONG flags)
{
    HANDLE event = event_auto(FALSE), waits[2];

    ok(ImpersonateSelf(SecurityImpersonation), "error %lu\n", GetLastError());
    waits[0] = wait_register(event, look_at_token, NULL, INFINITE, flags | WT_TRANSFER_IMPERSONATION);
    RevertToSelf();
    tally_init(&looked, 1);
    SetEvent(event);
    tally_wait(&looked, "callbacks");
    todo_if(quwi_builtin()) ok(!token_error, "no token: error %lu\n", token_error);
    wait_end(waits[0]);

    ok(ImpersonateSelf(SecurityImpersonation), "error %lu\n", GetLastError());
    waits[1] = wait_register(event, look_at_token, NULL, INFINITE, flags);
    tally_init(&looked, 1);
    SetEvent(event);
    tally_wait(&looked, "callbacks");
    RevertToSelf();
    ok(token_error == ERROR_NO_TOKEN, "a token without the flag: error %lu\n", token_error);
    wait_end(waits[1]);
    CloseHandle(event);
}

static void CALLBACK forget_token(void *context, BOOLEAN timed_out)
{
    (void)context;
    (void)timed_out;
    ok(ImpersonateSelf(SecurityImpersonation), "error %lu\n", GetLastError());
    tally_add(&looked, 1);
}

/* One that a callback leaves on the wait thread is not the next one's. */
static void test_left_token(void)
{
    HANDLE events[2] = {event_auto(FALSE), event_auto(FALSE)}, waits[2];

    if (!quwi_ours()) {
        skip("raises an exception elsewhere, or leaves the token\n");
        return;
    }
    waits[0] = wait_register(events[0], forget_token, NULL, INFINITE, WT_EXECUTEINWAITTHREAD);
    waits[1] = wait_register(events[1], look_at_token, NULL, INFINITE, WT_EXECUTEINWAITTHREAD);
    tally_init(&looked, 1);
    SetEvent(events[0]);
    tally_wait(&looked, "callbacks");
    tally_init(&looked, 1);
    SetEvent(events[1]);
    tally_wait(&looked, "callbacks");
    ok(token_error == ERROR_NO_TOKEN, "a token was left: error %lu\n", token_error);
    wait_end(waits[0]);
    wait_end(waits[1]);
    CloseHandle(events[0]);
    CloseHandle(events[1]);
}

static void test_limit(void)
{
    HANDLE event = event_auto(FALSE);
    struct wq_counters counters;
    ULONG flags = 0;

    WT_SET_MAX_THREADPOOL_THREADS(flags, 700);
    hits_init(&hits, 0, 0);
    wait_end(wait_register(event, hits_callback, &hits, INFINITE, flags));
    if (quwi_counters(&counters))
        ok(counters.max_workers >= 700, "the greatest number is %u\n", counters.max_workers);
    CloseHandle(event);
}

/* The number of a standard handle stands for that handle. */
static void test_standard_handles(HANDLE number)
{
    HANDLE event = event_auto(FALSE), before = GetStdHandle(STD_INPUT_HANDLE), wait;

    SetStdHandle(STD_INPUT_HANDLE, event);
    hits_init(&hits, 1, 0);
    wait = wait_register(number, hits_callback, &hits, INFINITE, WT_EXECUTEONLYONCE);
    SetEvent(event);
    todo_if(quwi_builtin())
        ok(tally_reached(&hits.fired, quwi_builtin() ? 200 : QUWI_DEADLINE), "not called\n");
    wait_end(wait);
    SetStdHandle(STD_INPUT_HANDLE, before);
    CloseHandle(event);
}

START_TEST(wait_flags)
{
    test_each_flag();
    test_apc(WT_EXECUTEINIOTHREAD);
    if (quwi_ours())
        test_apc(WT_EXECUTEINWAITTHREAD);
    test_impersonation(WT_EXECUTEDEFAULT);
    test_impersonation(WT_EXECUTEINWAITTHREAD);
    test_left_token();
    test_limit();
    test_standard_handles((HANDLE)(ULONG_PTR)STD_INPUT_HANDLE);
    if (quwi_ours())
        test_standard_handles((HANDLE)(LONG_PTR)(LONG)STD_INPUT_HANDLE);
}
