/*
 * tp_work.c: work objects: every submission gives one callback, in parallel, in turns; waiting and closing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static struct tally done, running;
static PTP_WORK expected;

static void CALLBACK count(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    ok(instance != NULL, "no instance\n");
    ok(context == (void *)0x1234, "context %p\n", context);
    ok(work == expected, "work %p, made was %p\n", work, expected);
    tally_add(&done, 1);
}

static void test_basic(void)
{
    uint32_t before;
    PTP_WORK work;
    unsigned i;

    CloseThreadpoolWork(work_make(count, NULL, NULL)); /* the first one makes the pool */
    before = pool_blocks();
    tally_init(&done, 0);
    SetLastError(0xdeadbeef);
    work = expected = work_make(count, (void *)0x1234, NULL);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    WaitForThreadpoolWorkCallbacks(work, TRUE);
    for (i = 0; i < 1000; i++)
        SubmitThreadpoolWork(work);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    ok(done.count == 1000, "%ld callbacks\n", done.count);
    SubmitThreadpoolWork(work);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    ok(done.count == 1001, "%ld callbacks\n", done.count);
    CloseThreadpoolWork(work);
    ok(GetLastError() == 0xdeadbeef, "last error %lu\n", GetLastError());
    blocks_return(before);
}

/* ---- parallel, blocked ---- */

#define BLOCKED 40

static HANDLE go;

static void CALLBACK wait_for_go(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    tally_add(&running, 1);
    WaitForSingleObject(go, QUWI_DEADLINE);
    tally_add(&running, -1);
}

/* All submissions of one object run at a time, though each waits. */
static void test_parallel(void)
{
    PTP_WORK work = work_make(wait_for_go, NULL, NULL);
    unsigned i;

    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    tally_init(&running, BLOCKED);
    for (i = 0; i < BLOCKED; i++)
        SubmitThreadpoolWork(work);
    todo_if(quwi_builtin()) ok(tally_reached(&running, quwi_builtin() ? 300 : QUWI_DEADLINE),
                               "%ld of %u run\n", running.count, BLOCKED);
    SetEvent(go);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    ok(!running.count, "%ld still run\n", running.count);
    CloseThreadpoolWork(work);
    CloseHandle(go);
}

/* ---- many ---- */

#define SUBMITTERS 4
#define EACH       250000

static volatile LONG plain;

static void CALLBACK add(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    InterlockedIncrement(&plain);
}

static DWORD WINAPI submit_many(void *param)
{
    unsigned i, n = quwi_builtin() ? EACH / 100 : EACH;

    for (i = 0; i < n; i++)
        SubmitThreadpoolWork(param);
    return n;
}

static void test_many(void)
{
    PTP_WORK work = work_make(add, NULL, NULL);
    HANDLE threads[SUBMITTERS];
    LONG total = 0, seen;
    DWORD n;
    unsigned i;

    plain = 0;
    for (i = 0; i < SUBMITTERS; i++)
        threads[i] = CreateThread(NULL, 0, submit_many, work, 0, NULL);
    for (i = 0; i < SUBMITTERS; i++) {
        WaitForSingleObject(threads[i], QUWI_DEADLINE);
        GetExitCodeThread(threads[i], &n);
        CloseHandle(threads[i]);
        total += (LONG)n;
    }
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    ok(plain == total, "%ld callbacks of %ld\n", plain, total);

    for (i = 0; i < 100; i++) {
        unsigned j;

        for (j = 0; j < 500; j++)
            SubmitThreadpoolWork(work);
        WaitForThreadpoolWorkCallbacks(work, TRUE);
        seen = plain;
        YieldProcessor();
        ok(plain == seen, "round %u: a callback began after the wait\n", i);
    }
    CloseThreadpoolWork(work);
}

/* ---- waiting with cancel ---- */

