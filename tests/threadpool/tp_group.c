/*
 * tp_group.c: cleanup groups: what is closed, what still runs, when the cancel callback comes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static struct tally done, cancelled;
static volatile LONG running;
static void *const cleanup = (void *)0x5678;

static void CALLBACK count_work(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    tally_add(&done, 1);
}

static void CALLBACK count_simple(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    tally_add(&done, 1);
}

static void CALLBACK count_timer(PTP_CALLBACK_INSTANCE instance, void *context, PTP_TIMER timer)
{
    (void)instance;
    (void)context;
    (void)timer;
    tally_add(&done, 1);
}

static void CALLBACK count_wait(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WAIT wait,
                                TP_WAIT_RESULT result)
{
    (void)instance;
    (void)context;
    (void)wait;
    (void)result;
    tally_add(&done, 1);
}

static DWORD canceller;

static void CALLBACK cancel(void *context, void *given)
{
    (void)context;
    ok(given == cleanup, "cleanup context %p\n", given);
    ok(GetCurrentThreadId() == canceller, "on another thread\n");
    ok(!running, "%ld callbacks run\n", running);
    tally_add(&cancelled, 1);
}

static PTP_CLEANUP_GROUP group_make(TP_CALLBACK_ENVIRON *env)
{
    PTP_CLEANUP_GROUP group = CreateThreadpoolCleanupGroup();

    ok(group != NULL, "error %lu\n", GetLastError());
    env->CleanupGroup = group;
    env->CleanupGroupCancelCallback = cancel;
    canceller = GetCurrentThreadId();
    tally_init(&done, 0);
    tally_init(&cancelled, 0);
    return group;
}

static void group_end(PTP_CLEANUP_GROUP group, PTP_POOL pool)
{
    CloseThreadpoolCleanupGroup(group);
    CloseThreadpool(pool);
}

/* One member of each kind that was never used: with cancel each gets one call, without none does. */
static void test_unused(BOOL with_cancel)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 2);
    PTP_CLEANUP_GROUP group = group_make(&env);

    CloseThreadpoolCleanupGroupMembers(group, with_cancel, cleanup); /* empty */
    work_make(count_work, NULL, &env);
    ok(CreateThreadpoolTimer(count_timer, NULL, &env) != NULL, "error %lu\n", GetLastError());
    ok(CreateThreadpoolWait(count_wait, NULL, &env) != NULL, "error %lu\n", GetLastError());
    CloseThreadpoolCleanupGroupMembers(group, with_cancel, cleanup);
    ok(cancelled.count == (with_cancel ? 3 : 0), "%ld cancel callbacks\n", cancelled.count);
    ok(!done.count, "%ld callbacks\n", done.count);
    CloseThreadpoolCleanupGroupMembers(group, with_cancel, cleanup);
    ok(cancelled.count == (with_cancel ? 3 : 0), "%ld cancel callbacks\n", cancelled.count);
    group_end(group, pool);
}

/* Members whose callbacks are queued behind one that blocks. */
static void test_queued(BOOL with_cancel)
{
    TP_CALLBACK_ENVIRON env, plain;
    PTP_POOL pool = pool_make(&env, 0, 1);
    PTP_CLEANUP_GROUP group;
    struct blocker blocker;
    PTP_WORK work;
    PTP_TIMER timer;
    FILETIME due;
    unsigned i;

    plain = env;
    group = group_make(&env);
    work = work_make(count_work, NULL, &env);
    timer = CreateThreadpoolTimer(count_timer, NULL, &env);
    blocker_start(&blocker, &plain);
    for (i = 0; i < 3; i++) {
        SubmitThreadpoolWork(work);
        succeeds(TrySubmitThreadpoolCallback(count_simple, NULL, &env));
    }
    SetThreadpoolTimer(timer, due_in(&due, 3600000), 0, 0); /* it never comes */
    if (!with_cancel)
        blocker_release(&blocker);
    CloseThreadpoolCleanupGroupMembers(group, with_cancel, cleanup);
    ok(done.count == (with_cancel ? 0 : 6), "%ld callbacks\n", done.count);
    ok(cancelled.count == (with_cancel ? 5 : 0), "%ld cancel callbacks\n", cancelled.count);
    if (with_cancel)
        blocker_release(&blocker);
    ok(done.count == (with_cancel ? 0 : 6), "%ld callbacks\n", done.count);
    group_end(group, pool);
}

