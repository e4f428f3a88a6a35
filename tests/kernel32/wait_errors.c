/*
 * wait_errors.c: registered waits with arguments, handles and a system that are not as they should be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "waits.h"

static struct hits hits;

#define register_fails(object, callback, flags, error)                                                       \
    register_fails_(__LINE__, object, callback, flags, error)
static void register_fails_(int line, HANDLE object, WAITORTIMERCALLBACK callback, ULONG flags, DWORD error)
{
    HANDLE wait = NULL;
    BOOL ret;

    SetLastError(0xdeadbeef);
    ret = RegisterWaitForSingleObject(&wait, object, callback, &hits, INFINITE, flags);
    ok_(__FILE__, line)(!ret, "succeeded\n");
    ok_(__FILE__, line)(GetLastError() == error, "error %lu, not %lu\n", GetLastError(), error);
    if (ret)
        UnregisterWait(wait);
}

static void test_arguments(void)
{
    HANDLE event = event_auto(FALSE), deaf, closed;

    hits_init(&hits, 0, 0);
    if (!quwi_ours()) {
        skip("undocumented; may end in a crash elsewhere\n");
        CloseHandle(event);
        return;
    }
    register_fails(event, NULL, 0, ERROR_INVALID_PARAMETER);
    register_fails(event, hits_callback, 0x8000, ERROR_INVALID_PARAMETER);
    ok(!RegisterWaitForSingleObject(NULL, event, hits_callback, NULL, INFINITE, 0) &&
           GetLastError() == ERROR_INVALID_PARAMETER,
       "error %lu\n", GetLastError());
    register_fails(NULL, hits_callback, 0, ERROR_INVALID_HANDLE);
    register_fails((HANDLE)0xdeadbeec, hits_callback, 0, ERROR_INVALID_HANDLE);
    closed = event_auto(FALSE);
    CloseHandle(closed);
    register_fails(closed, hits_callback, WT_EXECUTEINWAITTHREAD, ERROR_INVALID_HANDLE);
    DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &deaf, EVENT_MODIFY_STATE, FALSE, 0);
    register_fails(deaf, hits_callback, 0, ERROR_ACCESS_DENIED);
    CloseHandle(deaf);
    CloseHandle(event);
}

static void test_null_wait(void)
{
    wait_unregister(NULL, NULL, ERROR_INVALID_HANDLE);
    wait_unregister(NULL, INVALID_HANDLE_VALUE, ERROR_INVALID_HANDLE);
    SetLastError(0xdeadbeef);
    ok(!UnregisterWait(NULL) && GetLastError() == ERROR_INVALID_HANDLE, "error %lu\n", GetLastError());
}

/* Handles that are none, or none any more. */
static void test_bad_waits(void)
{
    HANDLE event = event_auto(FALSE), wait;

    if (!quwi_ours()) {
        skip("undefined elsewhere\n");
        CloseHandle(event);
        return;
    }
    hits_init(&hits, 0, 0);
    wait_unregister(INVALID_HANDLE_VALUE, NULL, ERROR_INVALID_HANDLE);
    wait_unregister((HANDLE)0x1234, NULL, ERROR_INVALID_HANDLE);
    wait_unregister(event, NULL, ERROR_INVALID_HANDLE);
    wait_unregister(&hits, NULL, ERROR_INVALID_HANDLE);
    wait = wait_register(event, hits_callback, &hits, INFINITE, 0);
    wait_unregister(wait, NULL, 0);
    wait_unregister(wait, NULL, ERROR_INVALID_HANDLE);
    wait_unregister(wait, INVALID_HANDLE_VALUE, ERROR_INVALID_HANDLE);
    CloseHandle(event);
}

static void test_no_memory(void)
{
    HANDLE event = event_auto(FALSE), wait;

    if (!quwi_fault(WQ_FAULT_MEMORY, 0)) {
        skip("no failures to inject\n");
        CloseHandle(event);
        return;
    }
    quwi_flush(); /* a worker is there */
    hits_init(&hits, 1, 0);
    wait = wait_register(event, hits_callback, &hits, INFINITE, 0);
    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    register_fails(event, hits_callback, 0, ERROR_NOT_ENOUGH_MEMORY);
    register_fails(event, hits_callback, WT_EXECUTEINWAITTHREAD, ERROR_NOT_ENOUGH_MEMORY);
    SetEvent(event); /* what is registered needs none */
    tally_wait(&hits.fired, "callbacks without memory");
    quwi_fault(WQ_FAULT_MEMORY, 0);
    wait_end(wait);
    CloseHandle(event);
}

/* 64 waits need a second thread. */
static void test_no_thread(void)
{
    HANDLE event = event_auto(FALSE), waits[64];
    unsigned i, n = 0;

    if (!quwi_fault(WQ_FAULT_THREAD, UINT32_MAX)) {
        skip("no failures to inject\n");
        CloseHandle(event);
        return;
    }
    hits_init(&hits, 1, 0);
    SetLastError(0xdeadbeef);
    while (n < 64 && RegisterWaitForSingleObject(&waits[n], event, hits_callback, &hits, INFINITE, 0))
        n++;
    ok(n < 64 && GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "%u waits, error %lu\n", n, GetLastError());
    quwi_fault(WQ_FAULT_THREAD, 0);
    waits[n] = wait_register(event, hits_callback, &hits, INFINITE, 0);
    SetEvent(event);
    tally_wait(&hits.fired, "callbacks");
    for (i = 0; i <= n; i++)
        wait_end(waits[i]);
    CloseHandle(event);
}

START_TEST(wait_errors)
{
    test_arguments();
    test_null_wait();
    test_bad_waits();
    test_no_memory();
    test_no_thread();
}
