/*
 * mmcss.c: shared queues, scheduling classes, and the usual low-latency audio client.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define NO_SUCH_TASK HRESULT_FROM_WIN32(1550)

static void check_class(DWORD queue, const WCHAR *expected)
{
    DWORD length = 0, needed = (DWORD)lstrlenW(expected) + 1;
    WCHAR name[64];
    HRESULT hr;

    hr = RtwqGetWorkQueueMMCSSClass(queue, NULL, &length);
    ok(hr == RTWQ_E_BUFFERTOOSMALL || (hr == S_OK && needed == 1), "got %#lx\n", hr);
    ok(length == needed, "length %lu, expected %lu\n", length, needed);
    if (needed > 1) {
        length = needed - 1;
        hr = RtwqGetWorkQueueMMCSSClass(queue, name, &length);
        ok(hr == RTWQ_E_BUFFERTOOSMALL && length == needed, "got %#lx, length %lu\n", hr, length);
    }
    length = ARRAY_SIZE(name);
    hr = RtwqGetWorkQueueMMCSSClass(queue, name, &length);
    ok(hr == S_OK && !lstrcmpW(name, expected), "got %#lx, %s\n", hr, hr == S_OK ? wine_dbgstr_w(name) : "");
}

static void test_shared_queues(void)
{
    static const WCHAR *const classes[] = {L"Audio",    L"Capture",   L"Distribution",  L"Games",
                                           L"Playback", L"Pro Audio", L"Window Manager"};
    DWORD queue, again, task, other;
    LONG priority;
    HRESULT hr;
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(classes); i++) {
        task = 0;
        hr = RtwqLockSharedWorkQueue(classes[i], 1, &task, &queue);
        ok(hr == S_OK, "%s: got %#lx\n", wine_dbgstr_w(classes[i]), hr);
        todo_builtin ok(task != 0, "%s: no task group\n", wine_dbgstr_w(classes[i]));
        other = 0;
        hr = RtwqLockSharedWorkQueue(classes[i], 1, &other, &again);
        ok(hr == S_OK && again == queue && other == task, "got %#lx, %#lx and %#lx\n", hr, queue, again);
        if (ours() || !winetest_platform_is_wine) {
            check_class(queue, classes[i]);
            hr = RtwqGetWorkQueueMMCSSTaskId(queue, &other);
            ok(hr == S_OK && other == task, "got %#lx, %lu\n", hr, other);
            hr = RtwqGetWorkQueueMMCSSPriority(queue, &priority);
            ok(hr == S_OK && priority == 1, "got %#lx, %ld\n", hr, priority);
        }
        queue_flush(queue);
        ok(RtwqUnlockWorkQueue(queue) == S_OK, "not unlocked\n");
        ok(RtwqUnlockWorkQueue(queue) == S_OK, "not unlocked\n");
        hr = RtwqUnlockWorkQueue(queue);
        todo_wine_if(!ours() && hr == S_OK) ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    }
}

static void test_regular_shared_queue(void)
{
    DWORD queue, again, task = 0;
    HRESULT hr;

    hr = RtwqLockSharedWorkQueue(L"", 0, NULL, &queue);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqLockSharedWorkQueue(L"", 0, NULL, &again);
    ok(hr == S_OK && again == queue, "got %#lx, %#lx and %#lx\n", hr, queue, again);
    if (ours() || !winetest_platform_is_wine)
        check_class(queue, L"");
    RtwqUnlockWorkQueue(queue);
    RtwqUnlockWorkQueue(queue);
    hr = RtwqLockSharedWorkQueue(L"", 0, &task, &queue);
    ok(hr == E_INVALIDARG, "got %#lx\n", hr);
    if (hr == S_OK)
        RtwqUnlockWorkQueue(queue);
}

static void test_shared_queue_errors(void)
{
    DWORD queue, task = 0;
    HRESULT hr;

    hr = RtwqLockSharedWorkQueue(L"****", 0, &task, &queue);
    todo_builtin ok(FAILED(hr), "got %#lx\n", hr);
    if (!ours())
        return;
    ok(hr == NO_SUCH_TASK, "got %#lx\n", hr);
    ok(RtwqLockSharedWorkQueue(NULL, 0, &task, &queue) == E_POINTER, "NULL was accepted\n");
    ok(RtwqLockSharedWorkQueue(L"Audio", 0, &task, NULL) == E_POINTER, "NULL was accepted\n");
    hr = RtwqLockSharedWorkQueue(L"DisplayPostProcessing", 0, &task, &queue);
    ok(hr == E_INVALIDARG, "got %#lx\n", hr);
    hr = RtwqLockSharedWorkQueue(L"Audio", 3, &task, &queue);
    ok(hr == E_INVALIDARG, "got %#lx\n", hr);
}

static void end_register(struct callback *callback, IRtwqAsyncResult *result)
{
    DWORD *task = callback->param;
    HRESULT hr = RtwqEndRegisterWorkQueueWithMMCSS(result, task);

    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqEndUnregisterWorkQueueWithMMCSS(result);
    ok(FAILED(hr), "got %#lx\n", hr);
}

static void end_unregister(struct callback *callback, IRtwqAsyncResult *result)
{
    *(HRESULT *)callback->param = RtwqEndUnregisterWorkQueueWithMMCSS(result);
}

static void test_register_queue(void)
{
    struct callback callback;
    DWORD queue, task = 0, seen;
    LONG priority;
    HRESULT hr, status = 0xdead;

    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
    callback_init(&callback);
    callback.fn = end_register;
    callback.param = &task;
    hr = RtwqBeginRegisterWorkQueueWithMMCSS(queue, L"", 0, 0, &callback.iface, NULL);
    ok(FAILED(hr), "got %#lx\n", hr);
    hr = RtwqBeginRegisterWorkQueueWithMMCSS(queue, L"Pro Audio", 0, 2, &callback.iface, NULL);
    todo_builtin ok(hr == S_OK, "got %#lx\n", hr);
    if (hr != S_OK) {
        RtwqUnlockWorkQueue(queue);
        return;
    }
    callback_wait(&callback, 1);
    ok(task != 0, "no task group\n");
    check_class(queue, L"Pro Audio");
    hr = RtwqGetWorkQueueMMCSSTaskId(queue, &seen);
    ok(hr == S_OK && seen == task, "got %#lx, %lu\n", hr, seen);
    hr = RtwqGetWorkQueueMMCSSPriority(queue, &priority);
    ok(hr == S_OK && priority == 2, "got %#lx, %ld\n", hr, priority);
    queue_flush(queue);
    hr = RtwqBeginRegisterWorkQueueWithMMCSS(queue, L"DisplayPostProcessing", 7, 0, &callback.iface, NULL);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    ok(task == 7, "task group %lu\n", task);
    callback.fn = end_unregister;
    callback.param = &status;
    hr = RtwqBeginUnregisterWorkQueueWithMMCSS(queue, &callback.iface, NULL);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    ok(status == S_OK, "got %#lx\n", status);
    check_class(queue, L"");
    queue_flush(queue);
    RtwqUnlockWorkQueue(queue);
    callback_end(&callback);
}

static void test_register_errors(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    DWORD task = 0;
    HRESULT hr;

    if (!ours())
        return;
    callback_init(&callback);
    hr = RtwqBeginRegisterWorkQueueWithMMCSS(1, L"****", 0, 0, &callback.iface, NULL);
    ok(hr == NO_SUCH_TASK, "got %#lx\n", hr);
    hr = RtwqBeginRegisterWorkQueueWithMMCSS(0xdead0000, L"Audio", 0, 0, &callback.iface, NULL);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    hr = RtwqBeginRegisterWorkQueueWithMMCSS(1, L"Audio", 0, 0, NULL, NULL);
    ok(hr == E_POINTER, "got %#lx\n", hr);
    hr = RtwqBeginUnregisterWorkQueueWithMMCSS(0xdead0000, &callback.iface, NULL);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    result = result_new(&callback);
    hr = RtwqEndRegisterWorkQueueWithMMCSS(result, &task);
    ok(hr == E_INVALIDARG, "got %#lx\n", hr);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static void test_register_platform(void)
{
    DWORD task = 0, seen;
    HRESULT hr;

    hr = RtwqRegisterPlatformWithMMCSS(L"Audio", &task, 1);
    todo_builtin ok(hr == S_OK, "got %#lx\n", hr);
    if (hr != S_OK)
        return;
    ok(task != 0, "no task group\n");
    check_class(RTWQ_CALLBACK_QUEUE_STANDARD, L"Audio");
    check_class(RTWQ_CALLBACK_QUEUE_MULTITHREADED, L"Audio");
    hr = RtwqGetWorkQueueMMCSSTaskId(RTWQ_CALLBACK_QUEUE_TIMER, &seen);
    ok(hr == S_OK && seen == task, "got %#lx, %lu\n", hr, seen);
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    queue_flush(RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    hr = RtwqRegisterPlatformWithMMCSS(L"Games", &task, 0);
    ok(hr == S_OK, "got %#lx\n", hr);
    check_class(RTWQ_CALLBACK_QUEUE_STANDARD, L"Games");
    hr = RtwqUnregisterPlatformFromMMCSS();
    ok(hr == S_OK, "got %#lx\n", hr);
    check_class(RTWQ_CALLBACK_QUEUE_STANDARD, L"");
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
}

/* ---- the thread priority of a class ---- */

