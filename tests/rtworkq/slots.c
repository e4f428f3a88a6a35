/*
 * slots.c: identifiers of private queues: how many there are, old ones, and old ones that are used while their place is
 * given to a new queue.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define SLOTS  4096
#define ROUNDS 3000

static DWORD queues[SLOTS];

/* Queues until there are no more. Returns how many. */
static int take_all(int used)
{
    while (used < SLOTS && RtwqAllocateWorkQueue(RTWQ_MULTITHREADED_WORKQUEUE, &queues[used]) == S_OK)
        used++;
    return used;
}

static void test_as_many_as_there_are(void)
{
    DWORD queue = 0, old;
    HRESULT hr;
    int i;

    ok(take_all(0) == SLOTS, "not so many queues\n");
    hr = RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
    ok(hr == E_FAIL, "got %#lx\n", hr);
    hr = RtwqAllocateSerialWorkQueue(queues[0], &queue);
    ok(hr == E_FAIL, "got %#lx\n", hr);

    old = queues[SLOTS / 2];
    RtwqUnlockWorkQueue(old);
    hr = RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
    ok(hr == S_OK, "got %#lx\n", hr);
    ok(HIWORD(queue) == HIWORD(old) && queue != old, "got %#lx after %#lx\n", queue, old);
    hr = RtwqLockWorkQueue(old);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    hr = RtwqUnlockWorkQueue(old);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    queue_flush(queue);
    RtwqUnlockWorkQueue(queue);
    queues[SLOTS / 2] = queues[SLOTS - 1];
    for (i = 0; i < SLOTS - 1; i++)
        RtwqUnlockWorkQueue(queues[i]);
    hr = RtwqUnlockWorkQueue(queues[0]);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
}

/* A queue that is gone but has a serial queue over it keeps its place, and what is queued runs. */
static void test_target_goes_first(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    DWORD target, serial;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &target);
    RtwqAllocateSerialWorkQueue(target, &serial);
    RtwqUnlockWorkQueue(target);
    hr = RtwqPutWorkItem(target, 0, result);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    hr = RtwqPutWorkItem(serial, 0, result);
    ok(hr == S_OK, "got %#lx\n", hr);
    RtwqUnlockWorkQueue(serial);
    callback_wait(&callback, 1);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* ---- old identifiers against new queues in the same place ---- */

static LONG old_queue; /* 0: the end */

static DWORD WINAPI use_old(void *param)
{
    IRtwqAsyncResult *result = param;
    DWORD queue, known = 0;
    HRESULT hr;

    while ((queue = (DWORD)InterlockedCompareExchange(&old_queue, 0, 0)) != 0) {
        hr = RtwqPutWorkItem(queue, 0, result);
        if (hr != RTWQ_E_INVALID_WORKQUEUE)
            break;
        known = queue;
    }
    ok(!queue, "an old queue took an item: %#lx\n", hr);
    return known;
}

/* One place is left: each new queue gets that. Whoever has its old identifiers may keep it for a moment. */
static DWORD allocate(RTWQ_WORKQUEUE_TYPE type)
{
    ULONGLONG start = GetTickCount64();
    DWORD queue = 0;
    HRESULT hr;

    do {
        hr = RtwqAllocateWorkQueue(type, &queue);
    } while (hr == E_FAIL && GetTickCount64() - start < DEADLINE_MS);
    ok(hr == S_OK, "got %#lx\n", hr);
    return queue;
}

static void test_old_against_new(void)
{
    struct callback callback, never;
    IRtwqAsyncResult *result, *result_never;
    HANDLE threads[2];
    DWORD queue, known;
    int i;

    callback_init(&callback);
    callback_init(&never);
    result = result_new(&callback);
    result_never = result_new(&never);
    ok(take_all(0) == SLOTS, "not so many queues\n");
    old_queue = (LONG)queues[SLOTS - 1];
    RtwqUnlockWorkQueue(queues[SLOTS - 1]);
    for (i = 0; i < 2; i++)
        threads[i] = CreateThread(NULL, 0, use_old, result_never, 0, NULL);
    for (i = 0; i < ROUNDS; i++) {
        queue = allocate(i & 1 ? RTWQ_MULTITHREADED_WORKQUEUE : RTWQ_STANDARD_WORKQUEUE);
        if (RtwqPutWorkItem(queue, 0, result) != S_OK)
            break;
        RtwqUnlockWorkQueue(queue);
        InterlockedExchange(&old_queue, (LONG)queue);
    }
    ok(i == ROUNDS, "round %d: a new queue took no item\n", i);
    callback_wait(&callback, i);
    InterlockedExchange(&old_queue, 0);
    for (i = 0; i < 2; i++) {
        wait_event(threads[i]);
        known = 0;
        GetExitCodeThread(threads[i], &known);
        ok(known != 0, "thread %d tried no old queue\n", i);
        CloseHandle(threads[i]);
    }
    for (i = 0; i < SLOTS - 1; i++)
        RtwqUnlockWorkQueue(queues[i]);
    IRtwqAsyncResult_Release(result);
    IRtwqAsyncResult_Release(result_never);
    callback_end(&callback);
    callback_end(&never);
    ok(!never.invoked, "an old queue invoked %ld times\n", never.invoked);
}

START_TEST(slots)
{
    if (!ours()) {
        skip("how many queues there are is ours, and the builtin keeps results of private queues\n");
        return;
    }
    start();
    test_as_many_as_there_are();
    test_target_goes_first();
    test_old_against_new();
    stop();
}
