/*
 * io.c: BindIoCompletionCallback with files, pipes and sockets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <winsock2.h>

#include "waits.h"

#define PIPE_NAME "\\\\.\\pipe\\wqshim_io_test"
#define STORM     200

static struct tally completed;

/* What the callback saw. The OVERLAPPED comes first. */
struct result {
    OVERLAPPED overlapped;
    DWORD error;
    DWORD bytes;
    DWORD thread;
    volatile LONG calls;
};

static void CALLBACK io_done(DWORD error, DWORD bytes, OVERLAPPED *overlapped)
{
    struct result *result = (struct result *)overlapped;

    result->error = error;
    result->bytes = bytes;
    result->thread = GetCurrentThreadId();
    InterlockedIncrement(&result->calls);
    tally_add(&completed, 1);
}

static void CALLBACK io_never(DWORD error, DWORD bytes, OVERLAPPED *overlapped)
{
    ok(0, "called with %lu, %lu, %p\n", error, bytes, overlapped);
}

#define file_bind(file, function) file_bind_(__LINE__, file, function)
static void file_bind_(int line, HANDLE file, LPOVERLAPPED_COMPLETION_ROUTINE function)
{
    BOOL ret;

    SetLastError(0xdeadbeef);
    ret = BindIoCompletionCallback(file, function, 0);
    ok_(__FILE__, line)(ret, "error %lu\n", GetLastError());
    ok_(__FILE__, line)(!ret || GetLastError() == 0xdeadbeef, "last error %lu\n", GetLastError());
}

#define file_bind_fails(file, function, flags, error)                                                        \
    file_bind_fails_(__LINE__, file, function, flags, error, error)
static void file_bind_fails_(int line, HANDLE file, LPOVERLAPPED_COMPLETION_ROUTINE function, ULONG flags,
                             DWORD error, DWORD other)
{
    BOOL ret;

    SetLastError(0xdeadbeef);
    ret = BindIoCompletionCallback(file, function, flags);
    ok_(__FILE__, line)(!ret && (GetLastError() == error || GetLastError() == other),
                        "got %d, error %lu, not %lu\n", ret, GetLastError(), error);
}

static HANDLE temp_file(DWORD flags)
{
    char folder[MAX_PATH], path[MAX_PATH];
    HANDLE file;

    GetTempPathA(sizeof(folder), folder);
    GetTempFileNameA(folder, "wqi", 0, path);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                       flags | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    ok(file != INVALID_HANDLE_VALUE, "%s: error %lu\n", path, GetLastError());
    return file;
}

/* Both ends of a pipe, open for overlapped operations. */
static void pipe_pair(HANDLE *server, HANDLE *client)
{
    *server = CreateNamedPipeA(PIPE_NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096,
                               4096, 0, NULL);
    *client = CreateFileA(PIPE_NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                          FILE_FLAG_OVERLAPPED, NULL);
    ok(*server != INVALID_HANDLE_VALUE && *client != INVALID_HANDLE_VALUE, "error %lu\n", GetLastError());
}

#define started(ret) ok((ret) || GetLastError() == ERROR_IO_PENDING, "error %lu\n", GetLastError())

static void test_errors(void)
{
    HANDLE file = temp_file(0), event = event_auto(FALSE);

    file_bind_fails(file, io_never, 0, ERROR_INVALID_PARAMETER);
    CloseHandle(file);
    file_bind_fails_(__LINE__, NULL, io_never, 0, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER);
    file_bind_fails(event, io_never, 0, ERROR_INVALID_HANDLE);
    file_bind_fails(INVALID_HANDLE_VALUE, io_never, 0, ERROR_INVALID_HANDLE);
    CloseHandle(event);

    file = temp_file(FILE_FLAG_OVERLAPPED);
    file_bind(file, io_never);
    file_bind_fails(file, io_never, 0, ERROR_INVALID_PARAMETER);
    file_bind_fails(file, NULL, 0, ERROR_INVALID_PARAMETER);
    CloseHandle(file);

    file = temp_file(FILE_FLAG_OVERLAPPED);
    event = CreateIoCompletionPort(file, NULL, 1, 0);
    file_bind_fails(file, io_never, 0, ERROR_INVALID_PARAMETER);
    CloseHandle(file);
    CloseHandle(event);

    if (!quwi_ours()) {
        skip("flags and no function: undocumented elsewhere\n");
        return;
    }
    file = temp_file(FILE_FLAG_OVERLAPPED);
    file_bind_fails(file, NULL, 0, ERROR_INVALID_PARAMETER);
    file_bind_fails(file, io_never, 0x12345, ERROR_INVALID_PARAMETER);
    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    SetLastError(0xdeadbeef);
    /* A target for that function exists, so that this may succeed. */
    if (!BindIoCompletionCallback(file, io_done, 0))
        ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %lu\n", GetLastError());
    quwi_fault(WQ_FAULT_MEMORY, 0);
    CloseHandle(file);
}

