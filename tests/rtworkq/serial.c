/*
 * serial.c: serial queues whose callbacks reply, and queues with a message loop.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

/* ---- replies ---- */

static void keep(struct callback *callback, IRtwqAsyncResult *result)
{
    IRtwqAsyncResult_AddRef(result);
    callback->param = result;
}

static void test_reply(BOOL put)
{
    struct callback reply, plain;
    IRtwqAsyncResult *result, *next, *receipt;
    DWORD queue;
    HRESULT hr;

    RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_STANDARD, &queue);
    callback_init_queue(&reply, RTWQ_REPLY_CALLBACK, queue);
    reply.fn = keep;
    callback_init(&plain);
    result = result_new(&reply);
    next = result_new(&plain);
    RtwqPutWorkItem(queue, 0, result);
    RtwqPutWorkItem(queue, 0, next);
    callback_wait(&reply, 1);
    receipt = reply.param;
    ok(receipt != result, "got the result itself\n");
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD); /* the queue below goes on */
    ok(!plain.invoked, "went on without a reply\n");
    hr = put ? RtwqPutWorkItem(queue, 0, receipt) : RtwqInvokeCallback(receipt);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&plain, 1);
    IRtwqAsyncResult_Release(receipt);
    IRtwqAsyncResult_Release(result);
    IRtwqAsyncResult_Release(next);
    RtwqUnlockWorkQueue(queue);
    callback_end(&reply);
    callback_end(&plain);
}

static void answer(struct callback *callback, IRtwqAsyncResult *result)
{
    HRESULT hr = RtwqInvokeCallback(result);

    (void)callback;
    ok(hr == S_OK, "got %#lx\n", hr);
}

static void test_reply_inside(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    DWORD queue;
    int i;

    RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_MULTITHREADED, &queue);
    callback_init_queue(&callback, RTWQ_REPLY_CALLBACK, queue);
    callback.fn = answer;
    result = result_new(&callback);
    for (i = 0; i < 200; i++)
        RtwqPutWorkItem(queue, 0, result);
    callback_wait(&callback, 200);
    IRtwqAsyncResult_Release(result);
    RtwqUnlockWorkQueue(queue);
    callback_end(&callback);
}

/* Nobody can reply any more: the queue goes on. */
static void test_no_reply(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    DWORD queue;

    if (!ours())
        return; /* others wait for ever */
    RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_MULTITHREADED, &queue);
    callback_init_queue(&callback, RTWQ_REPLY_CALLBACK, queue);
    result = result_new(&callback);
    RtwqPutWorkItem(queue, 0, result);
    RtwqPutWorkItem(queue, 0, result);
    callback_wait(&callback, 2);
    IRtwqAsyncResult_Release(result);
    RtwqUnlockWorkQueue(queue);
    callback_end(&callback);
}

static void test_unlock_before_reply(void)
{
    struct callback callback;
    IRtwqAsyncResult *result, *receipt;
    DWORD queue;

    RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_STANDARD, &queue);
    callback_init_queue(&callback, RTWQ_REPLY_CALLBACK, queue);
    callback.fn = keep;
    result = result_new(&callback);
    RtwqPutWorkItem(queue, 0, result);
    RtwqPutWorkItem(queue, 0, result);
    callback_wait(&callback, 1);
    receipt = callback.param;
    RtwqUnlockWorkQueue(queue);
    RtwqInvokeCallback(receipt);
    IRtwqAsyncResult_Release(receipt);
    callback_wait(&callback, 1);
    receipt = callback.param;
    RtwqInvokeCallback(receipt);
    IRtwqAsyncResult_Release(receipt);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* ---- queues with a message loop ---- */

static LONG messages;

static LRESULT CALLBACK window_proc(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    if (message == WM_USER)
        InterlockedIncrement(&messages);
    return DefWindowProcA(window, message, wparam, lparam);
}

static void make_window(struct callback *callback, IRtwqAsyncResult *result)
{
    (void)result;
    if (!callback->param) {
        callback->param = CreateWindowA("wq test", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    } else {
        DestroyWindow(callback->param);
        callback->param = NULL;
    }
}

static void test_window_queue(void)
{
    WNDCLASSA class = {.lpfnWndProc = window_proc, .lpszClassName = "wq test"};
    struct callback callback;
    IRtwqAsyncResult *result;
    DWORD queue, thread;
    HRESULT hr;
    int i;

    RegisterClassA(&class);
    hr = RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queue);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_init(&callback);
    callback.fn = make_window;
    result = result_new(&callback);
    hr = RtwqPutWorkItem(queue, 0, result);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    thread = callback.thread;
    if (!callback.param) {
        skip("no windows here\n");
    } else {
        messages = 0;
        for (i = 0; i < 10; i++)
            PostMessageA(callback.param, WM_USER, 0, 0);
        wait_value(&messages, 10);
        ok(GetWindowThreadProcessId(callback.param, NULL) == thread,
           "the window belongs to another thread\n");
        RtwqPutWorkItem(queue, 0, result);
        callback_wait(&callback, 1);
        ok(callback.thread == thread && !callback.param, "not on the window's thread\n");
    }
    IRtwqAsyncResult_Release(result);
    RtwqUnlockWorkQueue(queue);
    callback_end(&callback);
}

START_TEST(serial)
{
    start();
    test_reply(TRUE);
    if (!ours() && winetest_platform_is_wine) {
        skip("the builtin takes replies only where they are put, and has no message loop\n");
    } else {
        test_reply(FALSE);
        test_reply_inside();
        test_no_reply();
        test_unlock_before_reply();
        test_window_queue();
    }
    stop();
}
