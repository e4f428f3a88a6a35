/*
 * platform.c: start, shutdown, locks and events of the platform.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "events.h"

static HRESULT usable(void)
{
    DWORD queue;
    HRESULT hr = RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);

    if (hr == S_OK)
        RtwqUnlockWorkQueue(queue);
    return hr;
}

static void test_not_started(void)
{
    IRtwqAsyncResult *result;
    struct callback callback;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    hr = usable();
    todo_builtin ok(hr == RTWQ_E_SHUTDOWN, "a result alone makes it usable: %#lx\n", hr);
    hr = RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_STANDARD, 0, result);
    ok(hr == RTWQ_E_SHUTDOWN, "got %#lx\n", hr);
    hr = RtwqInvokeCallback(result);
    ok(hr == RTWQ_E_SHUTDOWN, "got %#lx\n", hr);
    hr = RtwqPutWaitingWorkItem(NULL, 0, result, NULL);
    ok(hr == RTWQ_E_SHUTDOWN, "got %#lx\n", hr);
    hr = RtwqScheduleWorkItem(result, -1, NULL);
    ok(hr == RTWQ_E_SHUTDOWN, "got %#lx\n", hr);
    hr = RtwqCancelWorkItem(1);
    ok(hr == RTWQ_E_SHUTDOWN, "got %#lx\n", hr);
    hr = RtwqShutdown();
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqLockPlatform();
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = usable();
    todo_builtin ok(hr == RTWQ_E_SHUTDOWN, "a lock alone makes it usable: %#lx\n", hr);
    RtwqUnlockPlatform();
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static void test_starts_are_counted(void)
{
    HRESULT hr;

    start();
    start();
    ok(usable() == S_OK, "not started\n");
    stop();
    todo_builtin ok(usable() == S_OK, "shut down too early\n"); /* a shutdown too many counted */
    stop();
    hr = usable();
    ok(hr == RTWQ_E_SHUTDOWN, "got %#lx\n", hr);
    stop();
    start();
    ok(usable() == S_OK, "a shutdown too many counted\n");
    stop();
}

static void test_locks_are_counted_apart(void)
{
    HRESULT hr;

    start();
    RtwqUnlockPlatform();
    hr = usable();
    ok(hr == RTWQ_E_SHUTDOWN, "usable without a lock: %#lx\n", hr);
    RtwqLockPlatform();
    hr = usable();
    todo_wine_if(!ours() && hr != S_OK) ok(hr == S_OK, "not usable with a lock: %#lx\n", hr);
    RtwqLockPlatform();
    stop();
    hr = usable();
    todo_builtin ok(hr == RTWQ_E_SHUTDOWN, "a lock outlives the shutdown: %#lx\n", hr);
    start();
    RtwqUnlockPlatform();
    ok(usable() == S_OK, "a lock was lost\n");
    stop();
}

static void test_results_hold_locks(void)
{
    IRtwqAsyncResult *results[3];
    HRESULT hr;
    int i, locks = 0;

    start();
    for (i = 0; i < 3; i++)
        RtwqCreateAsyncResult(NULL, NULL, NULL, &results[i]);
    for (i = 0; i < 3; i++)
        IRtwqAsyncResult_Release(results[i]);
    RtwqCreateAsyncResult(NULL, NULL, NULL, &results[0]);
    IRtwqAsyncResult_Release(results[0]);
    while ((hr = usable()) == S_OK && locks < 100) {
        RtwqUnlockPlatform();
        locks++;
    }
    todo_builtin ok(locks == 4, "%d locks, expected one and three of results\n", locks);
    for (i = 0; i < locks; i++)
        RtwqLockPlatform();
    if (ours())
        ok(usable() == S_OK, "the locks are not back\n");
    stop();
}

static void test_queued_work_runs_at_shutdown(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    HRESULT hr;
    int i;

    if (!ours() && winetest_platform_is_wine) {
        skip("the builtin cancels what is queued\n");
        return;
    }
    start();
    callback_init(&callback);
    result = result_new(&callback);
    for (i = 0; i < 100; i++) {
        hr = RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_STANDARD, 0, result);
        ok(hr == S_OK, "got %#lx\n", hr);
    }
    stop();
    callback_wait(&callback, 100);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* What is scheduled or waits never comes, and each leaves a reference of its result behind: programs that know this
 * release it once more. */