static void test_file(void)
{
    static struct result write, read, end;
    HANDLE file = temp_file(FILE_FLAG_OVERLAPPED);
    static char buffer[16];
    BOOL ret;

    tally_init(&completed, 1);
    file_bind(file, io_done);
    started(WriteFile(file, "0123456789", 10, NULL, &write.overlapped));
    tally_wait(&completed, "completions");
    ok(!write.error && write.bytes == 10, "error %lu, %lu bytes\n", write.error, write.bytes);
    ok(write.thread != GetCurrentThreadId(), "called on the issuing thread\n");

    tally_init(&completed, 1);
    started(ReadFile(file, buffer, sizeof(buffer), NULL, &read.overlapped));
    tally_wait(&completed, "completions");
    ok(!read.error && read.bytes == 10 && !memcmp(buffer, "0123456789", 10), "error %lu, %lu bytes\n",
       read.error, read.bytes);

    tally_init(&completed, 1);
    end.overlapped.Offset = 100;
    ret = ReadFile(file, buffer, sizeof(buffer), NULL, &end.overlapped);
    if (!ret && GetLastError() == ERROR_HANDLE_EOF) {
        ok(!tally_reached(&completed, 50), "an operation that failed at once completed\n");
    } else {
        tally_wait(&completed, "completions");
        ok(end.error == ERROR_HANDLE_EOF && !end.bytes, "error %lu, %lu bytes\n", end.error, end.bytes);
    }
    CloseHandle(file);
}

static void test_pipe(void)
{
    static struct result read, write, cancelled, broken;
    static char buffer[16];
    HANDLE server, client;

    pipe_pair(&server, &client);
    tally_init(&completed, 2);
    file_bind(server, io_done);
    file_bind(client, io_done);
    started(ReadFile(server, buffer, sizeof(buffer), NULL, &read.overlapped));
    started(WriteFile(client, "hello", 5, NULL, &write.overlapped));
    tally_wait(&completed, "completions");
    ok(!read.error && read.bytes == 5 && !memcmp(buffer, "hello", 5), "error %lu, %lu bytes\n", read.error,
       read.bytes);
    ok(!write.error && write.bytes == 5, "error %lu, %lu bytes\n", write.error, write.bytes);

    tally_init(&completed, 1);
    started(ReadFile(server, buffer, sizeof(buffer), NULL, &cancelled.overlapped));
    ok(CancelIoEx(server, &cancelled.overlapped), "error %lu\n", GetLastError());
    tally_wait(&completed, "completions");
    ok(cancelled.error == ERROR_OPERATION_ABORTED && !cancelled.bytes, "error %lu, %lu bytes\n",
       cancelled.error, cancelled.bytes);

    tally_init(&completed, 1);
    started(ReadFile(server, buffer, sizeof(buffer), NULL, &broken.overlapped));
    CloseHandle(client);
    tally_wait(&completed, "completions");
    ok(broken.error == ERROR_BROKEN_PIPE && !broken.bytes, "error %lu, %lu bytes\n", broken.error,
       broken.bytes);
    CloseHandle(server);
}

static struct gate gate;

static void CALLBACK io_blocks(DWORD error, DWORD bytes, OVERLAPPED *overlapped)
{
    (void)error;
    (void)bytes;
    (void)overlapped;
    gate_callback(&gate, FALSE);
}

