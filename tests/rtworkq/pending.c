/*
 * pending.c: waiting, scheduled and periodic items, cancel.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

static void test_wait_errors(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    HRESULT hr;

    if (!ours()) /* others crash, or do not look */
        return;
    callback_init(&callback);
    result = result_new(&callback);
    ok(RtwqPutWaitingWorkItem(NULL, 0, NULL, NULL) == E_POINTER, "NULL was accepted\n");
    hr = RtwqPutWaitingWorkItem((HANDLE)0xdead0, 0, result, NULL);
    ok(hr == HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE), "got %#lx\n", hr);
    ok(RtwqScheduleWorkItem(NULL, 0, NULL) == E_POINTER, "NULL was accepted\n");
    ok(RtwqAddPeriodicCallback(NULL, NULL, NULL) == E_POINTER, "NULL was accepted\n");
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static void test_wait(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    RTWQWORKITEM_KEY key = 0, other = 0;
    struct callback callback;
    IRtwqAsyncResult *result;
    HRESULT hr;
    int i;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    result = result_new(&callback);
    for (i = 0; i < 20; i++) {
        hr = RtwqPutWaitingWorkItem(event, 0, result, i & 1 ? &key : NULL);
        ok(hr == S_OK, "got %#lx\n", hr);
        ok(!callback.invoked || i, "invoked before the event\n");
        SetEvent(event);
        callback_wait(&callback, 1);
        ok(callback.status == S_OK, "status %#lx\n", callback.status);
        ok(WaitForSingleObject(event, 0) == WAIT_TIMEOUT, "the signal was not consumed\n");
    }
    ok(key != 0, "no key\n");
    hr = RtwqCancelWorkItem(key);
    ok(hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    hr = RtwqPutWaitingWorkItem(NULL, 0, result, &key);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqPutWaitingWorkItem(NULL, 0, result, &other);
    ok(hr == S_OK && other != key, "got %#lx\n", hr);
    RtwqCancelWorkItem(key);
    RtwqCancelWorkItem(other);
    callback_wait(&callback, 2);
    ok(callback.status == RTWQ_E_OPERATION_CANCELLED, "status %#lx\n", callback.status);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    CloseHandle(event);
}

static void test_cancel_wait(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    RtwqPutWaitingWorkItem(event, 0, result, &key);
    hr = RtwqCancelWorkItem(key);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    ok(callback.status == RTWQ_E_OPERATION_CANCELLED, "status %#lx\n", callback.status);
    hr = RtwqCancelWorkItem(key);
    ok(hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    ok(RtwqCancelWorkItem(0) == RTWQ_E_NOT_FOUND, "0 is a key\n");
    ok(RtwqCancelWorkItem(~(RTWQWORKITEM_KEY)0) == RTWQ_E_NOT_FOUND, "-1 is a key\n");
    SetEvent(event);
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    ok(callback.invoked == 1, "invoked %ld times\n", callback.invoked);
    ok(WaitForSingleObject(event, 0) == WAIT_OBJECT_0, "a cancelled wait consumed the signal\n");
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    CloseHandle(event);
}

static void arm_again(struct callback *callback, IRtwqAsyncResult *result)
{
    if (callback->invoked < 199) {
        HRESULT hr = RtwqPutWaitingWorkItem(callback->param, 0, result, NULL);

        ok(hr == S_OK, "got %#lx\n", hr);
    }
}

static void test_arm_inside(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    int i;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    callback.fn = arm_again;
    callback.param = CreateEventA(NULL, FALSE, FALSE, NULL);
    result = result_new(&callback);
    RtwqPutWaitingWorkItem(callback.param, 0, result, NULL);
    for (i = 0; i < 200; i++) {
        SetEvent(callback.param);
        if (!callback_wait(&callback, 1))
            break;
    }
    IRtwqAsyncResult_Release(result);
    CloseHandle(callback.param);
    callback_end(&callback);
}

static void test_many_waits(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    struct callback callback;
    IRtwqAsyncResult *results[200];
    int i;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    for (i = 0; i < 200; i++) {
        results[i] = result_new(&callback);
        RtwqPutWaitingWorkItem(event, 0, results[i], NULL);
    }
    SetEvent(event);
    callback_wait(&callback, 200);
    for (i = 0; i < 200; i++)
        IRtwqAsyncResult_Release(results[i]);
    callback_end(&callback);
    CloseHandle(event);
}

static void test_schedule(void)
{
    static const INT64 timeouts[] = {0, -1, -20, -50, 5};
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    HRESULT hr;
    unsigned i;

    callback_init(&callback);
    result = result_new(&callback);
    for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
        LARGE_INTEGER before, after, frequency;
        LONGLONG us;

        QueryPerformanceFrequency(&frequency);
        QueryPerformanceCounter(&before);
        hr = RtwqScheduleWorkItem(result, timeouts[i], i & 1 ? &key : NULL);
        ok(hr == S_OK, "got %#lx\n", hr);
        callback_wait(&callback, 1);
        QueryPerformanceCounter(&after);
        us = (after.QuadPart - before.QuadPart) * 1000000 / frequency.QuadPart;
        todo_wine_if(!ours() && us < -timeouts[i] * 1000)
            ok(us >= -timeouts[i] * 1000, "%I64d ms: came after %I64d us\n", timeouts[i], us);
    }
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static void test_cancel_schedule(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    hr = RtwqScheduleWorkItem(result, -60000, &key);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqCancelWorkItem(key);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqCancelWorkItem(key);
    ok(hr == RTWQ_E_NOT_FOUND || broken(hr == S_OK), "got %#lx\n", hr);
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    ok(!callback.invoked, "invoked although cancelled\n");
    hr = RtwqScheduleWorkItem(result, -0x7fffffffffffffffll - 1, &key);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqCancelWorkItem(key);
    todo_wine_if(!ours() && hr != S_OK) ok(hr == S_OK, "got %#lx\n", hr);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static void test_many_timers(void)
{
    struct callback callback;
    IRtwqAsyncResult *results[300];
    RTWQWORKITEM_KEY keys[300];
    LONG cancelled = 0;
    int i;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    for (i = 0; i < 300; i++) {
        results[i] = result_new(&callback);
        RtwqScheduleWorkItem(results[i], -(i % 20), &keys[i]);
    }
    for (i = 0; i < 300; i += 3) {
        HRESULT hr = RtwqCancelWorkItem(keys[i]);

        ok(hr == S_OK || hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
        cancelled += hr == S_OK;
    }
    callback_wait(&callback, 300 - cancelled);
    for (i = 0; i < 300; i++)
        IRtwqAsyncResult_Release(results[i]);
    callback_end(&callback);
    todo_wine_if(!ours() && callback.invoked != 300 - cancelled)
        ok(callback.invoked == 300 - cancelled, "invoked %ld, cancelled %ld\n", callback.invoked, cancelled);
}

/* ---- exactly one of the callback and the cancellation ---- */

struct race {
    HANDLE event, go;
    RTWQWORKITEM_KEY key;
    LONG cancelled;
};

static DWORD WINAPI race_cancel(void *param)
{
    struct race *race = param;
    HRESULT hr;

    wait_event(race->go);
    hr = RtwqCancelWorkItem(race->key);
    ok(hr == S_OK || hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    if (hr == S_OK)
        InterlockedIncrement(&race->cancelled);
    return 0;
}

static DWORD WINAPI race_signal(void *param)
{
    struct race *race = param;

    wait_event(race->go);
    SetEvent(race->event);
    return 0;
}

static void test_race_cancel(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    HANDLE threads[3];
    int count = ours() || !winetest_platform_is_wine ? 3 : 2; /* two that cancel crash Wine 10's builtin */
    struct race race;
    int round, i;

    callback_init(&callback);
    result = result_new(&callback);
    race.event = CreateEventA(NULL, FALSE, FALSE, NULL);
    race.go = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (round = 0; round < 60; round++) {
        race.cancelled = 0;
        ResetEvent(race.go);
        ResetEvent(race.event);
        IRtwqAsyncResult_SetStatus(result, S_OK);
        RtwqPutWaitingWorkItem(race.event, 0, result, &race.key);
        for (i = 0; i < count; i++)
            threads[i] = CreateThread(NULL, 0, i ? race_cancel : race_signal, &race, 0, NULL);
        SetEvent(race.go);
        for (i = 0; i < count; i++) {
            wait_event(threads[i]);
            CloseHandle(threads[i]);
        }
        callback_wait(&callback, 1);
        todo_wine_if(!ours() && race.cancelled != (callback.status == RTWQ_E_OPERATION_CANCELLED))
            ok(race.cancelled == (callback.status == RTWQ_E_OPERATION_CANCELLED),
               "cancelled %ld, status %#lx\n", race.cancelled, callback.status);
    }
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    todo_wine_if(!ours() && callback.invoked != 60)
        ok(callback.invoked == 60, "invoked %ld times\n", callback.invoked);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    CloseHandle(race.event);
    CloseHandle(race.go);
}

/* ---- periodic callbacks ---- */

struct periodic {
    struct object object;
    LONG inside, calls;
    HANDLE came;
    DWORD key; /* removes itself with it at the fifth call, if not 0 */
};

static void WINAPI periodic_called(IUnknown *context)
{
    struct periodic *periodic = CONTAINING_RECORD(context, struct periodic, object.iface);

    ok(InterlockedIncrement(&periodic->inside) == 1, "called while it runs\n");
    if (InterlockedIncrement(&periodic->calls) == 5 && periodic->key) {
        HRESULT hr = RtwqRemovePeriodicCallback(periodic->key);

        ok(hr == S_OK, "got %#lx\n", hr);
    }
    ReleaseSemaphore(periodic->came, 1, NULL);
    InterlockedDecrement(&periodic->inside);
}

static void test_periodic(void)
{
    static struct periodic periodic;
    DWORD key = 0;
    HRESULT hr;
    int i;

    object_init(&periodic.object);
    periodic.came = CreateSemaphoreA(NULL, 0, 1000000, NULL);
    hr = RtwqAddPeriodicCallback(periodic_called, &periodic.object.iface, &key);
    ok(hr == S_OK && key, "got %#lx, key %lu\n", hr, key);
    for (i = 0; i < 10; i++)
        wait_event(periodic.came);
    hr = RtwqRemovePeriodicCallback(key);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqRemovePeriodicCallback(key);
    ok(hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    ok(RtwqRemovePeriodicCallback(0) == RTWQ_E_NOT_FOUND, "0 is a key\n");
    if (!ours() && winetest_platform_is_wine) {
        skip("the builtin does not release the context\n");
        return;
    }
    wait_value(&periodic.object.refs, 1);
    periodic.calls = 0;
    hr = RtwqAddPeriodicCallback(periodic_called, &periodic.object.iface, &periodic.key);
    ok(hr == S_OK, "got %#lx\n", hr);
    for (i = 0; i < 5; i++)
        wait_event(periodic.came);
    wait_value(&periodic.object.refs, 1);
    queue_flush(RTWQ_CALLBACK_QUEUE_TIMER);
    ok(periodic.calls == 5 || !ours(), "called %ld times\n", periodic.calls);
    CloseHandle(periodic.came);
}

START_TEST(pending)
{
    start();
    test_wait_errors();
    test_wait();
    test_cancel_wait();
    test_arm_inside();
    test_many_waits();
    test_schedule();
    test_cancel_schedule();
    test_many_timers();
    test_race_cancel();
    test_periodic();
    stop();
}
