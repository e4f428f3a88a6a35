/*
 * race_queue.c: queues whose class changes, or which files join and leave, while their items run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "race.h"

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
    wait_event(race_go);
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
    wait_event(race_go);
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
    race_threads(change_class, &classes);
    wait_event(thread);
    CloseHandle(thread);
    ok(classes.run == 2000, "%ld items ran\n", classes.run);
    RtwqUnlockWorkQueue(classes.queue);
    stop();
    race_check_nothing_left();
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
    wait_event(race_go);
    for (int i = 0; i < 40; i++)
        join_once(&callback, i);
    callback_end(&callback);
    return 0;
}

static void test_joins(void)
{
    start();
    race_threads(join_often, NULL);
    stop();
}

START_TEST(race_queue)
{
    if (!race_begin())
        return;
    test_classes();
    test_joins();
    race_end();
}
