/*
 * race.c: starts, shutdowns, platform events, classes and joined files, each against whatever else may happen at
 * the same time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#include "wqcore.h"

#define THREADS 3

static HANDLE go; /* manual reset */

static void run_threads(DWORD(WINAPI *fn)(void *), void *param)
{
    HANDLE threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, fn, param, 0, NULL);
    SetEvent(go);
    for (int i = 0; i < THREADS; i++) {
        wait_event(threads[i]);
        CloseHandle(threads[i]);
    }
    ResetEvent(go);
}

static struct wq_counters counters(void)
{
    void (*read)(struct wq_counters *) =
        (void *)GetProcAddress(GetModuleHandleA("wqcore.dll"), "wq_counters_read");
    struct wq_counters now;

    read(&now);
    return now;
}

/* Nothing waits, and no timer is set; both a moment after the last callback. */
static void check_nothing_left(void)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    struct wq_counters now;

    do {
        SwitchToThread();
        now = counters();
    } while ((now.waits || now.timers) && GetTickCount64() < end);
    ok(!now.waits && !now.timers, "%u waits, %u timers\n", now.waits, now.timers);
}

/* ---- starts and shutdowns ---- */

/* Between its own start and its own shutdown a thread has a platform, whoever else comes and goes. */
static DWORD WINAPI start_and_stop(void *param)
{
    HRESULT(WINAPI * apartment)(int *, int *) = param;
    struct callback callback;
    IRtwqAsyncResult *result;
    int type, qualifier;
    HRESULT hr;
    DWORD queue;

    callback_init(&callback);
    wait_event(go);
    for (int i = 0; i < 60; i++) {
        start();
        hr = apartment(&type, &qualifier);
        ok(hr == S_OK && type == 1 && qualifier == 1, "apartment: %#lx, %d, %d\n", hr, type, qualifier);
        hr = RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
        ok(hr == S_OK, "got %#lx\n", hr);
        result = result_new(&callback);
        hr = RtwqPutWorkItem(queue, 0, result);
        ok(hr == S_OK, "got %#lx\n", hr);
        callback_wait(&callback, 1);
        hr = RtwqUnlockWorkQueue(queue);
        ok(hr == S_OK, "got %#lx\n", hr);
        IRtwqAsyncResult_Release(result);
        stop();
    }
    callback_end(&callback);
    return 0;
}

static void test_starts(void)
{
    void *apartment = (void *)GetProcAddress(LoadLibraryA("combase.dll"), "CoGetApartmentType");
    int type, qualifier;

    run_threads(start_and_stop, apartment);
    ok(((HRESULT(WINAPI *)(int *, int *))apartment)(&type, &qualifier) == CO_E_NOTINITIALIZED,
       "the apartment is still there\n");
    check_nothing_left();
}

/* ---- all calls against the last shutdown ---- */

struct caller {
    struct callback *callback;
    LONG over;
};

static BOOL fine(HRESULT hr)
{
    return hr == S_OK || hr == RTWQ_E_SHUTDOWN || hr == RTWQ_E_INVALID_WORKQUEUE || hr == RTWQ_E_NOT_FOUND ||
           hr == E_INVALIDARG;
}

#define check_fine(call)                                                                                     \
    do {                                                                                                     \
        HRESULT check_hr = (call);                                                                           \
        ok(fine(check_hr), "%s: %#lx\n", #call, check_hr);                                                   \
    } while (0)

static void WINAPI tick(IUnknown *context)
{
    (void)context;
}

static void call_queues(struct caller *caller, IRtwqAsyncResult *result)
{
    DWORD queue = 0, serial = 0, task = 0;
    HANDLE request = NULL;

    check_fine(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue));
    check_fine(RtwqAllocateSerialWorkQueue(queue, &serial));
    check_fine(RtwqSetDeadline(serial, 1000000, &request));
    check_fine(RtwqPutWorkItem(serial, 0, result));
    check_fine(RtwqUnlockWorkQueue(queue));
    check_fine(RtwqBeginRegisterWorkQueueWithMMCSS(serial, L"Audio", 0, 0, &caller->callback->iface, NULL));
    check_fine(RtwqBeginUnregisterWorkQueueWithMMCSS(serial, &caller->callback->iface, NULL));
    check_fine(RtwqUnlockWorkQueue(serial));
    check_fine(RtwqLockSharedWorkQueue(L"Games", 0, &task, &queue));
    check_fine(RtwqUnlockWorkQueue(queue));
    check_fine(RtwqCancelDeadline(request));
}

