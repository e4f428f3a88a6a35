/*
 * asked.c: how often GetParameters is asked, and when: once for each item, by the call that puts it.
 *
 * A put asks for the flags, an invocation for flags and queue. When Windows asks for waiting and scheduled items nobody
 * has published: wqshim asks when they are put, so that a callback is not called on a wait thread. Wine's builtin asks
 * then, too, and twice more when they come, and twice for an invocation.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

/* Looks at what was asked since the last time. */
static void check_asked_(struct callback *callback, LONG expected, const char *what, int line)
{
    LONG asked = InterlockedExchange(&callback->asked, 0);

    todo_wine_if(!ours() && asked != expected)
        ok_(__FILE__, line)(asked == expected, "%s: asked %ld times\n", what, asked);
}
#define check_asked(callback, expected, what) check_asked_(callback, expected, what, __LINE__)

static void test_put(struct callback *callback, IRtwqAsyncResult *result)
{
    ok(RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_STANDARD, 0, result) == S_OK, "not put\n");
    callback_wait(callback, 1);
    check_asked(callback, 1, "put");
    ok(RtwqInvokeCallback(result) == S_OK, "not invoked\n");
    callback_wait(callback, 1);
    check_asked(callback, 1, "invoked");
}

static void test_pending(struct callback *callback, IRtwqAsyncResult *result)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    RTWQWORKITEM_KEY key;

    ok(RtwqPutWaitingWorkItem(event, 0, result, NULL) == S_OK, "not put\n");
    check_asked(callback, 1, "waiting");
    SetEvent(event);
    callback_wait(callback, 1);
    check_asked(callback, 0, "signalled");
    ok(RtwqPutWaitingWorkItem(event, 0, result, &key) == S_OK, "not put\n");
    check_asked(callback, 1, "waiting");
    ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
    callback_wait(callback, 1);
    check_asked(callback, 0, "cancelled");
    ok(RtwqScheduleWorkItem(result, -60000, &key) == S_OK, "not scheduled\n");
    check_asked(callback, 1, "scheduled");
    ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
    check_asked(callback, 0, "cancelled");
    CloseHandle(event);
}

START_TEST(asked)
{
    struct callback callback;
    IRtwqAsyncResult *result;

    start();
    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    result = result_new(&callback);
    test_put(&callback, result);
    test_pending(&callback, result);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    stop();
}
