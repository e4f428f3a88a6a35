/*
 * deadline.c: deadlines of queues: the earliest runs first, missed ones are counted.
 *
 * The core has one worker here, so that what is queued runs in an order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define QUEUES 40
#define MINUTE 600000000ll

static struct callback blocker, callbacks[QUEUES];
static IRtwqAsyncResult *blocker_result, *results[QUEUES];
static HANDLE entered, go, requests[QUEUES];
static DWORD queues[QUEUES];
static LONG order[QUEUES], count;

static void block(struct callback *callback, IRtwqAsyncResult *result)
{
    (void)callback;
    (void)result;
    SetEvent(entered);
    wait_event(go);
}

/* Occupies a queue; what is queued over it waits until run(). */
static void begin(DWORD queue)
{
    count = 0;
    callback_init(&blocker);
    blocker.fn = block;
    blocker_result = result_new(&blocker);
    RtwqPutWorkItem(queue, 0, blocker_result);
    wait_event(entered);
}

static void note(struct callback *callback, IRtwqAsyncResult *result)
{
    (void)result;
    order[count++] = (LONG)(LONG_PTR)callback->param;
}

static void put(int i)
{
    HRESULT hr;

    callback_init(&callbacks[i]);
    callbacks[i].fn = note;
    callbacks[i].param = (void *)(LONG_PTR)i;
    results[i] = result_new(&callbacks[i]);
    hr = RtwqPutWorkItem(queues[i], 0, results[i]);
    ok(hr == S_OK, "got %#lx\n", hr);
}

/* Lets `items` items run and gives the queues up. */
static void run(int items)
{
    SetEvent(go);
    for (int i = 0; i < items; i++) {
        callback_wait(&callbacks[i], 1);
        IRtwqAsyncResult_Release(results[i]);
        callback_end(&callbacks[i]);
        RtwqUnlockWorkQueue(queues[i]);
    }
    callback_wait(&blocker, 1);
    IRtwqAsyncResult_Release(blocker_result);
    callback_end(&blocker);
}

static void set(int i, LONGLONG hns)
{
    HRESULT hr = RtwqSetDeadline(queues[i], hns, &requests[i]);

    ok(hr == S_OK, "got %#lx\n", hr);
}

static void cancel(int i)
{
    HRESULT hr = RtwqCancelDeadline(requests[i]);

    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqCancelDeadline(requests[i]);
    ok(hr == E_INVALIDARG, "got %#lx\n", hr);
}

/* In no order, all different. */
static int minutes(int i)
{
    return 1 + i * 17 % QUEUES;
}

static void check_order(const char *what)
{
    ok(count == QUEUES, "%s: %ld ran\n", what, count);
    for (int i = 1; i < QUEUES; i++)
        ok(minutes(order[i - 1]) < minutes(order[i]), "%s: queue %ld ran before queue %ld\n", what,
           order[i - 1], order[i]);
}

/* Serial queues over one standard queue. */
static void test_serial_queues(void)
{
    DWORD base;

    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &base);
    begin(base);
    for (int i = 0; i < QUEUES; i++) {
        RtwqAllocateSerialWorkQueue(base, &queues[i]);
        if (i % 2) /* before or after there is something to do */
            set(i, minutes(i) * MINUTE);
        put(i);
        if (!(i % 2))
            set(i, minutes(i) * MINUTE);
    }
    run(QUEUES);
    check_order("serial");
    for (int i = 0; i < QUEUES; i++)
        ok(RtwqCancelDeadline(requests[i]) == E_INVALIDARG, "the request outlives its queue\n");
    RtwqUnlockWorkQueue(base);
}

/* Puts a private queue into a class. */
static void join_class(DWORD queue, const WCHAR *name)
{
    struct callback callback;
    HRESULT hr;

    callback_init(&callback);
    hr = RtwqBeginRegisterWorkQueueWithMMCSS(queue, name, 0, 0, &callback.iface, NULL);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    callback_end(&callback);
}

/* The queues of a class, of all types, shared queues too. */
static void test_class(void)
{
    int i;

    for (i = 1; i < QUEUES; i++) {
        RtwqAllocateWorkQueue(i % 2 ? RTWQ_MULTITHREADED_WORKQUEUE : RTWQ_STANDARD_WORKQUEUE, &queues[i]);
        if (i % 3)
            set(i, minutes(i) * MINUTE);
        join_class(queues[i], L"Games");
        if (!(i % 3)) /* a queue that joins takes its deadline along */
            set(i, minutes(i) * MINUTE);
    }
    RtwqLockSharedWorkQueue(L"Games", 0, NULL, &queues[0]);
    set(0, minutes(0) * MINUTE);
    begin(RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    for (i = 0; i < QUEUES; i++)
        put(i);
    run(QUEUES);
    check_order("class");
}

/* The earliest deadline of a queue counts; without one it comes last. */
static void test_change(void)
{
    static const LONG expected[] = {3, 1, 2, 0};
    HANDLE extra;
    DWORD base;

    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &base);
    begin(base);
    for (int i = 0; i < 4; i++) {
        RtwqAllocateSerialWorkQueue(base, &queues[i]);
        put(i);
        set(i, (i + 1) * MINUTE);
    }
    ok(RtwqSetDeadline2(queues[3], MINUTE / 2, MINUTE / 4, &extra) == S_OK, "not set\n");
    cancel(0);
    set(1, MINUTE); /* besides the later one */
    run(4);
    ok(!memcmp(order, expected, sizeof(expected)), "order %ld %ld %ld %ld\n", order[0], order[1], order[2],
       order[3]);
    RtwqUnlockWorkQueue(base);
}