static void test_cancel(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    PTP_WORK work = work_make(count, (void *)0x1234, &env);
    struct blocker blocker;
    unsigned i;

    expected = work;
    tally_init(&done, 1);
    blocker_start(&blocker, &env);
    for (i = 0; i < 10; i++)
        SubmitThreadpoolWork(work);
    WaitForThreadpoolWorkCallbacks(work, TRUE);
    ok(!done.count, "%ld callbacks ran on a thread that is blocked\n", done.count);
    SubmitThreadpoolWork(work);
    blocker_release(&blocker);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    ok(done.count == 1, "%ld callbacks\n", done.count);
    CloseThreadpoolWork(work);
    CloseThreadpool(pool);
}

/* ---- turns and priorities ---- */

static volatile LONG place;
static char order[64];

static void CALLBACK note(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)work;
    order[place++] = (char)(ULONG_PTR)context;
}

static void CALLBACK note_simple(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    order[place++] = (char)(ULONG_PTR)context;
}

static void test_turns(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    PTP_WORK a = work_make(note, (void *)'A', &env), b = work_make(note, (void *)'B', &env);
    struct blocker blocker;
    unsigned i;

    place = 0;
    memset(order, 0, sizeof(order));
    blocker_start(&blocker, &env);
    for (i = 0; i < 6; i++)
        SubmitThreadpoolWork(a);
    for (i = 0; i < 6; i++)
        SubmitThreadpoolWork(b);
    blocker_release(&blocker);
    WaitForThreadpoolWorkCallbacks(a, FALSE);
    WaitForThreadpoolWorkCallbacks(b, FALSE);
    ok(!strcmp(order, "ABABABABABAB"), "the order was %s\n", order);
    CloseThreadpoolWork(a);
    CloseThreadpoolWork(b);
    CloseThreadpool(pool);
}

static void test_priorities(void)
{
    static const TP_CALLBACK_PRIORITY priorities[] = {TP_CALLBACK_PRIORITY_LOW, TP_CALLBACK_PRIORITY_NORMAL,
                                                      TP_CALLBACK_PRIORITY_HIGH};
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    struct blocker blocker;
    unsigned i, j;

    place = 0;
    memset(order, 0, sizeof(order));
    blocker_start(&blocker, &env);
    for (i = 0; i < ARRAY_SIZE(priorities); i++) {
        env.CallbackPriority = priorities[i];
        for (j = 0; j < 3; j++)
            succeeds(TrySubmitThreadpoolCallback(note_simple, (void *)(ULONG_PTR)("lLnNhH"[2 * i] + (char)j),
                                                 &env));
    }
    env.CallbackPriority = TP_CALLBACK_PRIORITY_LOW;
    {
        struct blocker last;

        SetEvent(blocker.release);
        blocker_start(&last, &env); /* it comes after all others */
        ok(!strcmp(order, "hijnoplmn"), "the order was %s\n", order);
        blocker_release(&last);
    }
    blocker_release(&blocker);
    CloseThreadpool(pool);
}

/* ---- closing ---- */

static void CALLBACK close_itself(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    CloseThreadpoolWork(work);
    tally_add(&done, 1);
}

static void CALLBACK count_plain(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    tally_add(&done, 1);
}

static void test_close(void)
{
    uint32_t before = pool_blocks();
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool;
    struct blocker blocker;
    PTP_WORK work;
    unsigned i;

    tally_init(&done, 100);
    for (i = 0; i < 100; i++)
        SubmitThreadpoolWork(work_make(close_itself, NULL, NULL));
    tally_wait(&done, "callbacks that close their objects");

    tally_init(&done, 100);
    for (i = 0; i < 100; i++) {
        work = work_make(count_plain, NULL, NULL);
        SubmitThreadpoolWork(work);
        CloseThreadpoolWork(work);
    }
    tally_wait(&done, "callbacks of closed objects");

    pool = pool_make(&env, 0, 1);
    tally_init(&done, 4);
    blocker_start(&blocker, &env);
    work = work_make(count_plain, NULL, &env);
    for (i = 0; i < 4; i++)
        SubmitThreadpoolWork(work);
    CloseThreadpoolWork(work);
    CloseThreadpool(pool);
    ok(!done.count, "%ld callbacks\n", done.count);
    blocker_release(&blocker);
    tally_wait(&done, "callbacks of a closed object");
    blocks_return(before);
}

