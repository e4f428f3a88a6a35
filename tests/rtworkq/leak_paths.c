/*
 * leak_paths.c: what rtworkq.dll does, in short: each path does what one kind of call brings with it, and goes on
 * when a call fails.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "leak.h"

/* A thread that could not be made is tried again with the next submission. */
static void nudge(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    callback_init(&callback);
    if (good(RtwqCreateAsyncResult(NULL, &callback.iface, NULL, &result))) {
        for (int i = 0; i < 2; i++) {
            put += good(RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_MULTITHREADED, 0, result));
            if (good(RtwqScheduleWorkItem(result, -60000, &key)))
                ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
        }
        callback_wait(&callback, put);
        IRtwqAsyncResult_Release(result);
    }
    callback_end(&callback);
}

/* Waits for what was accepted and gives the result back. */
static void finish(struct callback *callback, IRtwqAsyncResult *result, LONG accepted)
{
    nudge();
    callback_wait(callback, accepted);
    if (result)
        IRtwqAsyncResult_Release(result);
    callback_end(callback);
    ok(callback->invoked == accepted, "%ld accepted, %ld came\n", accepted, callback->invoked);
}

static IRtwqAsyncResult *try_result(struct callback *callback, DWORD flags, DWORD queue)
{
    IRtwqAsyncResult *result = NULL;

    callback_init_queue(callback, flags, queue);
    good(RtwqCreateAsyncResult(NULL, &callback->iface, NULL, &result));
    return result;
}

static void path_put(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    LONG put = 0;

    for (int i = 0; i < 4 && result; i++) {
        put += good(RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_STANDARD, 0, result));
        put += good(RtwqInvokeCallback(result));
    }
    finish(&callback, result, put);
}

static void path_wait(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_STANDARD);
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    for (int i = 0; i < 3 && result; i++) {
        if (!good(RtwqPutWaitingWorkItem(leak_event, 0, result, &key)))
            continue;
        if (i)
            ReleaseSemaphore(leak_event, 1, NULL);
        else
            ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
        put++;
    }
    finish(&callback, result, put);
    ok(WaitForSingleObject(leak_event, 0) == WAIT_TIMEOUT, "a signal was not consumed\n");
}

static void path_multiple(void)
{
    HANDLE events[] = {leak_event, leak_event, NULL};
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_STANDARD);
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    for (int i = 0; i < 2 && result; i++) {
        if (!good(RtwqPutMultipleWaitingWorkItem(3, events, 0, result, &key)))
            continue;
        if (i)
            ReleaseSemaphore(leak_event, 1, NULL);
        else
            ok(RtwqCancelMultipleWaitingWorkItem(key) == S_OK, "not cancelled\n");
        put++;
    }
    finish(&callback, result, put);
    ok(WaitForSingleObject(leak_event, 0) == WAIT_TIMEOUT, "a signal was not consumed\n");
}

static void path_schedule(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_STANDARD);
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    for (int i = 0; i < 3 && result; i++)
        put += good(RtwqScheduleWorkItem(result, -i, NULL));
    if (result && good(RtwqScheduleWorkItem(result, -60000, &key)))
        ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
    finish(&callback, result, put);
}

static void WINAPI tick(IUnknown *context)
{
    (void)context;
}

static void path_periodic(void)
{
    struct object context;
    DWORD key;

    object_init(&context);
    if (good(RtwqAddPeriodicCallback(tick, &context.iface, &key)))
        ok(RtwqRemovePeriodicCallback(key) == S_OK, "not removed\n");
    nudge();
    wait_value(&context.refs, 1);
}

static void path_queues(void)
{
    DWORD queues[4] = {0}, task = 0;
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, 0);
    LONG put = 0;

    good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queues[0]));
    good(RtwqAllocateSerialWorkQueue(queues[0], &queues[1]));
    good(RtwqLockSharedWorkQueue(L"Games", 0, &task, &queues[2]));
    good(RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queues[3]));
    for (int i = 0; i < 4; i++) {
        if (!queues[i])
            continue;
        if (result)
            put += good(RtwqPutWorkItem(queues[i], 0, result));
        ok(RtwqUnlockWorkQueue(queues[i]) == S_OK, "not unlocked\n");
    }
    finish(&callback, result, put);
}

static void reply(struct callback *callback, IRtwqAsyncResult *result)
{
    if (callback->invoked & 1) /* else the queue goes on because the receipt goes */
        ok(RtwqInvokeCallback(result) == S_OK, "no reply\n");
}

