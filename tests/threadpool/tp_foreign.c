/*
 * tp_foreign.c: objects that ntdll has made, given to kernel32's functions: the builtin serves them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <winternl.h>

#include "pool.h"

NTSYSAPI NTSTATUS NTAPI TpAllocPool(TP_POOL **pool, void *reserved);
NTSYSAPI NTSTATUS NTAPI TpAllocCleanupGroup(TP_CLEANUP_GROUP **group);
NTSYSAPI NTSTATUS NTAPI TpAllocWork(TP_WORK **work, PTP_WORK_CALLBACK callback, void *context,
                                    TP_CALLBACK_ENVIRON *environment);
NTSYSAPI NTSTATUS NTAPI TpAllocTimer(TP_TIMER **timer, PTP_TIMER_CALLBACK callback, void *context,
                                     TP_CALLBACK_ENVIRON *environment);
NTSYSAPI NTSTATUS NTAPI TpSimpleTryPost(PTP_SIMPLE_CALLBACK callback, void *context,
                                        TP_CALLBACK_ENVIRON *environment);

static struct tally done;

static void CALLBACK count(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)context;
    (void)work;
    DisassociateCurrentThreadFromCallback(instance);
    tally_add(&done, 1);
}

static void CALLBACK count_timer(PTP_CALLBACK_INSTANCE instance, void *context, PTP_TIMER timer)
{
    (void)instance;
    (void)context;
    (void)timer;
    tally_add(&done, 1);
}

static void CALLBACK set_event(PTP_CALLBACK_INSTANCE instance, void *context)
{
    succeeds(CallbackMayRunLong(instance));
    SetEventWhenCallbackReturns(instance, context);
}

static void test_objects(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    TP_WORK *work = NULL;
    TP_TIMER *timer = NULL;
    FILETIME due;
    unsigned i;

    tally_init(&done, 5);
    ok(!TpAllocWork(&work, count, NULL, NULL), "no work\n");
    for (i = 0; i < 5; i++)
        SubmitThreadpoolWork(work);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    tally_wait(&done, "callbacks of ntdll's work");
    CloseThreadpoolWork(work);

    tally_init(&done, 1);
    ok(!TpAllocTimer(&timer, count_timer, NULL, NULL), "no timer\n");
    SetThreadpoolTimer(timer, due_in(&due, 1), 0, 0);
    ok(IsThreadpoolTimerSet(timer), "not set\n");
    tally_wait(&done, "callback of ntdll's timer");
    if (set_timer_ex) {
        tally_init(&done, 1);
        set_timer_ex(timer, due_in(&due, 1), 0, 0);
        tally_wait(&done, "callback of ntdll's timer");
    }
    WaitForThreadpoolTimerCallbacks(timer, TRUE);
    CloseThreadpoolTimer(timer);

    ok(!TpSimpleTryPost(set_event, event, NULL), "not posted\n");
    handle_wait(event, "event");
    CloseHandle(event);
}

static void test_environments(void)
{
    TP_CALLBACK_ENVIRON env = {.Version = 1};
    PTP_CLEANUP_GROUP group = NULL, ours = CreateThreadpoolCleanupGroup();
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    PTP_POOL pool = NULL;
    PTP_WORK work;

    ok(!TpAllocPool(&pool, NULL) && !TpAllocCleanupGroup(&group), "no pool or group\n");
    SetThreadpoolThreadMaximum(pool, 2);
    succeeds(SetThreadpoolThreadMinimum(pool, 1));
    env.Pool = pool;
    tally_init(&done, 1);
    work = work_make(count, NULL, &env);
    SubmitThreadpoolWork(work);
    tally_wait(&done, "callback in ntdll's pool");
    CloseThreadpoolWork(work);
    succeeds(TrySubmitThreadpoolCallback(set_event, event, &env));
    handle_wait(event, "event");
    if (!quwi_builtin()) {
        env.CleanupGroup = ours;
        SetLastError(0xdeadbeef);
        ok(!CreateThreadpoolWork(count, NULL, &env) && GetLastError() == ERROR_INVALID_PARAMETER,
           "our group and ntdll's pool: error %lu\n", GetLastError());
    }
    env.Pool = NULL;
    env.CleanupGroup = group;
    tally_init(&done, 1);
    work = work_make(count, NULL, &env);
    SubmitThreadpoolWork(work);
    tally_wait(&done, "callback in ntdll's group");
    CloseThreadpoolCleanupGroupMembers(group, FALSE, NULL);
    CloseThreadpoolCleanupGroup(group);
    CloseThreadpoolCleanupGroup(ours);
    CloseThreadpool(pool);
    CloseHandle(event);
}

START_TEST(tp_foreign)
{
    pool_functions();
    test_objects();
    test_environments();
}