/* ---- callbacks that run ---- */

static HANDLE begun, go;

static void CALLBACK run_until_go(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    InterlockedIncrement(&running);
    if (context)
        DisassociateCurrentThreadFromCallback(instance);
    SetEvent(begun);
    WaitForSingleObject(go, QUWI_DEADLINE);
    if (context == work)
        CloseThreadpoolWork(work);
    tally_add(&done, 1);
    InterlockedDecrement(&running);
}

static void CALLBACK close_while_closing(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    InterlockedIncrement(&running);
    SetEvent(begun);
    WaitForSingleObject(go, QUWI_DEADLINE);
    CloseThreadpoolWork(work);
    tally_add(&done, 1);
    InterlockedDecrement(&running);
}

static DWORD WINAPI go_soon(void *param)
{
    (void)param;
    Sleep(50); /* the other thread is to be in its call by now; if not, the test proves less */
    SetEvent(go);
    return 0;
}

/* The call waits for what runs; nobody whose callback closed it is cancelled. */
static void test_running(PTP_WORK_CALLBACK callback, void *context, LONG cancels)
{
    uint32_t before = pool_blocks();
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 2);
    PTP_CLEANUP_GROUP group = group_make(&env);
    PTP_WORK work = work_make(callback, context, &env);
    HANDLE thread;

    begun = CreateEventA(NULL, FALSE, FALSE, NULL);
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    SubmitThreadpoolWork(work);
    handle_wait(begun, "callback");
    if (context)
        WaitForThreadpoolWorkCallbacks(work, FALSE); /* it does not count any more */
    thread = CreateThread(NULL, 0, go_soon, NULL, 0, NULL);
    CloseThreadpoolCleanupGroupMembers(group, TRUE, cleanup);
    ok(done.count == 1 && !running, "%ld callbacks have returned, %ld run\n", done.count, running);
    ok(cancelled.count == cancels, "%ld cancel callbacks\n", cancelled.count);
    WaitForSingleObject(thread, QUWI_DEADLINE);
    CloseHandle(thread);
    CloseHandle(begun);
    CloseHandle(go);
    group_end(group, pool);
    blocks_return(before);
}

/* Members that come while others go. */
static DWORD WINAPI submit_on(void *param)
{
    TP_CALLBACK_ENVIRON *env = param;
    LONG n = 0;

    while (WaitForSingleObject(go, 0)) {
        PTP_WORK work = CreateThreadpoolWork(count_work, NULL, NULL);

        if (TrySubmitThreadpoolCallback(count_simple, NULL, env))
            n++;
        CloseThreadpoolWork(work);
    }
    return (DWORD)n;
}

static void test_concurrent(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 2);
    PTP_CLEANUP_GROUP group = group_make(&env);
    HANDLE thread;
    DWORD submitted;
    unsigned i;

    canceller = GetCurrentThreadId();
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    thread = CreateThread(NULL, 0, submit_on, &env, 0, NULL);
    for (i = 0; i < 200; i++)
        CloseThreadpoolCleanupGroupMembers(group, i % 2, cleanup);
    SetEvent(go);
    WaitForSingleObject(thread, QUWI_DEADLINE);
    GetExitCodeThread(thread, &submitted);
    CloseThreadpoolCleanupGroupMembers(group, FALSE, cleanup);
    ok(done.count + cancelled.count == (LONG)submitted, "%ld callbacks and %ld cancelled of %lu\n",
       done.count, cancelled.count, submitted);
    CloseHandle(thread);
    CloseHandle(go);
    group_end(group, pool);
}

static void use_after(void *param)
{
    SubmitThreadpoolWork(param);
}

static void test_former_member(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 2);
    PTP_CLEANUP_GROUP group = group_make(&env);
    PTP_WORK work = work_make(count_work, NULL, &env);

    CloseThreadpoolCleanupGroupMembers(group, FALSE, NULL);
    if (!quwi_builtin())
        ok(raises(use_after, work, NULL) == 0xC000000D, "a former member\n");
    group_end(group, pool);
}

START_TEST(tp_group)
{
    test_unused(FALSE);
    test_unused(TRUE);
    test_queued(FALSE);
    test_queued(TRUE);
    test_running(run_until_go, NULL, 1);
    test_running(run_until_go, (void *)1, 1);
    test_running(close_while_closing, NULL, 0);
    test_concurrent();
    test_former_member();
}