static void path_reply(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, RTWQ_REPLY_CALLBACK, 0);
    DWORD queue = 0;
    LONG put = 0;

    callback.fn = reply;
    if (result && good(RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_MULTITHREADED, &queue))) {
        for (int i = 0; i < 4; i++)
            put += good(RtwqPutWorkItem(queue, 0, result));
        RtwqUnlockWorkQueue(queue);
    }
    finish(&callback, result, put);
}

static void path_class(void)
{
    struct callback callback;
    struct object state;
    DWORD queue, task = 0;
    LONG begun = 0;

    object_init(&state);
    callback_init(&callback);
    if (good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue))) {
        begun +=
            good(RtwqBeginRegisterWorkQueueWithMMCSS(queue, L"Audio", 0, 0, &callback.iface, &state.iface));
        begun += good(RtwqBeginUnregisterWorkQueueWithMMCSS(queue, &callback.iface, &state.iface));
        RtwqUnlockWorkQueue(queue);
    }
    if (good(RtwqRegisterPlatformWithMMCSS(L"Pro Audio", &task, 0)))
        good(RtwqUnregisterPlatformFromMMCSS());
    finish(&callback, NULL, begun);
    wait_value(&state.refs, 1);
}

static void path_deadline(void)
{
    HANDLE requests[3] = {NULL};
    DWORD queue;

    if (!good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue)))
        return;
    for (int i = 0; i < 3; i++)
        good(RtwqSetDeadline(queue, i * 10000000ll, &requests[i])); /* the first one is missed */
    if (requests[2])
        ok(RtwqCancelDeadline(requests[2]) == S_OK, "not cancelled\n");
    RtwqUnlockWorkQueue(queue); /* ends the others */
}

static void path_join(void)
{
    static const char name[] = "\\\\.\\pipe\\wq_rtworkq_leak";
    HANDLE server =
        CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 64, 64, 0, NULL);
    HANDLE client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL), cookie;
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, 0);
    DWORD written, queue = 0;
    char buffer[8];
    LONG begun = 0;

    good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue));
    if (result && queue && good(RtwqJoinWorkQueue(queue, server, &cookie))) {
        ReadFile(server, buffer, 4, NULL,
                 &CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult)->overlapped);
        WriteFile(client, "leak", 4, &written, NULL);
        begun = 1;
        callback_wait(&callback, 1);
        ReleaseSemaphore(callback.came, 1, NULL);
        ok(RtwqUnjoinWorkQueue(queue, cookie) == S_OK, "not unjoined\n");
    }
    if (queue)
        RtwqUnlockWorkQueue(queue);
    finish(&callback, result, begun);
    CloseHandle(client);
    CloseHandle(server);
}

/* Everything that the shutdown has to end. What was waited for keeps its reference of the result. */
static void path_left(void)
{
    HANDLE events[] = {leak_event, leak_event}, request;
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, 0);
    struct object context;
    LONG left = 0;
    DWORD queue;

    object_init(&context);
    if (result) {
        left += good(RtwqPutWaitingWorkItem(leak_event, 0, result, NULL));
        left += good(RtwqPutWaitingWorkItem(NULL, 0, result, NULL));
        left += good(RtwqPutMultipleWaitingWorkItem(2, events, 0, result, NULL));
        left += good(RtwqScheduleWorkItem(result, -60000, NULL));
    }
    good(RtwqAddPeriodicCallback(tick, &context.iface, NULL));
    good(RtwqSetDeadline(RTWQ_CALLBACK_QUEUE_STANDARD, 600000000, &request));
    good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue));
    good(RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queue));
    nudge();
    stop();
    if (result) {
        for (LONG i = 0; i < left; i++)
            ok(IRtwqAsyncResult_Release(result) == (ULONG)(left - i), "a reference was not kept\n");
        IRtwqAsyncResult_Release(result);
    }
    callback_end(&callback);
    ok(!callback.invoked, "%ld came\n", callback.invoked);
    wait_value(&context.refs, 1);
    start();
}

const struct leak_path leak_paths[] = {
    {"put", path_put},           {"wait", path_wait},     {"multiple", path_multiple},
    {"schedule", path_schedule}, {"queues", path_queues}, {"periodic", path_periodic},
    {"reply", path_reply},       {"class", path_class},   {"deadline", path_deadline},
    {"join", path_join},         {"left", path_left},     {NULL, NULL}};
