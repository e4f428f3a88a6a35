/*
 * timerq_flags.c: the flags of CreateTimerQueueTimer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

/* With a period it still is a one-shot, and stays one when changed. */
static void test_only_once(void)
{
    static struct probe probe, later;

    probe_init(&probe, 1);
    create(&probe, NULL, 0, 1, WT_EXECUTEONLYONCE);
    probe_wait(&probe);
    expect_true(ChangeTimerQueueTimer(NULL, probe.timer, 1, 1));
    probe_init(&later, 1);
    create(&later, NULL, 50, 0, 0);
    probe_wait(&later);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    expect_true(DeleteTimerQueueTimer(NULL, later.timer, INVALID_HANDLE_VALUE));
    todo_if(quwi_builtin()) probe_check(&probe, 1);
}

static struct probe serial[8];

/* Callbacks of a serial class never run beside each other, and all on one thread. */
static void test_serial(ULONG flags, BOOL todo)
{
    HANDLE queue = CreateTimerQueue();
    LONG together = 0;
    unsigned i;

    winetest_push_context("flags %lx", flags);
    for (i = 0; i < ARRAY_SIZE(serial); i++) {
        probe_init(&serial[i], 10);
        create(&serial[i], i % 2 ? queue : NULL, i % 3, 1, flags);
    }
    for (i = 0; i < ARRAY_SIZE(serial); i++)
        probe_wait(&serial[i]);
    for (i = 0; i < ARRAY_SIZE(serial); i++)
        expect_true(DeleteTimerQueueTimer(NULL, serial[i].timer, INVALID_HANDLE_VALUE));
    expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    for (i = 0; i < ARRAY_SIZE(serial); i++) {
        if (serial[i].beside != 1 || serial[i].thread != serial[0].thread)
            together++;
        probe_check(&serial[i], serial[i].ended.count);
    }
    todo_if(todo && together) ok(!together, "%ld timers ran beside others or elsewhere\n", together);
    winetest_pop_context();
}

/* With every processor kept busy by long callbacks, ordinary ones still run. */
static void test_long(void)
{
    static struct probe long_one[16], probe;
    HANDLE gate = event_make(TRUE);
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(long_one); i++) {
        probe_init(&long_one[i], 1);
        long_one[i].gate = gate;
        create(&long_one[i], NULL, i % 3, 0, WT_EXECUTELONGFUNCTION);
    }
    for (i = 0; i < ARRAY_SIZE(long_one); i++)
        probe_wait_started(&long_one[i]);
    probe_init(&probe, 1);
    create(&probe, NULL, 1, 0, 0);
    probe_wait(&probe);
    SetEvent(gate);
    for (i = 0; i < ARRAY_SIZE(long_one); i++)
        expect_true(DeleteTimerQueueTimer(NULL, long_one[i].timer, INVALID_HANDLE_VALUE));
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    CloseHandle(gate);
}

static void test_limit(void)
{
    static struct probe probe;
    struct wq_counters counters;

    probe_init(&probe, 1);
    create(&probe, NULL, 0, 0, 600u << 16);
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    if (quwi_counters(&counters))
        ok(counters.max_workers == 600, "%u workers at most\n", counters.max_workers);
}

/* ---- whose token ---- */

struct identity {
    DWORD error; /* of opening the thread's token */
    LUID id;
};

static struct identity seen;

static void identify(HANDLE token, struct identity *identity)
{
    TOKEN_STATISTICS statistics = {0};
    DWORD size;

    ok(GetTokenInformation(token, TokenStatistics, &statistics, sizeof(statistics), &size), "error %lu\n",
       GetLastError());
    identity->id = statistics.TokenId;
}

static void look(struct probe *probe)
{
    HANDLE token;

    (void)probe;
    memset(&seen, 0, sizeof(seen));
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
        seen.error = GetLastError();
        return;
    }
    identify(token, &seen);
    CloseHandle(token);
}

static HANDLE token_copy(struct identity *identity)
{
    HANDLE own, copy = NULL;

    ok(OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own), "error %lu\n",
       GetLastError());
    ok(DuplicateTokenEx(own, TOKEN_QUERY | TOKEN_IMPERSONATE, NULL, SecurityImpersonation, TokenImpersonation,
                        &copy),
       "error %lu\n", GetLastError());
    identify(copy, identity);
    CloseHandle(own);
    return copy;
}

/* The token of whoever created the timer, though long reverted; without the flag the process token. */
static void test_token(ULONG flags)
{
    static struct probe probe;
    struct identity mine;
    HANDLE token = token_copy(&mine);

    winetest_push_context("flags %lx", flags);
    probe_init(&probe, 2);
    probe.body = look;
    ok(SetThreadToken(NULL, token), "error %lu\n", GetLastError());
    create(&probe, NULL, 20, 5, flags | WT_TRANSFER_IMPERSONATION);
    RevertToSelf();
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    todo_if(quwi_builtin()) ok(!seen.error && !memcmp(&seen.id, &mine.id, sizeof(mine.id)),
                               "another token, error %lu\n", seen.error);

    ok(SetThreadToken(NULL, token), "error %lu\n", GetLastError());
    probe_init(&probe, 1);
    probe.body = look;
    create(&probe, NULL, 0, 0, flags);
    RevertToSelf();
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    ok(seen.error == ERROR_NO_TOKEN, "a token, error %lu\n", seen.error);
    CloseHandle(token);
    winetest_pop_context();
}

START_TEST(timerq_flags)
{
    static const ULONG classes[] = {WT_EXECUTEDEFAULT, WT_EXECUTEINTIMERTHREAD, WT_EXECUTELONGFUNCTION,
                                    WT_EXECUTEINIOTHREAD, WT_EXECUTEINPERSISTENTTHREAD};
    unsigned i;

    test_only_once();
    test_serial(WT_EXECUTEINTIMERTHREAD, quwi_builtin()); /* the builtin has a thread for each queue */
    test_serial(WT_EXECUTEINPERSISTENTTHREAD, quwi_builtin());
    test_long();
    test_limit();
    for (i = 0; i < ARRAY_SIZE(classes); i++)
        test_token(classes[i]);
}
