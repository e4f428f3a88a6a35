/*
 * quwi_errors.c: what QueueUserWorkItem refuses, and what it does when memory runs out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

static struct tally done;

static DWORD WINAPI count(void *context)
{
    (void)context;
    tally_add(&done, 1);
    return 0;
}

static BOOL try_queue(LPTHREAD_START_ROUTINE function, ULONG flags)
{
    SetLastError(0xdeadbeef);
    return QueueUserWorkItem(function, NULL, flags);
}

static void test_no_function(void)
{
    struct wq_counters before, after;
    unsigned i;
    BOOL ret;

    if (quwi_builtin()) {
        skip("the builtin takes it and crashes when it runs it\n");
        return;
    }
    quwi_flush();
    quwi_counters(&before);
    for (i = 0; i < QUWI_CLASSES; i++) {
        ret = try_queue(NULL, quwi_classes[i]);
        ok(!ret, "flags %lx: no failure\n", quwi_classes[i]);
        ok(GetLastError() == ERROR_INVALID_PARAMETER, "flags %lx: error %lu\n", quwi_classes[i],
           GetLastError());
    }
    if (quwi_counters(&after))
        ok(after.posted == before.posted && after.persistent_run == before.persistent_run,
           "something was queued: %I64u before, %I64u after\n", before.posted, after.posted);
    quwi_flush();
}

static void test_unknown_flags(void)
{
    ULONG bit;
    BOOL ret;

    tally_init(&done, 0);
    for (bit = 0x200; bit <= 0x8000; bit <<= 1) {
        ret = try_queue(count, bit | WT_EXECUTELONGFUNCTION);
        todo_wine_if(quwi_builtin()) ok(!ret || broken(ret), "flags %lx: no failure\n", bit);
        if (!ret)
            ok(GetLastError() == ERROR_INVALID_PARAMETER, "flags %lx: error %lu\n", bit, GetLastError());
    }
    quwi_flush();
    if (quwi_ours())
        ok(!done.count, "%ld items ran\n", done.count);
}

/* ---- no memory ---- */

/* In a process whose pool was never used nothing can be made. */
static void test_no_memory_first(void)
{
    unsigned i;
    BOOL ret;

    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    tally_init(&done, 0);
    for (i = 0; i < QUWI_CLASSES; i++) {
        ret = try_queue(count, quwi_classes[i]);
        ok(!ret, "flags %lx: no failure\n", quwi_classes[i]);
        ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "flags %lx: error %lu\n", quwi_classes[i],
           GetLastError());
    }
    quwi_fault(WQ_FAULT_MEMORY, 0);
    quwi_flush();
    ok(!done.count, "%ld items ran\n", done.count);
}

/* Later the default class has memory in store; all others need some for each item. */
static void test_no_memory_later(void)
{
    DWORD before, after;
    unsigned i;
    BOOL ret;

    quwi_flush();
    succeeds(ImpersonateSelf(SecurityImpersonation));
    GetProcessHandleCount(GetCurrentProcess(), &before);
    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    tally_init(&done, 0);
    for (i = 0; i < 2 * QUWI_CLASSES; i++) {
        ULONG flags = quwi_classes[i % QUWI_CLASSES] | (i < QUWI_CLASSES ? 0 : WT_TRANSFER_IMPERSONATION);

        if (!flags)
            continue;
        ret = try_queue(count, flags);
        ok(!ret, "flags %lx: no failure\n", flags);
        ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "flags %lx: error %lu\n", flags, GetLastError());
    }
    quwi_fault(WQ_FAULT_MEMORY, 0);
    GetProcessHandleCount(GetCurrentProcess(), &after);
    ok(after <= before, "%lu handles before, %lu after\n", before, after);
    RevertToSelf();
    quwi_flush();
    ok(!done.count, "%ld items ran\n", done.count);
}

static struct tally inside, left;
static HANDLE leave;

static DWORD WINAPI block(void *context)
{
    (void)context;
    tally_add(&inside, 1);
    handle_wait(leave, "leave");
    tally_add(&left, 1);
    return 0;
}

/* With all workers blocked the stored memory is used up at some time; what was taken runs nevertheless. */
static void test_no_memory_flood(void)
{
    LONG taken = 0, i;

    leave = CreateEventA(NULL, TRUE, FALSE, NULL);
    tally_init(&inside, 2);
    tally_init(&left, 4);
    for (i = 0; i < 4; i++)
        queue(block, 0, 0);
    tally_wait(&inside, "blocking items");
    tally_init(&done, MAXLONG);
    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    quwi_fault(WQ_FAULT_THREAD, UINT32_MAX); /* nobody shall come and empty the queue */
    for (i = 0; i < 1000000; i++) {
        SetLastError(0xdeadbeef);
        if (!QueueUserWorkItem(count, NULL, 0))
            break;
        taken++;
    }
    if (i < 1000000)
        ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %lu after %ld\n", GetLastError(), i);
    else
        skip("a million items found memory\n");
    quwi_fault(WQ_FAULT_MEMORY, 0);
    quwi_fault(WQ_FAULT_THREAD, 0);
    InterlockedExchange(&done.target, taken);
    SetEvent(leave);
    tally_wait(&done, "items that were taken");
    tally_wait(&left, "blocking items that have left");
    quwi_flush();
    ok(done.count == taken, "%ld taken, %ld ran\n", taken, done.count);
    CloseHandle(leave);
}

static LONG nested_taken;

static DWORD WINAPI queue_many(void *context)
{
    LONG i;

    (void)context;
    for (i = 0; i < 100000 && QueueUserWorkItem(count, NULL, 0); i++) {}
    nested_taken = i;
    tally_add(&inside, 1);
    return 0;
}

/* The same from a callback: a worker has a queue of its own. */
static void test_no_memory_nested(void)
{
    tally_init(&inside, 1);
    tally_init(&done, MAXLONG);
    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    queue(queue_many, 0, 0);
    tally_wait(&inside, "the callback that queues");
    quwi_fault(WQ_FAULT_MEMORY, 0);
    InterlockedExchange(&done.target, nested_taken);
    tally_wait(&done, "items that were taken");
    quwi_flush();
    ok(done.count == nested_taken, "%ld taken, %ld ran\n", nested_taken, done.count);
}

START_TEST(quwi_errors)
{
    if (quwi_ours()) {
        test_no_memory_first();
        test_no_memory_later();
        test_no_memory_flood();
        test_no_memory_nested();
    } else {
        skip("failures can be injected into our modules only\n");
    }
    test_no_function();
    test_unknown_flags();
}