/* A chain of serial queues is as urgent as its last one, and no longer so afterwards. */
static void test_chain(void)
{
    static const LONG before[] = {1, 0}, after[] = {0, 1};
    DWORD base, middle;

    for (int turn = 0; turn < 2; turn++) {
        RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &base);
        RtwqAllocateSerialWorkQueue(base, &middle);
        RtwqAllocateSerialWorkQueue(base, &queues[0]);
        RtwqAllocateSerialWorkQueue(middle, &queues[1]);
        begin(base);
        set(0, 5 * MINUTE);
        set(1, MINUTE);
        if (turn)
            cancel(1);
        put(0);
        put(1);
        run(2);
        ok(!memcmp(order, turn ? after : before, sizeof(before)), "turn %d: order %ld %ld\n", turn, order[0],
           order[1]);
        RtwqUnlockWorkQueue(middle);
        RtwqUnlockWorkQueue(base);
    }
}

static void test_errors(void)
{
    HANDLE request;
    HRESULT hr;

    hr = RtwqSetDeadline(0xdead0000, 10000, &request);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    ok(RtwqSetDeadline(1, 10000, NULL) == E_POINTER, "NULL was accepted\n");
    ok(RtwqSetDeadline(1, -1, &request) == E_INVALIDARG, "a negative time was accepted\n");
    ok(RtwqSetDeadline2(1, 5, 6, &request) == E_INVALIDARG, "accepted\n");
    ok(RtwqSetDeadline2(1, 5, -1, &request) == E_INVALIDARG, "accepted\n");
    ok(RtwqCancelDeadline(NULL) == E_INVALIDARG, "accepted\n");
    ok(RtwqCancelDeadline((HANDLE)0xdead0000) == E_INVALIDARG, "accepted\n");
}

/* A callback ends its own queue's deadline and sets the next one, as a stream does with each buffer. */
static void next_buffer(struct callback *callback, IRtwqAsyncResult *result)
{
    LONG *left = callback->param;

    cancel(0);
    set(0, MINUTE);
    if (--*left)
        ok(RtwqPutWorkItem(queues[0], 0, result) == S_OK, "not put\n");
}

static void test_inside(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    LONG left = 50;

    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queues[0]);
    callback_init(&callback);
    callback.fn = next_buffer;
    callback.param = &left;
    result = result_new(&callback);
    set(0, MINUTE);
    RtwqPutWorkItem(queues[0], 0, result);
    callback_wait(&callback, 50);
    cancel(0);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    RtwqUnlockWorkQueue(queues[0]);
}

/* Deadlines come and go while queues with items do. */
static DWORD WINAPI race(void *param)
{
    unsigned random = (unsigned)(ULONG_PTR)param;
    DWORD base = RTWQ_CALLBACK_QUEUE_STANDARD + random % 2, queue;
    struct callback callback;
    IRtwqAsyncResult *result;
    HANDLE request[3];
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    for (int i = 0; i < 150; i++) {
        RtwqAllocateSerialWorkQueue(base, &queue);
        for (int k = 0; k < 3; k++) {
            random = random * 1103515245 + 12345;
            hr = RtwqSetDeadline(queue, random >> 16, &request[k]); /* up to 6.5 ms */
            ok(hr == S_OK, "got %#lx\n", hr);
        }
        RtwqPutWorkItem(queue, 0, result);
        ok(RtwqCancelDeadline(request[i % 3]) == S_OK, "not cancelled\n");
        RtwqUnlockWorkQueue(queue);
        hr = RtwqCancelDeadline(request[(i + 1) % 3]);
        ok(hr == E_INVALIDARG, "got %#lx\n", hr);
    }
    callback_wait(&callback, 150);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    return 0;
}

static void test_race(void)
{
    HANDLE threads[3];

    for (int i = 0; i < 3; i++)
        threads[i] = CreateThread(NULL, 0, race, (void *)(LONG_PTR)(i + 5), 0, NULL);
    for (int i = 0; i < 3; i++) {
        wait_event(threads[i]);
        CloseHandle(threads[i]);
    }
}

/* The platform's end ends them. */
static void test_shutdown(void)
{
    start();
    queues[0] = RTWQ_CALLBACK_QUEUE_STANDARD;
    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queues[1]);
    set(0, MINUTE);
    set(1, MINUTE);
    stop();
    for (int i = 0; i < 2; i++)
        ok(RtwqCancelDeadline(requests[i]) == E_INVALIDARG, "still there\n");
    ok(RtwqSetDeadline(1, MINUTE, &requests[0]) == RTWQ_E_SHUTDOWN, "set\n");
}

START_TEST(deadline)
{
    HANDLE request;

    SetEnvironmentVariableA("WQSHIM_MAX_WORKERS", "1");
    start();
    if (!ours()) {
        todo_wine ok(RtwqSetDeadline(1, 10000, &request) == S_OK, "no deadlines\n");
        stop();
        return;
    }
    entered = CreateEventA(NULL, FALSE, FALSE, NULL);
    go = CreateEventA(NULL, FALSE, FALSE, NULL);
    test_serial_queues();
    test_class();
    test_change();
    test_chain();
    test_errors();
    test_inside();
    test_race();
    stop();
    test_shutdown();
    CloseHandle(entered);
    CloseHandle(go);
}