/* What is left to the shutdown, half of it. */
static void call_pending(IRtwqAsyncResult *result, HANDLE event, int i)
{
    RTWQWORKITEM_KEY keys[3] = {0};
    HANDLE both[] = {event, NULL};
    DWORD key = 0;

    check_fine(RtwqPutWaitingWorkItem(event, 0, result, &keys[0]));
    check_fine(RtwqPutMultipleWaitingWorkItem(2, both, 0, result, &keys[1]));
    check_fine(RtwqScheduleWorkItem(result, -600000, &keys[2]));
    check_fine(RtwqAddPeriodicCallback(tick, NULL, &key));
    for (int k = 0; k < 3; k++)
        if ((i + k) & 1)
            check_fine(RtwqCancelWorkItem(keys[k]));
    if (i & 1)
        check_fine(RtwqRemovePeriodicCallback(key));
}

static DWORD WINAPI call_everything(void *param)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    struct caller *caller = param;

    wait_event(go);
    for (int i = 0; !caller->over; i++) {
        IRtwqAsyncResult *result = result_new(caller->callback);

        check_fine(RtwqInvokeCallback(result));
        call_queues(caller, result);
        call_pending(result, event, i);
        IRtwqAsyncResult_Release(result);
    }
    CloseHandle(event);
    return 0;
}

static void wait_calls(struct callback *callback, LONG count)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    LONG before = callback->invoked;

    while (InterlockedCompareExchange(&callback->invoked, 0, 0) < before + count && GetTickCount64() < end)
        SwitchToThread();
    ok(callback->invoked >= before + count, "only %ld callbacks came\n", callback->invoked - before);
}

static DWORD WINAPI shut_down(void *param)
{
    struct caller *caller = param;

    wait_event(go);
    for (int i = 0; i < 8; i++) {
        start();
        wait_calls(caller->callback, 20);
        stop();
    }
    InterlockedExchange(&caller->over, 1);
    return 0;
}

static void test_shutdown(void)
{
    struct callback callback;
    struct caller caller = {&callback, 0};
    HANDLE thread;

    callback_init(&callback);
    thread = CreateThread(NULL, 0, shut_down, &caller, 0, NULL);
    run_threads(call_everything, &caller);
    wait_event(thread);
    CloseHandle(thread);
    callback_end(&callback); /* nothing that missed the shutdown holds a result */
    check_nothing_left();
}

/* ---- platform events ---- */

struct events {
    IRtwqPlatformEvents iface;
    LONG refs, told;
    void (*fn)(char what);
    char log[32];
};

static struct events *events_from(IRtwqPlatformEvents *iface)
{
    return CONTAINING_RECORD(iface, struct events, iface);
}

static HRESULT WINAPI events_query(IRtwqPlatformEvents *iface, REFIID riid, void **out)
{
    (void)iface;
    (void)riid;
    *out = NULL;
    return E_NOINTERFACE;
}

static ULONG WINAPI events_add_ref(IRtwqPlatformEvents *iface)
{
    return (ULONG)InterlockedIncrement(&events_from(iface)->refs);
}

static ULONG WINAPI events_release(IRtwqPlatformEvents *iface)
{
    return (ULONG)InterlockedDecrement(&events_from(iface)->refs);
}

static HRESULT told(IRtwqPlatformEvents *iface, char what)
{
    struct events *events = events_from(iface);
    LONG n = InterlockedIncrement(&events->told) - 1;

    if (n < 31)
        events->log[n] = what;
    if (events->fn)
        events->fn(what);
    return S_OK;
}

static HRESULT WINAPI events_started(IRtwqPlatformEvents *iface)
{
    return told(iface, 'i');
}

static HRESULT WINAPI events_shutdown(IRtwqPlatformEvents *iface)
{
    return told(iface, 's');
}

static HRESULT WINAPI events_ended(IRtwqPlatformEvents *iface)
{
    return told(iface, 'e');
}

static IRtwqPlatformEventsVtbl events_vtbl = {
    events_query, events_add_ref, events_release, events_started, events_shutdown, events_ended,
};