static void get_priority(struct callback *callback, IRtwqAsyncResult *result)
{
    (void)result;
    callback->param = (void *)(LONG_PTR)GetThreadPriority(GetCurrentThread());
}

static int priority_on(DWORD queue)
{
    struct callback callback;
    IRtwqAsyncResult *result;

    callback_init(&callback);
    callback.fn = get_priority;
    result = result_new(&callback);
    RtwqPutWorkItem(queue, 0, result);
    callback_wait(&callback, 1);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    return (int)(LONG_PTR)callback.param;
}

static void test_thread_priority(void)
{
    DWORD queue, task = 0;
    int got;

    if (!ours())
        return;
    RtwqLockSharedWorkQueue(L"Pro Audio", 0, &task, &queue);
    got = priority_on(queue);
    ok(got == THREAD_PRIORITY_TIME_CRITICAL, "priority %d\n", got);
    got = priority_on(RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    ok(got == THREAD_PRIORITY_NORMAL, "priority %d\n", got);
    RtwqUnlockWorkQueue(queue);
}

/* ---- the usual low-latency audio client ---- */

#define BUFFERS 100

struct stream {
    HANDLE buffer_ready;
    DWORD queue, task;
    RTWQWORKITEM_KEY key;
    LONG buffers;
};

static void buffer_event(struct callback *callback, IRtwqAsyncResult *result)
{
    struct stream *stream = callback->param;
    DWORD length = 20, task;
    WCHAR name[20];
    LONG priority;

    if (callback->status == RTWQ_E_OPERATION_CANCELLED)
        return;
    if (ours() || !winetest_platform_is_wine) {
        ok(RtwqGetWorkQueueMMCSSClass(stream->queue, name, &length) == S_OK && !lstrcmpW(name, L"Pro Audio"),
           "wrong class\n");
        ok(RtwqGetWorkQueueMMCSSTaskId(stream->queue, &task) == S_OK && task == stream->task, "wrong task\n");
        ok(RtwqGetWorkQueueMMCSSPriority(stream->queue, &priority) == S_OK && !priority, "wrong priority\n");
    }
    stream->buffers++;
    ok(RtwqPutWaitingWorkItem(stream->buffer_ready, 1, result, &stream->key) == S_OK, "not armed again\n");
}

static void test_audio_client(void)
{
    struct stream stream = {CreateEventA(NULL, FALSE, FALSE, NULL), 0, 0, 0, 0};
    struct callback callback;
    IRtwqAsyncResult *result;
    HRESULT hr;
    int i;

    start();
    hr = RtwqLockSharedWorkQueue(L"Pro Audio", 0, &stream.task, &stream.queue);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_init_queue(&callback, 0, stream.queue);
    callback.fn = buffer_event;
    callback.param = &stream;
    result = result_new(&callback);
    hr = RtwqPutWaitingWorkItem(stream.buffer_ready, 1, result, &stream.key);
    ok(hr == S_OK, "got %#lx\n", hr);
    for (i = 0; i < BUFFERS; i++) {
        SetEvent(stream.buffer_ready);
        callback_wait(&callback, 1);
    }
    hr = RtwqCancelWorkItem(stream.key);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    ok(stream.buffers == BUFFERS, "%ld buffers\n", stream.buffers);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    RtwqUnlockWorkQueue(stream.queue);
    stop();
    CloseHandle(stream.buffer_ready);
}

START_TEST(mmcss)
{
    start();
    test_shared_queues();
    test_regular_shared_queue();
    test_shared_queue_errors();
    test_register_queue();
    test_register_errors();
    test_register_platform();
    test_thread_priority();
    stop();
    test_audio_client();
}
