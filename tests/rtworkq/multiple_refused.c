/*
 * multiple_refused.c: items that wait for any of several events: what is refused, and takes no signal. As in
 * multiple.c, tested is what our module does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define MOST 63u

static void test_errors(void)
{
    HANDLE events[MOST + 1], bad[] = {NULL, (HANDLE)0xdead0};
    RTWQWORKITEM_KEY key = 0;
    struct callback callback;
    IRtwqAsyncResult *result, *empty;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    events[0] = bad[0] = CreateEventA(NULL, FALSE, FALSE, NULL);
    for (unsigned i = 1; i <= MOST; i++)
        events[i] = events[0];
    hr = RtwqPutMultipleWaitingWorkItem(1, NULL, 0, result, &key);
    ok(hr == E_POINTER, "NULL was accepted\n");
    hr = RtwqPutMultipleWaitingWorkItem(1, events, 0, NULL, &key);
    ok(hr == E_POINTER, "NULL was accepted\n");
    RtwqCreateAsyncResult(NULL, NULL, NULL, &empty);
    hr = RtwqPutMultipleWaitingWorkItem(1, events, 0, empty, &key);
    ok(hr == E_POINTER, "no callback was accepted\n");
    IRtwqAsyncResult_Release(empty);
    hr = RtwqPutMultipleWaitingWorkItem(0, events, 0, result, &key);
    ok(hr == E_INVALIDARG, "none was accepted\n");
    hr = RtwqPutMultipleWaitingWorkItem(MOST + 1, events, 0, result, &key);
    ok(hr == E_INVALIDARG, "too many were accepted\n");
    hr = RtwqPutMultipleWaitingWorkItem(0xffffffff, events, 0, result, &key);
    ok(hr == E_INVALIDARG, "too many were accepted\n");
    hr = RtwqPutMultipleWaitingWorkItem(2, bad, 0, result, &key);
    ok(hr == HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE), "got %#lx\n", hr);
    ok(!key, "a key was given\n");
    ok(RtwqCancelMultipleWaitingWorkItem(0) == RTWQ_E_NOT_FOUND, "0 is a key\n");
    ok(RtwqCancelMultipleWaitingWorkItem(~(RTWQWORKITEM_KEY)0) == RTWQ_E_NOT_FOUND, "-1 is a key\n");
    CloseHandle(events[0]);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* One of them cannot be waited for: the call says why and takes no signal of the others. */
static void test_one_refused(void)
{
    HANDLE handles[3], mute;
    struct callback callback;
    IRtwqAsyncResult *result;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    handles[0] = CreateEventW(NULL, FALSE, TRUE, NULL);
    handles[2] = CreateEventW(NULL, FALSE, TRUE, NULL);
    DuplicateHandle(GetCurrentProcess(), handles[0], GetCurrentProcess(), &mute, EVENT_MODIFY_STATE, FALSE,
                    0);
    handles[1] = mute;
    hr = RtwqPutMultipleWaitingWorkItem(3, handles, 0, result, NULL);
    ok(hr == HRESULT_FROM_WIN32(ERROR_ACCESS_DENIED), "without SYNCHRONIZE: got %#lx\n", hr);
    CloseHandle(mute);
    hr = RtwqPutMultipleWaitingWorkItem(3, handles, 0, result, NULL);
    ok(hr == HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE), "closed: got %#lx\n", hr);
    ok(WaitForSingleObject(handles[0], 0) == WAIT_OBJECT_0, "the first signal was taken\n");
    ok(WaitForSingleObject(handles[2], 0) == WAIT_OBJECT_0, "the last signal was taken\n");
    ok(!callback.invoked, "called\n");
    CloseHandle(handles[0]);
    CloseHandle(handles[2]);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

START_TEST(multiple_refused)
{
    if (!ours()) {
        skip("only our module says what they take\n");
        return;
    }
    start();
    test_errors();
    test_one_refused();
    stop();
}
