/*
 * tp_pool.c: private pools: their threads, limits and stacks; and callback environments.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static struct tally done, running;
static HANDLE go;

static void CALLBACK nothing(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    tally_add(&done, 1);
}

static void CALLBACK one_at_a_time(PTP_CALLBACK_INSTANCE instance, void *context)
{
    tally_add(&running, 1);
    if (context)
        CallbackMayRunLong(instance);
    Sleep(1);
    tally_add(&running, -1);
    tally_add(&done, 1);
}

static void test_maximum(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    ULONG_PTR i;

    tally_init(&done, 60);
    tally_init(&running, 0);
    for (i = 0; i < 60; i++) {
        env.u.s.LongFunction = i % 3 == 0;
        succeeds(TrySubmitThreadpoolCallback(one_at_a_time, (void *)(i % 2), &env));
    }
    tally_wait(&done, "callbacks");
    ok(running.peak == 1, "%ld at a time\n", running.peak);
    CloseThreadpool(pool);
}

static volatile DWORD thread_id;
static volatile LONG others;

static void CALLBACK note_thread(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    if (!thread_id)
        thread_id = GetCurrentThreadId();
    if (thread_id != GetCurrentThreadId())
        InterlockedIncrement(&others);
    tally_add(&done, 1);
}

static void test_one_thread(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 1, 1);
    unsigned i;

    thread_id = 0;
    others = 0;
    for (i = 0; i < 100; i++) {
        tally_init(&done, 1);
        succeeds(TrySubmitThreadpoolCallback(note_thread, NULL, &env));
        tally_wait(&done, "callback");
    }
    ok(!others, "%ld callbacks on another thread\n", others);
    CloseThreadpool(pool);
}

/* As many as the minimum run at a time, though each only computes. */
static void CALLBACK rendezvous(PTP_CALLBACK_INSTANCE instance, void *context)
{
    ULONGLONG end = GetTickCount64() + QUWI_DEADLINE;

    (void)instance;
    (void)context;
    InterlockedIncrement(&running.count);
    while (running.count < 4 && GetTickCount64() < end)
        YieldProcessor();
    tally_add(&done, running.count >= 4);
}

static void test_minimum(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 4, 8);
    unsigned i;

    tally_init(&done, 4);
    tally_init(&running, 1000);
    for (i = 0; i < 4; i++)
        succeeds(TrySubmitThreadpoolCallback(rendezvous, NULL, &env));
    tally_wait(&done, "callbacks that meet");
    CloseThreadpool(pool);
}

static void CALLBACK wait_for_go(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    tally_add(&running, 1);
    WaitForSingleObject(go, QUWI_DEADLINE);
    tally_add(&done, 1);
}

/* Callbacks that wait in a private pool get threads up to its maximum, whatever the default pool does. */
static void test_blocked(void)
{
    uint32_t before = pool_blocks();
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 32);
    unsigned i;

    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    tally_init(&done, 64);
    tally_init(&running, 32);
    for (i = 0; i < 64; i++)
        succeeds(TrySubmitThreadpoolCallback(wait_for_go, NULL, &env));
    tally_wait(&running, "callbacks that wait");
    ok(running.count == 32, "%ld run, more than the maximum\n", running.count);
    CloseThreadpool(pool);
    SetEvent(go);
    tally_wait(&done, "callbacks");
    CloseHandle(go);
    blocks_return(before);
}

/* ---- stacks ---- */

static char deep(unsigned depth)
{
    volatile char page[4096];

    page[0] = (char)depth;
    return (char)(depth ? deep(depth - 1) + page[0] : page[0]);
}

static void CALLBACK use_stack(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    deep(6 * 256); /* 6 MB */
    tally_add(&done, 1);
}

static void test_stack(void)
{
    const IMAGE_NT_HEADERS *header;
    const char *base = (const char *)GetModuleHandleA(NULL);
    TP_POOL_STACK_INFORMATION info = {0}, small = {1, 1}, large = {8 << 20, 64 << 10};
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 2);

    header = (const void *)(base + ((const IMAGE_DOS_HEADER *)(const void *)base)->e_lfanew);
    succeeds(QueryThreadpoolStackInformation(pool, &info));
    ok(info.StackReserve == header->OptionalHeader.SizeOfStackReserve, "reserve %Iu\n",
       (SIZE_T)info.StackReserve);
    ok(info.StackCommit == header->OptionalHeader.SizeOfStackCommit, "commit %Iu\n",
       (SIZE_T)info.StackCommit);
    succeeds(SetThreadpoolStackInformation(pool, &small));
    succeeds(QueryThreadpoolStackInformation(pool, &info));
    ok(info.StackReserve == 1 && info.StackCommit == 1, "got %Iu, %Iu\n", (SIZE_T)info.StackReserve,
       (SIZE_T)info.StackCommit);
    SetLastError(0xdeadbeef);
    ok(!SetThreadpoolStackInformation(pool, NULL) && GetLastError() == ERROR_INVALID_PARAMETER, "error %lu\n",
       GetLastError());
    succeeds(SetThreadpoolStackInformation(pool, &large));
    tally_init(&done, 1);
    if (quwi_builtin())
        skip("Wine 8's builtin ignores the size\n");
    else
        succeeds(TrySubmitThreadpoolCallback(use_stack, NULL, &env));
    if (!quwi_builtin())
        tally_wait(&done, "a callback that needs a large stack");
    CloseThreadpool(pool);
}

