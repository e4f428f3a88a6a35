/*
 * order.c: the order in which a queue runs its items: by priority, serial queues as they came.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define ORDERED 60

static struct {
    HANDLE entered, go;
    LONG count;
    LONG order[ORDERED];
} log_;

static void block(struct callback *callback, IRtwqAsyncResult *result)
{
    (void)callback;
    (void)result;
    SetEvent(log_.entered);
    wait_event(log_.go);
}

static void note(struct callback *callback, IRtwqAsyncResult *result)
{
    (void)result;
    log_.order[log_.count++] = (LONG)(LONG_PTR)callback->param;
}

/* Fills a serial queue while it is blocked, then looks at the order in which it ran. */
static void check_order(DWORD queue, BOOL strict)
{
    struct callback blocker, callbacks[ORDERED];
    IRtwqAsyncResult *result, *results[ORDERED];
    LONG expected[ORDERED], n = 0, priority, i;
    BOOL right;

    log_.entered = CreateEventA(NULL, FALSE, FALSE, NULL);
    log_.go = CreateEventA(NULL, TRUE, FALSE, NULL);
    log_.count = 0;
    callback_init(&blocker);
    blocker.fn = block;
    result = result_new(&blocker);
    RtwqPutWorkItem(queue, 1, result);
    wait_event(log_.entered);
    for (i = 0; i < ORDERED; i++) {
        callback_init(&callbacks[i]);
        callbacks[i].fn = note;
        callbacks[i].param = (void *)(LONG_PTR)i;
        results[i] = result_new(&callbacks[i]);
        RtwqPutWorkItem(queue, i % 3 - 1, results[i]);
    }
    if (strict) {
        for (priority = 1; priority >= -1; priority--)
            for (i = 0; i < ORDERED; i++)
                if (i % 3 - 1 == priority)
                    expected[n++] = i;
    } else {
        for (i = 0; i < ORDERED; i++)
            expected[i] = i;
    }
    SetEvent(log_.go);
    for (i = 0; i < ORDERED; i++) {
        callback_wait(&callbacks[i], 1);
        IRtwqAsyncResult_Release(results[i]);
        callback_end(&callbacks[i]);
    }
    IRtwqAsyncResult_Release(result);
    callback_end(&blocker);
    right = !memcmp(expected, log_.order, sizeof(expected));
    ok(right, "%s order: %ld %ld %ld ... %ld\n", strict ? "strict" : "fifo", log_.order[0], log_.order[1],
       log_.order[2], log_.order[ORDERED - 1]);
    CloseHandle(log_.entered);
    CloseHandle(log_.go);
}

static void test_private_priorities(void)
{
    DWORD queue;

    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
    check_order(queue, TRUE);
    RtwqUnlockWorkQueue(queue);
}

static void test_window_queue_priorities(void)
{
    DWORD queue;
    HRESULT hr;

    hr = RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queue);
    ok(hr == S_OK, "got %#lx\n", hr);
    check_order(queue, TRUE);
    RtwqUnlockWorkQueue(queue);
}

static void test_serial_queues(void)
{
    DWORD targets[] = {1, 2, 3, 4, 5, 7, 0, 0, 0}, chain[8], queue;
    HRESULT hr;
    unsigned i;

    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &targets[6]);
    RtwqAllocateWorkQueue(RTWQ_MULTITHREADED_WORKQUEUE, &targets[7]);
    RtwqLockSharedWorkQueue(L"", 0, NULL, &targets[8]);
    for (i = 0; i < ARRAY_SIZE(targets); i++) {
        hr = RtwqAllocateSerialWorkQueue(targets[i], &queue);
        ok(hr == S_OK, "target %#lx: got %#lx\n", targets[i], hr);
        RtwqUnlockWorkQueue(targets[i]); /* the serial queue holds it */
        check_order(queue, FALSE);
        RtwqUnlockWorkQueue(queue);
    }
    for (i = 0; i < ARRAY_SIZE(chain); i++) {
        hr = RtwqAllocateSerialWorkQueue(i ? chain[i - 1] : RTWQ_CALLBACK_QUEUE_MULTITHREADED, &chain[i]);
        ok(hr == S_OK, "got %#lx\n", hr);
    }
    for (i = 0; i + 1 < ARRAY_SIZE(chain); i++)
        RtwqUnlockWorkQueue(chain[i]);
    check_order(chain[i], FALSE);
    RtwqUnlockWorkQueue(chain[i]);
}

START_TEST(order)
{
    start();
    check_order(RTWQ_CALLBACK_QUEUE_STANDARD, TRUE);
    if (!ours() && winetest_platform_is_wine) {
        skip("the builtin keeps results of private queues, and hangs when these are unlocked\n");
    } else {
        test_private_priorities();
        test_window_queue_priorities();
        test_serial_queues();
    }
    stop();
}