static void test_pending_work_ends_at_shutdown(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    RTWQWORKITEM_KEY timer, wait;
    IRtwqAsyncResult *result;
    struct callback callback;
    HRESULT hr;
    ULONG refs;

    callback_init(&callback);
    start();
    result = result_new(&callback);
    hr = RtwqScheduleWorkItem(result, -60000, &timer);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqPutWaitingWorkItem(event, 0, result, &wait);
    ok(hr == S_OK, "got %#lx\n", hr);
    stop();
    refs = IRtwqAsyncResult_Release(result);
    ok(refs == 2, "%lu references were kept\n", refs);
    if (!ours() && winetest_platform_is_wine) { /* its locks are the live results', so it is not shut down */
        CloseHandle(event);
        return;
    }
    hr = RtwqCancelWorkItem(timer);
    ok(hr == RTWQ_E_SHUTDOWN, "got %#lx\n", hr);
    start();
    hr = RtwqCancelWorkItem(timer);
    ok(hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    hr = RtwqCancelWorkItem(wait);
    ok(hr == RTWQ_E_NOT_FOUND, "got %#lx\n", hr);
    SetEvent(event);
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    ok(!callback.invoked, "invoked after the shutdown\n");
    ok(WaitForSingleObject(event, 0) == WAIT_OBJECT_0, "the signal was consumed\n");
    stop();
    IRtwqAsyncResult_Release(result);
    ok(IRtwqAsyncResult_Release(result) == 0, "more references were kept\n");
    callback_end(&callback);
    CloseHandle(event);
}

static void test_queues_end_at_shutdown(void)
{
    DWORD queue;
    HRESULT hr;

    start();
    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
    stop();
    start();
    hr = RtwqLockWorkQueue(queue);
    todo_builtin ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    stop();
}

/* The answer to the last event is a failure, which must change nothing. */
static HRESULT told_in_time(char what)
{
    HRESULT expected = what == 'e' ? RTWQ_E_SHUTDOWN : S_OK, hr = usable();

    ok(hr == expected, "told %c too early or too late: %#lx\n", what, hr);
    return what == 'e' ? E_FAIL : S_OK;
}

static void test_events(void)
{
    struct events events;
    HRESULT hr;

    events_init(&events, told_in_time);
    hr = RtwqRegisterPlatformEvents(&events.iface);
    todo_builtin ok(hr == S_OK, "got %#lx\n", hr);
    if (hr != S_OK)
        return;
    ok(RtwqRegisterPlatformEvents(NULL) == E_POINTER || broken(1), "NULL was accepted\n");
    ok(events.refs == 2 || broken(1), "references: %ld\n", events.refs);
    start();
    start();
    stop();
    ok(!strcmp(events.log, "i"), "told %s\n", events.log);
    stop();
    ok(!strcmp(events.log, "ise"), "told %s\n", events.log);
    hr = RtwqUnregisterPlatformEvents(&events.iface);
    ok(hr == S_OK, "got %#lx\n", hr);
    ok(events.refs == 1, "references: %ld\n", events.refs);
    hr = RtwqUnregisterPlatformEvents(&events.iface);
    ok(hr == RTWQ_E_NOT_FOUND || broken(1), "got %#lx\n", hr);
    start();
    stop();
    ok(!strcmp(events.log, "ise"), "told %s\n", events.log);
}

static void apartment_seen(struct callback *callback, IRtwqAsyncResult *result)
{
    HRESULT(WINAPI * get)
    (int *, int *) = (void *)GetProcAddress(GetModuleHandleA("combase.dll"), "CoGetApartmentType");
    int *type = callback->param;

    (void)result;
    ok(get(&type[0], &type[1]) == S_OK, "no apartment\n");
}

static void test_apartment(void)
{
    HRESULT(WINAPI * get)
    (int *, int *) = (void *)GetProcAddress(LoadLibraryA("combase.dll"), "CoGetApartmentType");
    struct callback callback;
    IRtwqAsyncResult *result;
    int type[2];
    HRESULT hr;

    hr = get(&type[0], &type[1]);
    ok(hr == CO_E_NOTINITIALIZED, "got %#lx\n", hr);
    start();
    hr = get(&type[0], &type[1]);
    ok(hr == S_OK && type[0] == 1 /* MTA */ && type[1] == 1 /* implicit */, "got %#lx, %d, %d\n", hr, type[0],
       type[1]);
    callback_init(&callback);
    callback.fn = apartment_seen;
    callback.param = type;
    type[0] = type[1] = -1;
    result = result_new(&callback);
    RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_MULTITHREADED, 0, result);
    callback_wait(&callback, 1);
    ok(type[0] == 1, "a queue's thread is in apartment %d\n", type[0]);
    /* Entering it for each callback costs too much. */
    todo_wine_if(type[1]) ok(type[1] == 0, "qualifier %d\n", type[1]);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    stop();
    hr = get(&type[0], &type[1]);
    ok(hr == CO_E_NOTINITIALIZED, "got %#lx\n", hr);
}

START_TEST(platform)
{
    test_not_started();
    test_starts_are_counted();
    test_locks_are_counted_apart();
    test_results_hold_locks();
    test_queued_work_runs_at_shutdown();
    test_queues_end_at_shutdown();
    test_events();
    test_apartment();
    test_pending_work_ends_at_shutdown(); /* the last one: the builtin stays up */
}