static void close_bad(void *param)
{
    CloseThreadpool(param);
}

static void test_errors(void)
{
    PTP_POOL pool;

    if (quwi_builtin())
        return;
    SetLastError(0xdeadbeef);
    ok(!CreateThreadpool((void *)1) && GetLastError() == ERROR_INVALID_PARAMETER, "error %lu\n",
       GetLastError());
    pool = CreateThreadpool(NULL);
    CloseThreadpool(pool);
    ok(raises(close_bad, pool, NULL) == 0xC000000D, "a closed pool\n");
    quwi_fault(WQ_FAULT_MEMORY, 1);
    ok(!CreateThreadpool(NULL) && GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %lu\n", GetLastError());
    quwi_fault(WQ_FAULT_MEMORY, 0);
    pool = CreateThreadpool(NULL);
    quwi_fault(WQ_FAULT_THREAD, 1);
    ok(!SetThreadpoolThreadMinimum(pool, 2) && GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %lu\n",
       GetLastError());
    quwi_fault(WQ_FAULT_THREAD, 0);
    succeeds(SetThreadpoolThreadMinimum(pool, 2));
    CloseThreadpool(pool);
}

/* A pool whose threads cannot be made goes on when they can. */
static void test_no_thread(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 2);

    tally_init(&done, 1);
    quwi_fault(WQ_FAULT_THREAD, 2);
    succeeds(TrySubmitThreadpoolCallback(nothing, NULL, &env));
    tally_wait(&done, "a callback whose thread was refused");
    quwi_fault(WQ_FAULT_THREAD, 0);
    CloseThreadpool(pool);
}

/* ---- environments ---- */

static void expect_environment(TP_CALLBACK_ENVIRON *env, BOOL good, const char *what)
{
    BOOL result;

    SetLastError(0xdeadbeef);
    result = TrySubmitThreadpoolCallback(nothing, NULL, env);
    ok(result == good && GetLastError() == (good ? 0xdeadbeef : ERROR_INVALID_PARAMETER),
       "%s: %d, error %lu\n", what, result, GetLastError());
}

static void test_environment(void)
{
    SYSTEM_INFO system;
    TP_CALLBACK_ENVIRON env = {
        .Version = 3, .CallbackPriority = TP_CALLBACK_PRIORITY_NORMAL, .Size = sizeof(env)};
    const size_t v1 = sizeof(void *) == 8 ? 64 : 32;
    char *pages;

    ok(sizeof(env) == (sizeof(void *) == 8 ? 72 : 40), "%Iu bytes\n", sizeof(env));
    ok(offsetof(TP_CALLBACK_ENVIRON, CallbackPriority) == (sizeof(void *) == 8 ? 60 : 32),
       "priority at %Iu\n", offsetof(TP_CALLBACK_ENVIRON, CallbackPriority));
    tally_init(&done, 0);
    expect_environment(&env, TRUE, "version 3");
    env.CallbackPriority = TP_CALLBACK_PRIORITY_INVALID;
    expect_environment(&env, FALSE, "priority 3");
    env.Version = 1;
    expect_environment(&env, TRUE, "version 1");
    todo_if(quwi_builtin())
    {
        env.Version = 9999;
        expect_environment(&env, FALSE, "version 9999");
        env.Version = 2;
        expect_environment(&env, FALSE, "version 2");
        env.Version = 0;
        expect_environment(&env, FALSE, "version 0");
    }
    GetSystemInfo(&system);
    pages = VirtualAlloc(NULL, 2 * system.dwPageSize, MEM_RESERVE, PAGE_NOACCESS);
    VirtualAlloc(pages, system.dwPageSize, MEM_COMMIT, PAGE_READWRITE);
    env.Version = 1;
    memcpy(pages + system.dwPageSize - v1, &env, v1);
    expect_environment((void *)(pages + system.dwPageSize - v1), TRUE, "version 1 at the end of a page");
    VirtualFree(pages, 0, MEM_RELEASE);
}

START_TEST(tp_pool)
{
    TP_CALLBACK_ENVIRON env;

    CloseThreadpool(pool_make(&env, 0, 1));
    test_maximum();
    test_one_thread();
    test_minimum();
    test_blocked();
    test_stack();
    test_errors();
    test_no_thread();
    test_environment();
}
