/*
 * result.c: async results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

static RTWQASYNCRESULT *fields(IRtwqAsyncResult *result)
{
    return CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult);
}

static void test_create_without_start(void)
{
    IRtwqAsyncResult *result = NULL;
    HRESULT hr;

    hr = RtwqCreateAsyncResult(NULL, NULL, NULL, &result);
    ok(hr == S_OK, "got %#lx\n", hr);
    ok(IRtwqAsyncResult_Release(result) == 0, "still referenced\n");
}

static void test_create_errors(void)
{
    HRESULT hr = RtwqCreateAsyncResult(NULL, NULL, NULL, NULL);

    ok(FAILED(hr), "got %#lx\n", hr);
}

static void test_new_result(void)
{
    IUnknown *object = (IUnknown *)0xdead, *state = (IUnknown *)0xdead;
    IRtwqAsyncResult *result;
    HRESULT hr;

    RtwqCreateAsyncResult(NULL, NULL, NULL, &result);
    ok(IRtwqAsyncResult_GetStatus(result) == S_OK, "wrong status\n");
    ok(!fields(result)->hEvent && !fields(result)->pCallback && !fields(result)->overlapped.Internal &&
           !fields(result)->dwBytesTransferred,
       "not zeroed\n");
    hr = IRtwqAsyncResult_GetObject(result, &object);
    ok(hr == E_POINTER && object == (IUnknown *)0xdead, "got %#lx, %p\n", hr, object);
    hr = IRtwqAsyncResult_GetState(result, &state);
    ok(hr == E_POINTER && state == (IUnknown *)0xdead, "got %#lx, %p\n", hr, state);
    ok(IRtwqAsyncResult_GetState(result, NULL) == E_POINTER, "NULL was accepted\n");
    ok(!IRtwqAsyncResult_GetStateNoAddRef(result), "there is a state\n");
    IRtwqAsyncResult_Release(result);
}

static void test_references(void)
{
    struct object object, state;
    struct callback callback;
    IRtwqAsyncResult *result;
    IUnknown *unknown;
    HRESULT hr;

    object_init(&object);
    object_init(&state);
    callback_init(&callback);
    hr = RtwqCreateAsyncResult(&object.iface, &callback.iface, &state.iface, &result);
    ok(hr == S_OK, "got %#lx\n", hr);
    ok(object.refs == 2 && state.refs == 2 && callback.refs == 2, "references: %ld, %ld, %ld\n", object.refs,
       state.refs, callback.refs);
    ok(IRtwqAsyncResult_GetStateNoAddRef(result) == &state.iface && state.refs == 2, "wrong state\n");
    hr = IRtwqAsyncResult_GetState(result, &unknown);
    ok(hr == S_OK && unknown == &state.iface && state.refs == 3, "got %#lx, %ld\n", hr, state.refs);
    IUnknown_Release(unknown);
    hr = IRtwqAsyncResult_GetObject(result, &unknown);
    ok(hr == S_OK && unknown == &object.iface && object.refs == 3, "got %#lx, %ld\n", hr, object.refs);
    IUnknown_Release(unknown);
    ok(IRtwqAsyncResult_AddRef(result) == 2, "wrong count\n");
    ok(IRtwqAsyncResult_Release(result) == 1, "wrong count\n");
    ok(IRtwqAsyncResult_Release(result) == 0, "wrong count\n");
    ok(object.refs == 1 && state.refs == 1, "references: %ld, %ld\n", object.refs, state.refs);
    callback_end(&callback);
}

static void test_status_is_live(void)
{
    IRtwqAsyncResult *result;

    RtwqCreateAsyncResult(NULL, NULL, NULL, &result);
    ok(IRtwqAsyncResult_SetStatus(result, E_FAIL) == S_OK, "refused\n");
    ok(fields(result)->hrStatusResult == E_FAIL, "got %#lx\n", fields(result)->hrStatusResult);
    fields(result)->hrStatusResult = 123;
    ok(IRtwqAsyncResult_GetStatus(result) == 123, "got %#lx\n", IRtwqAsyncResult_GetStatus(result));
    IRtwqAsyncResult_Release(result);
}

static void test_interfaces(void)
{
    static const GUID iid_result = {
        0xac6b7889, 0x0740, 0x4d51, {0x86, 0x19, 0x90, 0x59, 0x94, 0xa5, 0x5c, 0xc6}};
    static const GUID iid_other = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    static const GUID iid_unknown = {0, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
    IRtwqAsyncResult *result;
    void *other;
    HRESULT hr;

    RtwqCreateAsyncResult(NULL, NULL, NULL, &result);
    hr = IRtwqAsyncResult_QueryInterface(result, &iid_result, &other);
    ok(hr == S_OK && other == result, "got %#lx\n", hr);
    IRtwqAsyncResult_Release(result);
    hr = IRtwqAsyncResult_QueryInterface(result, &iid_unknown, &other);
    ok(hr == S_OK && other == result, "got %#lx\n", hr);
    IRtwqAsyncResult_Release(result);
    hr = IRtwqAsyncResult_QueryInterface(result, &iid_other, &other);
    ok(hr == E_NOINTERFACE && !other, "got %#lx, %p\n", hr, other);
    ok(IRtwqAsyncResult_Release(result) == 0, "still referenced\n");
}

static void test_event_is_closed_not_set(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), copy;
    struct callback callback;
    IRtwqAsyncResult *result;
    HRESULT hr;
    DWORD flags;

    start();
    callback_init(&callback);
    result = result_new(&callback);
    DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
    fields(result)->hEvent = event;
    hr = RtwqInvokeCallback(result);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    ok(WaitForSingleObject(copy, 0) == WAIT_TIMEOUT, "the event was set\n");
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    ok(!GetHandleInformation(event, &flags), "the event is still open\n");
    CloseHandle(copy);
    stop();
}

static void test_results_are_reused(void)
{
    IRtwqAsyncResult *first, *second, *again;

    start();
    RtwqCreateAsyncResult(NULL, NULL, NULL, &first);
    RtwqCreateAsyncResult(NULL, NULL, NULL, &second);
    IRtwqAsyncResult_SetStatus(second, E_FAIL);
    IRtwqAsyncResult_Release(first);
    IRtwqAsyncResult_Release(second);
    RtwqCreateAsyncResult(NULL, NULL, NULL, &again);
    todo_wine_if(!ours() && again != second) ok(again == second, "the last released result was not reused\n");
    ok(IRtwqAsyncResult_GetStatus(again) == S_OK, "its status was\n");
    IRtwqAsyncResult_Release(again);
    stop();
}

START_TEST(result)
{
    test_create_without_start();
    test_create_errors();
    test_new_result();
    test_references();
    test_status_is_live();
    test_interfaces();
    test_event_is_closed_not_set();
    test_results_are_reused();
}