#define STARTERS 2

static DWORD WINAPI register_and_unregister(void *param)
{
    struct events events = {{&events_vtbl}, 1, 0, NULL, ""};
    LONG *ended = param; /* threads of start_often */

    wait_event(go);
    while (*ended < STARTERS) {
        LONG before = events.told;

        ok(RtwqRegisterPlatformEvents(&events.iface) == S_OK, "not registered\n");
        while (events.told == before && *ended < STARTERS)
            SwitchToThread();
        ok(RtwqUnregisterPlatformEvents(&events.iface) == S_OK, "not unregistered\n");
        wait_value(&events.refs, 1);
        ok(RtwqUnregisterPlatformEvents(&events.iface) == RTWQ_E_NOT_FOUND, "still registered\n");
    }
    return 0;
}

static DWORD WINAPI start_often(void *param)
{
    wait_event(go);
    for (int i = 0; i < 100; i++) {
        start();
        stop();
    }
    InterlockedIncrement(param);
    return 0;
}

/* Each start and each end is told once, however many threads cause them. */
static void test_events(void)
{
    struct events events = {{&events_vtbl}, 1, 0, NULL, ""};
    HANDLE threads[STARTERS];
    LONG ended = 0;

    ok(RtwqRegisterPlatformEvents(&events.iface) == S_OK, "not registered\n");
    for (int i = 0; i < STARTERS; i++)
        threads[i] = CreateThread(NULL, 0, start_often, &ended, 0, NULL);
    run_threads(register_and_unregister, &ended);
    for (int i = 0; i < STARTERS; i++) {
        wait_event(threads[i]);
        CloseHandle(threads[i]);
    }
    ok(events.told % 3 == 0 && events.told <= 600 && events.told >= 3, "told %ld times\n", events.told);
    for (LONG i = 0; i < 31 && i < events.told; i++)
        ok(events.log[i] == "ise"[i % 3], "told %s\n", events.log);
    ok(RtwqUnregisterPlatformEvents(&events.iface) == S_OK, "not unregistered\n");
    ok(events.refs == 1, "%ld references\n", events.refs);
}

/* Those who are told may start and shut down themselves. */
static void start_inside(char what)
{
    if (what == 'e')
        return;
    start();
    stop();
}

static void test_start_inside_events(void)
{
    struct events events = {{&events_vtbl}, 1, 0, start_inside, ""};

    RtwqRegisterPlatformEvents(&events.iface);
    start();
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    stop();
    ok(!strcmp(events.log, "ise"), "told %s\n", events.log);
    RtwqUnregisterPlatformEvents(&events.iface);
    ok(events.refs == 1, "%ld references\n", events.refs);
}

/* ---- classes ---- */

struct classes {
    DWORD queue;
    LONG over;
    LONG inside, run; /* items of the queue */
};

static void serial_item(struct callback *callback, IRtwqAsyncResult *result)
{
    struct classes *classes = callback->param;

    (void)result;
    ok(InterlockedIncrement(&classes->inside) == 1, "two items of a serial queue run\n");
    classes->run++;
    InterlockedDecrement(&classes->inside);
}

static DWORD WINAPI change_class(void *param)
{
    static const WCHAR *const names[] = {L"Audio", L"Games", L"Pro Audio"};
    struct classes *classes = param;
    struct callback callback;
    LONG begun = 0;
    HRESULT hr;

    callback_init(&callback);
    wait_event(go);
    for (int i = 0; !classes->over; i++) {
        DWORD shared, task = 0, length = 40;
        WCHAR name[40];

        hr = RtwqBeginRegisterWorkQueueWithMMCSS(classes->queue, names[i % 3], 0, i % 5 - 2, &callback.iface,
                                                 NULL);
        ok(hr == S_OK, "got %#lx\n", hr);
        hr = RtwqGetWorkQueueMMCSSClass(classes->queue, name, &length);
        ok(hr == S_OK, "got %#lx\n", hr);
        hr = RtwqLockSharedWorkQueue(names[(i + 1) % 3], 0, &task, &shared);
        ok(hr == S_OK && task, "got %#lx\n", hr);
        hr = RtwqUnlockWorkQueue(shared);
        ok(hr == S_OK, "got %#lx\n", hr);
        hr = RtwqBeginUnregisterWorkQueueWithMMCSS(classes->queue, &callback.iface, NULL);
        ok(hr == S_OK, "got %#lx\n", hr);
        begun += 2;
        callback_wait(&callback, 2);
    }
    ok(callback.invoked == begun, "%ld of %ld registrations ended\n", callback.invoked, begun);
    callback_end(&callback);
    return 0;
}

