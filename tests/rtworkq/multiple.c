/*
 * multiple.c: items that wait for any of several events: one callback, one signal consumed.
 *
 * Windows 11 has no such exports any more, Wine's builtin has ones that end the program, and nobody has
 * published what they take: tested is what our module does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define MOST 63u

static HRESULT(WINAPI *put_multiple)(DWORD count, const HANDLE *events, LONG priority,
                                     IRtwqAsyncResult *result, RTWQWORKITEM_KEY *key);
static HRESULT(WINAPI *cancel_multiple)(RTWQWORKITEM_KEY key);

static HANDLE events[MOST + 1];

/* Takes all signals; returns how many there were. */
static unsigned signals_left(unsigned count)
{
    unsigned left = 0;

    for (unsigned i = 0; i < count; i++)
        left += !WaitForSingleObject(events[i], 0);
    return left;
}

static void signal_all(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        SetEvent(events[i]);
}

/* Whatever is signalled when, of all signals one is gone. */
static void test_one_signal(void)
{
    static const unsigned counts[] = {1, 2, 3, 10, MOST};
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    result = result_new(&callback);
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(counts); i++) {
        unsigned count = counts[i / 2], left;
        HRESULT hr;

        if (i & 1)
            signal_all(count);
        hr = put_multiple(count, events, 0, result, i & 2 ? &key : NULL);
        ok(hr == S_OK, "got %#lx\n", hr);
        if (!(i & 1))
            SetEvent(events[count / 2]);
        callback_wait(&callback, 1);
        ok(callback.status == S_OK, "status %#lx\n", callback.status);
        ok(callback.invoked == (LONG)i + 1, "invoked %ld times\n", callback.invoked);
        if (!(i & 1))
            signal_all(count);
        left = signals_left(count);
        ok(left == (i & 1 ? count - 1 : count), "%u of %u signals left\n", left, count);
        if (i & 2) {
            hr = cancel_multiple(key);
            ok(hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
        }
    }
    queue_flush(RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    ok(callback.invoked == 2 * ARRAY_SIZE(counts), "invoked %ld times\n", callback.invoked);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* An event that is NULL is never signalled; one may stand there twice. */
static void test_odd_arrays(void)
{
    HANDLE odd[] = {NULL, events[0], NULL, events[1], events[0]}, none[] = {NULL, NULL};
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;

    callback_init(&callback);
    result = result_new(&callback);
    for (unsigned i = 0; i < 2; i++) {
        ok(put_multiple(ARRAY_SIZE(odd), odd, 0, result, &key) == S_OK, "not put\n");
        SetEvent(events[i]);
        callback_wait(&callback, 1);
        ok(!signals_left(2), "not consumed\n");
    }
    ok(put_multiple(ARRAY_SIZE(none), none, 0, result, &key) == S_OK, "not put\n");
    ok(cancel_multiple(key) == S_OK, "not cancelled\n");
    callback_wait(&callback, 1);
    ok(callback.status == RTWQ_E_OPERATION_CANCELLED, "status %#lx\n", callback.status);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static void test_cancel(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    for (LONG i = 0; i < 4; i++) {
        IRtwqAsyncResult_SetStatus(result, S_OK);
        hr = put_multiple(5, events, 0, result, &key);
        ok(hr == S_OK && key, "got %#lx\n", hr);
        hr = i & 1 ? RtwqCancelWorkItem(key) : cancel_multiple(key);
        ok(hr == S_OK, "got %#lx\n", hr);
        hr = cancel_multiple(key);
        ok(hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
        callback_wait(&callback, 1);
        ok(callback.status == RTWQ_E_OPERATION_CANCELLED, "status %#lx\n", callback.status);
        signal_all(5);
        queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
        ok(callback.invoked == i + 1, "invoked %ld times\n", callback.invoked);
        ok(signals_left(5) == 5, "a cancelled wait consumed a signal\n");
    }
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* The callback arms the next wait, and cancels its own key, which has been used. */
struct again {
    RTWQWORKITEM_KEY key;
    LONG left;
};

static void arm_again(struct callback *callback, IRtwqAsyncResult *result)
{
    struct again *again = callback->param;

    ok(cancel_multiple(again->key) == RTWQ_E_NOT_FOUND, "cancelled itself\n");
    if (--again->left)
        ok(put_multiple(4, events, 0, result, &again->key) == S_OK, "not armed\n");
}

static void test_arm_inside(void)
{
    struct again again = {0, 100};
    struct callback callback;
    IRtwqAsyncResult *result;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    callback.fn = arm_again;
    callback.param = &again;
    result = result_new(&callback);
    put_multiple(4, events, 0, result, &again.key);
    for (unsigned i = 0; i < 100; i++) {
        SetEvent(events[i % 4]);
        if (!callback_wait(&callback, 1))
            break;
    }
    ok(!signals_left(4), "a signal was not consumed\n");
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* More objects than one thread can wait for, and single waits among them. */
static void test_many(void)
{
    enum { ITEMS = 60, EACH = 9 };
    HANDLE semaphores[ITEMS];
    IRtwqAsyncResult *results[ITEMS];
    struct callback callback;
    HANDLE group[EACH];
    unsigned i, k;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    for (i = 0; i < ITEMS; i++) {
        semaphores[i] = CreateSemaphoreA(NULL, 0, 10, NULL);
        results[i] = result_new(&callback);
    }
    for (i = 0; i < ITEMS; i++) {
        for (k = 0; k < EACH; k++)
            group[k] = k == i % EACH ? semaphores[i] : events[k];
        if (i % 3)
            put_multiple(EACH, group, 0, results[i], NULL);
        else
            RtwqPutWaitingWorkItem(semaphores[i], 0, results[i], NULL);
    }
    for (i = 0; i < ITEMS; i++)
        ReleaseSemaphore(semaphores[(i * 7) % ITEMS], 2, NULL);
    callback_wait(&callback, ITEMS);
    queue_flush(RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    ok(callback.invoked == ITEMS, "invoked %ld times\n", callback.invoked);
    for (i = 0; i < ITEMS; i++) {
        LONG left = 0;

        while (!WaitForSingleObject(semaphores[i], 0))
            left++;
        ok(left == 1, "item %u: %ld signals left\n", i, left);
        CloseHandle(semaphores[i]);
        IRtwqAsyncResult_Release(results[i]);
    }
    callback_end(&callback);
}

struct race {
    HANDLE go;
    RTWQWORKITEM_KEY key;
    LONG cancelled;
};

static DWORD WINAPI race_cancel(void *param)
{
    struct race *race = param;
    HRESULT hr;

    wait_event(race->go);
    hr = cancel_multiple(race->key);
    ok(hr == S_OK || hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    if (hr == S_OK)
        InterlockedIncrement(&race->cancelled);
    return 0;
}

static DWORD WINAPI race_signal(void *param)
{
    struct race *race = param;

    wait_event(race->go);
    signal_all(5);
    return 0;
}

/* Of callback and cancellation exactly one, and of the signals none or one accordingly. */
static void test_race(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    HANDLE threads[3];
    struct race race;

    callback_init(&callback);
    result = result_new(&callback);
    race.go = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (LONG round = 0; round < 60; round++) {
        unsigned left;

        race.cancelled = 0;
        ResetEvent(race.go);
        IRtwqAsyncResult_SetStatus(result, S_OK);
        put_multiple(5, events, 0, result, &race.key);
        for (int i = 0; i < 3; i++)
            threads[i] = CreateThread(NULL, 0, i ? race_cancel : race_signal, &race, 0, NULL);
        SetEvent(race.go);
        for (int i = 0; i < 3; i++) {
            wait_event(threads[i]);
            CloseHandle(threads[i]);
        }
        callback_wait(&callback, 1);
        left = signals_left(5);
        ok(race.cancelled == (callback.status == RTWQ_E_OPERATION_CANCELLED), "cancelled %ld, status %#lx\n",
           race.cancelled, callback.status);
        /* The signal that a cancellation came before may have been taken before the key was. */
        ok(left == 4 || (race.cancelled && left == 5), "cancelled %ld, %u signals left\n", race.cancelled,
           left);
    }
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    ok(callback.invoked == 60, "invoked %ld times\n", callback.invoked);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    CloseHandle(race.go);
}

/* What still waits at the last shutdown never comes and consumes nothing. */
static void test_shutdown(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    HRESULT hr;

    start();
    callback_init(&callback);
    result = result_new(&callback);
    hr = put_multiple(3, events, 0, result, &key);
    ok(hr == S_OK, "got %#lx\n", hr);
    stop();
    signal_all(3);
    ok(put_multiple(3, events, 0, result, &key) == RTWQ_E_SHUTDOWN, "put after the end\n");
    ok(cancel_multiple(key) == RTWQ_E_SHUTDOWN, "cancelled after the end\n");
    ok(signals_left(3) == 3, "a signal was consumed\n");
    /* What waited keeps its reference, as on Windows. */
    ok(IRtwqAsyncResult_Release(result) == 1, "no reference or several are kept\n");
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    ok(!callback.invoked, "invoked %ld times\n", callback.invoked);
}

START_TEST(multiple)
{
    HMODULE module = GetModuleHandleA("rtworkq.dll");

    put_multiple = (void *)GetProcAddress(module, "RtwqPutMultipleWaitingWorkItem");
    cancel_multiple = (void *)GetProcAddress(module, "RtwqCancelMultipleWaitingWorkItem");
    if (!ours()) {
        skip("only our module says what they take\n");
        return;
    }
    for (unsigned i = 0; i <= MOST; i++)
        events[i] = CreateEventA(NULL, FALSE, FALSE, NULL);
    start();
    test_one_signal();
    test_odd_arrays();
    test_cancel();
    test_arm_inside();
    test_many();
    test_race();
    stop();
    test_shutdown();
    for (unsigned i = 0; i <= MOST; i++)
        CloseHandle(events[i]);
}
