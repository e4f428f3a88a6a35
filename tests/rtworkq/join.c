/*
 * join.c: files whose completions come to a queue.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

static HANDLE server, client;

static void pipe_open(void)
{
    static const char name[] = "\\\\.\\pipe\\wq_rtworkq_join";

    server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096, 4096,
                              0, NULL);
    client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ok(server != INVALID_HANDLE_VALUE && client != INVALID_HANDLE_VALUE, "no pipe\n");
}

static void pipe_close(void)
{
    CloseHandle(client);
    CloseHandle(server);
}

static RTWQASYNCRESULT *fields(IRtwqAsyncResult *result)
{
    return CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult);
}

static void start_read(IRtwqAsyncResult *result, char *buffer, DWORD size)
{
    BOOL ret = ReadFile(server, buffer, size, NULL, &fields(result)->overlapped);

    ok(ret || GetLastError() == ERROR_IO_PENDING, "error %lu\n", GetLastError());
}

static void test_completion(DWORD queue)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    HANDLE cookie = NULL;
    char buffer[16];
    DWORD written;
    HRESULT hr;

    pipe_open();
    callback_init(&callback);
    result = result_new(&callback);
    hr = RtwqJoinWorkQueue(queue, server, &cookie);
    ok(hr == S_OK && cookie, "got %#lx\n", hr);
    start_read(result, buffer, sizeof(buffer));
    WriteFile(client, "hello", 5, &written, NULL);
    callback_wait(&callback, 1);
    ok(callback.result == result && callback.status == S_OK, "status %#lx\n", callback.status);
    ok(fields(result)->dwBytesTransferred == 5 && !memcmp(buffer, "hello", 5), "got %lu bytes\n",
       fields(result)->dwBytesTransferred);
    start_read(result, buffer, sizeof(buffer));
    CancelIo(server);
    callback_wait(&callback, 1);
    ok(callback.status == HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED), "status %#lx\n", callback.status);
    hr = RtwqUnjoinWorkQueue(queue, cookie);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqUnjoinWorkQueue(queue, cookie);
    ok(hr == E_INVALIDARG, "got %#lx\n", hr);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    pipe_close();
}

static void test_errors(void)
{
    HANDLE cookie;
    HRESULT hr;

    pipe_open();
    hr = RtwqJoinWorkQueue(0xdead0000, server, &cookie);
    ok(hr == RTWQ_E_INVALID_WORKQUEUE, "got %#lx\n", hr);
    hr = RtwqJoinWorkQueue(1, server, NULL);
    ok(hr == E_POINTER, "got %#lx\n", hr);
    hr = RtwqJoinWorkQueue(1, (HANDLE)0xdead0, &cookie);
    ok(hr == HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE), "got %#lx\n", hr);
    hr = RtwqJoinWorkQueue(1, client, &cookie);
    ok(FAILED(hr), "a synchronous handle was accepted\n");
    hr = RtwqUnjoinWorkQueue(1, NULL);
    ok(hr == E_INVALIDARG, "got %#lx\n", hr);
    pipe_close();
}

START_TEST(join)
{
    HANDLE cookie;
    DWORD queue;
    HRESULT hr;

    start();
    if (!ours() && winetest_platform_is_wine) {
        pipe_open();
        hr = RtwqJoinWorkQueue(RTWQ_CALLBACK_QUEUE_STANDARD, server, &cookie);
        todo_wine ok(hr == S_OK, "got %#lx\n", hr);
        pipe_close();
    } else {
        test_completion(RTWQ_CALLBACK_QUEUE_STANDARD);
        RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_MULTITHREADED, &queue);
        test_completion(queue);
        RtwqUnlockWorkQueue(queue);
        test_errors();
    }
    stop();
}