static DWORD WINAPI put_items(void *param)
{
    struct classes *classes = param;
    struct callback callback;
    IRtwqAsyncResult *results[20];

    callback_init(&callback);
    callback.fn = serial_item;
    callback.param = classes;
    for (int i = 0; i < 20; i++)
        results[i] = result_new(&callback);
    wait_event(go);
    for (int i = 0; i < 2000; i++) {
        if (i >= 20)
            callback_wait(&callback, 1);
        ok(RtwqPutWorkItem(classes->queue, 0, results[i % 20]) == S_OK, "not put\n");
    }
    callback_wait(&callback, 20);
    InterlockedExchange(&classes->over, 1);
    for (int i = 0; i < 20; i++)
        IRtwqAsyncResult_Release(results[i]);
    callback_end(&callback);
    return 0;
}

/* A queue changes its class while its items run: none is lost, and it stays serial. */
static void test_classes(void)
{
    struct classes classes = {0};
    HANDLE thread;

    start();
    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &classes.queue);
    thread = CreateThread(NULL, 0, put_items, &classes, 0, NULL);
    run_threads(change_class, &classes);
    wait_event(thread);
    CloseHandle(thread);
    ok(classes.run == 2000, "%ld items ran\n", classes.run);
    RtwqUnlockWorkQueue(classes.queue);
    stop();
    check_nothing_left();
}

/* ---- joined files ---- */

static LONG pipes;

/* A read completes, or is cancelled, while its file leaves the queue and the queue goes. */
static void join_once(struct callback *callback, int i)
{
    IRtwqAsyncResult *result = result_new(callback);
    RTWQASYNCRESULT *fields = CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult);
    HANDLE server, client, cookie = NULL;
    char name[64], buffer[8];
    DWORD queue, written;
    HRESULT hr;

    wsprintfA(name, "\\\\.\\pipe\\wq_rtworkq_race%ld", InterlockedIncrement(&pipes));
    server =
        CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 64, 64, 0, NULL);
    client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_MULTITHREADED, &queue);
    hr = RtwqJoinWorkQueue(queue, server, &cookie);
    ok(hr == S_OK, "got %#lx\n", hr);
    ReadFile(server, buffer, 4, NULL, &fields->overlapped);
    if (i & 1)
        WriteFile(client, "race", 4, &written, NULL);
    else
        CancelIo(server);
    if (i & 2) {
        hr = RtwqUnjoinWorkQueue(queue, cookie);
        ok(hr == S_OK, "got %#lx\n", hr);
        hr = RtwqUnlockWorkQueue(queue);
        ok(hr == S_OK, "got %#lx\n", hr);
    } else {
        hr = RtwqUnlockWorkQueue(queue);
        ok(hr == S_OK, "got %#lx\n", hr);
        hr = RtwqUnjoinWorkQueue(RTWQ_CALLBACK_QUEUE_STANDARD, cookie);
        ok(hr == S_OK, "got %#lx\n", hr);
    }
    callback_wait(callback, 1);
    ok(callback->status == (i & 1 ? S_OK : HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED)), "status %#lx\n",
       callback->status);
    CloseHandle(client);
    CloseHandle(server);
    IRtwqAsyncResult_Release(result);
}

static DWORD WINAPI join_often(void *param)
{
    struct callback callback;

    (void)param;
    callback_init(&callback);
    wait_event(go);
    for (int i = 0; i < 40; i++)
        join_once(&callback, i);
    callback_end(&callback);
    return 0;
}

static void test_joins(void)
{
    start();
    run_threads(join_often, NULL);
    stop();
}

START_TEST(race)
{
    if (!ours()) {
        skip("the builtin lacks half of this and survives none of it\n");
        return;
    }
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    test_starts();
    test_shutdown();
    test_events();
    test_start_inside_events();
    test_classes();
    test_joins();
    CloseHandle(go);
}