/* A callback that blocks holds up neither its file's others nor those of other files. */
static void test_parallel(void)
{
    static OVERLAPPED blocked[4];
    static struct result free_one;
    HANDLE file = temp_file(FILE_FLAG_OVERLAPPED), other = temp_file(FILE_FLAG_OVERLAPPED);
    unsigned i;

    gate_init(&gate, 4);
    tally_init(&completed, 1);
    file_bind(file, io_blocks);
    file_bind(other, io_done);
    for (i = 0; i < 4; i++)
        started(WriteFile(file, "x", 1, NULL, &blocked[i]));
    started(WriteFile(other, "y", 1, NULL, &free_one.overlapped));
    todo_if(quwi_builtin()) /* one callback at a time */
    {
        ok(tally_reached(&gate.entered, quwi_builtin() ? 500 : QUWI_DEADLINE), "%ld of 4 run at a time\n",
           gate.entered.count);
        ok(tally_reached(&completed, quwi_builtin() ? 100 : QUWI_DEADLINE), "the other file waits\n");
    }
    gate_open(&gate);
    tally_wait(&gate.left, "callbacks that left");
    tally_wait(&completed, "completions of the other file");
    gate_close(&gate);
    CloseHandle(file);
    CloseHandle(other);
}

/* Each operation completes once, with its own result. */
static void test_storm(void)
{
    static struct result results[STORM];
    static char data[STORM];
    HANDLE file = temp_file(FILE_FLAG_OVERLAPPED);
    unsigned i, bad = 0;

    memset(results, 0, sizeof(results));
    tally_init(&completed, STORM);
    file_bind(file, io_done);
    for (i = 0; i < STORM; i++) {
        results[i].overlapped.Offset = i * 1000;
        started(WriteFile(file, data, i + 1, NULL, &results[i].overlapped));
    }
    tally_wait(&completed, "completions");
    for (i = 0; i < STORM; i++)
        bad += results[i].calls != 1 || results[i].error || results[i].bytes != i + 1;
    ok(!bad, "%u of %u are wrong\n", bad, i);
    CloseHandle(file);
}

static void socket_pair(SOCKET *first, SOCKET *second)
{
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    int length = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok(!bind(listener, (struct sockaddr *)&address, sizeof(address)), "error %d\n", WSAGetLastError());
    getsockname(listener, (struct sockaddr *)&address, &length);
    listen(listener, 1);
    *first = WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    ok(!connect(*first, (struct sockaddr *)&address, sizeof(address)), "error %d\n", WSAGetLastError());
    *second = accept(listener, NULL, NULL);
    closesocket(listener);
}

static void test_socket(void)
{
    static struct result send_result, receive_result;
    static char buffer[16];
    WSABUF out = {6, (char *)"socket"}, in = {sizeof(buffer), buffer};
    DWORD flags = 0;
    SOCKET first, second;
    WSADATA data;

    WSAStartup(0x202, &data);
    socket_pair(&first, &second);
    tally_init(&completed, 2);
    file_bind((HANDLE)first, io_done);
    file_bind((HANDLE)second, io_done);
    ok(!WSARecv(second, &in, 1, NULL, &flags, &receive_result.overlapped, NULL) ||
           WSAGetLastError() == WSA_IO_PENDING,
       "error %d\n", WSAGetLastError());
    ok(!WSASend(first, &out, 1, NULL, 0, &send_result.overlapped, NULL) ||
           WSAGetLastError() == WSA_IO_PENDING,
       "error %d\n", WSAGetLastError());
    tally_wait(&completed, "completions");
    ok(!receive_result.error && receive_result.bytes == 6 && !memcmp(buffer, "socket", 6),
       "error %lu, %lu bytes\n", receive_result.error, receive_result.bytes);
    ok(!send_result.error && send_result.bytes == 6, "error %lu, %lu bytes\n", send_result.error,
       send_result.bytes);
    closesocket(first);
    closesocket(second);
    WSACleanup();
}

START_TEST(io)
{
    test_errors();
    test_file();
    test_pipe();
    test_parallel();
    test_storm();
    test_socket();
}
