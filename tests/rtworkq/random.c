/*
 * random.c: random operations on queues and items, from several threads, against a model that counts what
 * must come of them.
 *
 * The seed is printed; WQ_SEED repeats a run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#include <stdio.h>

#define THREADS 3
#define STEPS   1500
#define QUEUES  6
#define KEYS    32

struct actor {
    unsigned random;
    struct callback plain, cancellable;
    DWORD queues[QUEUES];
    RTWQWORKITEM_KEY keys[KEYS];
    HANDLE event; /* manual reset: what waits for it comes in the end */
    LONG put;     /* items of `plain` that were accepted */
    LONG armed;   /* waiting items that were accepted */
    LONG timers;  /* scheduled items that were accepted */
    LONG timers_cancelled;
    LONG cancelled; /* callbacks of `cancellable` with that status */
};

static unsigned next(struct actor *actor, unsigned limit)
{
    actor->random = actor->random * 1103515245 + 12345;
    return (actor->random >> 8) % limit;
}

static DWORD any_queue(struct actor *actor)
{
    unsigned i = next(actor, QUEUES + 6);

    return i < QUEUES ? actor->queues[i] : i - QUEUES;
}

static void count_cancelled(struct callback *callback, IRtwqAsyncResult *result)
{
    struct actor *actor = callback->param;

    if (IRtwqAsyncResult_GetStatus(result) == RTWQ_E_OPERATION_CANCELLED)
        InterlockedIncrement(&actor->cancelled);
}

static void step_queue(struct actor *actor)
{
    unsigned i = next(actor, QUEUES);
    HRESULT hr;

    if (actor->queues[i]) {
        hr = RtwqUnlockWorkQueue(actor->queues[i]);
        ok(hr == S_OK, "got %#lx\n", hr);
        hr = RtwqLockWorkQueue(actor->queues[i]);
        ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
        actor->queues[i] = 0;
    } else if (next(actor, 2)) {
        hr = RtwqAllocateWorkQueue(next(actor, 8) ? RTWQ_STANDARD_WORKQUEUE + 2 * (int)next(actor, 2)
                                                  : RTWQ_WINDOW_WORKQUEUE,
                                   &actor->queues[i]);
        ok(hr == S_OK, "got %#lx\n", hr);
    } else {
        hr = RtwqAllocateSerialWorkQueue(any_queue(actor), &actor->queues[i]);
        ok(hr == S_OK || hr == E_INVALIDARG, "got %#lx\n", hr); /* over a window queue */
        if (hr != S_OK)
            actor->queues[i] = 0;
    }
}

static void step_put(struct actor *actor)
{
    struct callback *callback = &actor->plain;
    IRtwqAsyncResult *result = result_new(callback);
    LONG count = (LONG)next(actor, 4) + 1, i;
    HRESULT hr;

    for (i = 0; i < count; i++) {
        hr = RtwqPutWorkItem(any_queue(actor), (LONG)next(actor, 3) - 1, result);
        ok(hr == S_OK, "got %#lx\n", hr);
        actor->put++;
    }
    IRtwqAsyncResult_Release(result);
}

static void step_pending(struct actor *actor)
{
    RTWQWORKITEM_KEY *key = &actor->keys[next(actor, KEYS)];
    IRtwqAsyncResult *result = result_new(&actor->cancellable);
    HRESULT hr;

    if (next(actor, 2)) {
        hr = RtwqPutWaitingWorkItem(actor->event, 0, result, key);
        actor->armed++;
    } else {
        hr = RtwqScheduleWorkItem(result, -(INT64)next(actor, 30), key);
        actor->timers++;
        *key |= (RTWQWORKITEM_KEY)1 << 63; /* to know it by */
    }
    ok(hr == S_OK, "got %#lx\n", hr);
    IRtwqAsyncResult_Release(result);
}

static void step_cancel(struct actor *actor)
{
    RTWQWORKITEM_KEY *key = &actor->keys[next(actor, KEYS)], value = *key & ~((RTWQWORKITEM_KEY)1 << 63);
    HRESULT hr = RtwqCancelWorkItem(value);

    ok(hr == S_OK || hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    if (hr == S_OK && *key != value)
        actor->timers_cancelled++;
    *key = 0;
}

static void step_deadline(struct actor *actor)
{
    HANDLE request;
    HRESULT hr = RtwqSetDeadline(any_queue(actor), next(actor, 100000), &request);

    ok(hr == S_OK, "got %#lx\n", hr);
    if (next(actor, 2)) {
        hr = RtwqCancelDeadline(request);
        ok(hr == S_OK, "got %#lx\n", hr);
    }
}

static DWORD WINAPI act(void *param)
{
    struct actor *actor = param;
    LONG expected;
    int i;

    for (i = 0; i < STEPS; i++) {
        unsigned what = next(actor, 10);

        if (what < 1)
            step_queue(actor);
        else if (what < 6)
            step_put(actor);
        else if (what < 8)
            step_pending(actor);
        else if (what < 9)
            step_cancel(actor);
        else
            step_deadline(actor);
    }
    SetEvent(actor->event);
    for (i = 0; i < QUEUES; i++)
        if (actor->queues[i])
            ok(RtwqUnlockWorkQueue(actor->queues[i]) == S_OK, "not unlocked\n");
    callback_wait(&actor->plain, actor->put);
    expected = actor->armed + actor->timers - actor->timers_cancelled;
    callback_wait(&actor->cancellable, expected);
    callback_end(&actor->plain);
    callback_end(&actor->cancellable);
    ok(actor->plain.invoked == actor->put, "%ld put, %ld invoked\n", actor->put, actor->plain.invoked);
    ok(actor->cancellable.invoked == expected, "%ld expected, %ld invoked\n", expected,
       actor->cancellable.invoked);
    return 0;
}

static void test_random(unsigned seed)
{
    static struct actor actors[THREADS];
    HANDLE threads[THREADS];
    int i;

    winetest_push_context("seed %u", seed);
    start();
    memset(actors, 0, sizeof(actors));
    for (i = 0; i < THREADS; i++) {
        actors[i].random = seed * 31 + (unsigned)i;
        actors[i].event = CreateEventA(NULL, TRUE, FALSE, NULL);
        callback_init(&actors[i].plain);
        callback_init_queue(&actors[i].cancellable, i & 1 ? RTWQ_BLOCKING_CALLBACK : 0,
                            RTWQ_CALLBACK_QUEUE_MULTITHREADED);
        actors[i].cancellable.fn = count_cancelled;
        actors[i].cancellable.param = &actors[i];
        threads[i] = CreateThread(NULL, 0, act, &actors[i], 0, NULL);
    }
    for (i = 0; i < THREADS; i++) {
        DWORD ret = WaitForSingleObject(threads[i], 4 * DEADLINE_MS);

        ok(!ret, "actor %d does not end: %ld put, %ld invoked\n", i, actors[i].put, actors[i].plain.invoked);
        CloseHandle(threads[i]);
        CloseHandle(actors[i].event);
    }
    stop();
    winetest_pop_context();
}

START_TEST(random)
{
    const char *seed = getenv("WQ_SEED");
    unsigned i;

    if (!ours() && winetest_platform_is_wine) {
        skip("the builtin loses items\n");
        return;
    }
    if (seed) {
        test_random((unsigned)atoi(seed));
    } else {
        for (i = 1; i <= 5; i++)
            test_random(i);
        test_random(GetTickCount());
    }
}