/* ---- bad use ---- */

static void submit_bad(void *param)
{
    SubmitThreadpoolWork(param);
}

static void close_bad(void *param)
{
    CloseThreadpoolWork(param);
}

static void wait_bad(void *param)
{
    WaitForThreadpoolWorkCallbacks(param, FALSE);
}

static void test_errors(void)
{
    PTP_WORK work = work_make(count_plain, NULL, NULL);

    if (quwi_builtin()) {
        skip("Wine's builtin reads and writes through what it gets\n");
        CloseThreadpoolWork(work);
        return;
    }
    SetLastError(0xdeadbeef);
    ok(!CreateThreadpoolWork(NULL, NULL, NULL), "made without a callback\n");
    ok(GetLastError() == ERROR_INVALID_PARAMETER, "error %lu\n", GetLastError());
    SetLastError(0xdeadbeef);
    ok(!TrySubmitThreadpoolCallback(NULL, NULL, NULL), "submitted without a callback\n");
    ok(GetLastError() == ERROR_INVALID_PARAMETER, "error %lu\n", GetLastError());
    CloseThreadpoolWork(work);
    ok(raises(submit_bad, work, NULL) == 0xC000000D, "submit: a closed object\n");
    ok(raises(close_bad, work, NULL) == 0xC000000D, "close: a closed object\n");
    ok(raises(wait_bad, work, NULL) == 0xC000000D, "wait: a closed object\n");
    ok(raises(submit_bad, NULL, NULL) == 0xC000000D, "submit: NULL\n");
    ok(raises(close_bad, NULL, NULL) == 0xC000000D, "close: NULL\n");
    quwi_fault(WQ_FAULT_MEMORY, 1);
    ok(!CreateThreadpoolWork(count_plain, NULL, NULL), "made without memory\n");
    quwi_fault(WQ_FAULT_MEMORY, 0);
    ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %lu\n", GetLastError());
    quwi_fault(WQ_FAULT_MEMORY, 1);
    ok(!TrySubmitThreadpoolCallback(note_simple, NULL, NULL), "submitted without memory\n");
    quwi_fault(WQ_FAULT_MEMORY, 0);
    ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %lu\n", GetLastError());
}

/* Submissions and callbacks that submit while another thread waits with cancel; the last one closes. */
static void CALLBACK resubmit(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    if (tally_add(&done, 1) % 3)
        SubmitThreadpoolWork(work);
}

static void test_random(void)
{
    uint32_t before = pool_blocks();
    PTP_WORK work[8];
    unsigned i, j, seed = 1;

    tally_init(&done, 0);
    for (i = 0; i < 300; i++) {
        for (j = 0; j < ARRAY_SIZE(work); j++)
            work[j] = work_make(resubmit, NULL, NULL);
        for (j = 0; j < 64; j++) {
            seed = seed * 1103515245 + 12345;
            SubmitThreadpoolWork(work[seed >> 16 & 7]);
            if ((seed >> 20 & 15) == 0)
                WaitForThreadpoolWorkCallbacks(work[seed >> 24 & 7], seed >> 28 & 1);
        }
        for (j = 0; j < ARRAY_SIZE(work); j++) {
            WaitForThreadpoolWorkCallbacks(work[j], TRUE);
            CloseThreadpoolWork(work[j]);
        }
    }
    blocks_return(before);
}

START_TEST(tp_work)
{
    test_basic();
    test_parallel();
    test_many();
    test_cancel();
    test_turns();
    test_priorities();
    test_close();
    test_errors();
    test_random();
}
