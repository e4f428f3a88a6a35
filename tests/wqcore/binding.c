/*
 * binding.c: bindings of the core: completions of a file are reported until the binding is closed, later ones are
 * dropped, and what is closed leaves nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdint.h>
#include <windows.h>

#include "wine/test.h"
#include "wqcore.h"

#define PIPE_NAME   L"\\\\.\\pipe\\wqshim_binding_test"
#define DEADLINE_MS 20000
#define MANY        10000
#define RACES       200

/* A pipe whose server's end is bound, and what its routine was told. */
struct channel {
    HANDLE server, client;
    struct wq_binding *binding;
    HANDLE called;     /* semaphore */
    BOOL close_inside; /* the routine closes the binding */
    LONG calls;
    LONG closed; /* the routine must not be called any more */
    void *value;
    uint32_t status;
    size_t bytes;
    DWORD thread;
};

static void WQ_CALL completed(void *param, void *value, uint32_t status, size_t bytes)
{
    struct channel *channel = param;

    ok(!InterlockedCompareExchange(&channel->closed, 0, 0), "called after the close\n");
    channel->value = value;
    channel->status = status;
    channel->bytes = bytes;
    channel->thread = GetCurrentThreadId();
    InterlockedIncrement(&channel->calls);
    if (channel->close_inside)
        wq_binding_close(channel->binding);
    ReleaseSemaphore(channel->called, 1, NULL);
}

static void channel_open(struct channel *channel)
{
    uint32_t status;

    memset(channel, 0, sizeof(*channel));
    channel->called = CreateSemaphoreW(NULL, 0, 1000, NULL);
    channel->server = CreateNamedPipeW(PIPE_NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE,
                                       1, 4096, 4096, 0, NULL);
    channel->client = CreateFileW(PIPE_NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    status = wq_binding_open(&channel->binding, channel->server, completed, channel);
    ok(!status, "status %08x\n", status);
}

static void channel_free(struct channel *channel)
{
    CloseHandle(channel->client);
    CloseHandle(channel->server);
    CloseHandle(channel->called);
}

static void channel_read(struct channel *channel, OVERLAPPED *overlapped, char *byte)
{
    memset(overlapped, 0, sizeof(*overlapped));
    ok(ReadFile(channel->server, byte, 1, NULL, overlapped) || GetLastError() == ERROR_IO_PENDING,
       "error %lu\n", GetLastError());
}

static void channel_write(struct channel *channel)
{
    DWORD bytes;

    ok(WriteFile(channel->client, "x", 1, &bytes, NULL), "error %lu\n", GetLastError());
}

#define channel_called(channel) channel_called_(__LINE__, channel)
static void channel_called_(int line, struct channel *channel)
{
    DWORD got = WaitForSingleObject(channel->called, DEADLINE_MS);

    ok_(__FILE__, line)(!got, "not called: %lu\n", got);
}

static void WQ_CALL never(void *param, void *value, uint32_t status, size_t bytes)
{
    ok(0, "%p called with %p, %08x, %u\n", param, value, status, (unsigned)bytes);
}

#define refused(file, status) refused_(__LINE__, file, status, status)
static void refused_(int line, HANDLE file, uint32_t status, uint32_t other)
{
    struct wq_binding *binding = NULL;
    uint32_t got = wq_binding_open(&binding, file, never, NULL);

    ok_(__FILE__, line)(got == status || got == other, "status %08x\n", got);
    ok_(__FILE__, line)(!binding, "a binding\n");
}

static void test_errors(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL), port, pipe;
    struct channel channel;

    refused(NULL, 0xc0000008 /* STATUS_INVALID_HANDLE */);
    refused((HANDLE)0xdeadbeec, 0xc0000008);
    refused_(__LINE__, INVALID_HANDLE_VALUE, 0xc0000008, 0xc0000024);
    refused(event, 0xc0000024 /* STATUS_OBJECT_TYPE_MISMATCH */);
    CloseHandle(event);
    pipe = CreateNamedPipeW(PIPE_NAME, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
    refused(pipe, 0xc000000d /* STATUS_INVALID_PARAMETER */);
    CloseHandle(pipe);
    pipe = CreateNamedPipeW(PIPE_NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096,
                            4096, 0, NULL);
    port = CreateIoCompletionPort(pipe, NULL, 1, 0);
    refused(pipe, 0xc000000d);
    CloseHandle(pipe);
    CloseHandle(port);
    channel_open(&channel);
    refused(channel.server, 0xc000000d);
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    refused(channel.server, 0xc0000017 /* STATUS_NO_MEMORY */);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    wq_binding_close(channel.binding);
    refused(channel.server, 0xc000000d); /* once bound, always bound */
    channel_free(&channel);
}

/* Each step fails once, and then nothing is left of the attempt. */
static void test_faults(void)
{
    unsigned kind;

    for (kind = WQ_FAULT_MEMORY; kind <= WQ_FAULT_THREAD; kind++) {
        BOOL failed = TRUE;
        uint32_t spared;

        for (spared = 0; failed; spared++) {
            HANDLE pipe = CreateNamedPipeW(PIPE_NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                           PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
            struct wq_binding *binding = NULL;
            struct wq_counters left;
            uint32_t status;

            ok(wq_shutdown(), "not shut down\n");
            wq_fault_after(kind, spared);
            status = wq_binding_open(&binding, pipe, never, NULL);
            failed = !wq_fault_waits(kind);
            wq_fault_set(kind, 0);
            ok(status == (failed ? 0xc0000017 : 0), "%u spared: status %08x\n", spared, status);
            if (binding)
                wq_binding_close(binding);
            CloseHandle(pipe);
            ok(wq_shutdown(), "not shut down\n");
            wq_counters_read(&left);
            ok(!left.blocks && !left.threads && !left.memory, "%u blocks, %u threads, %lu bytes\n",
               left.blocks, left.threads, (unsigned long)left.memory);
        }
    }
}

static void test_calls(void)
{
    struct channel channel, other;
    OVERLAPPED overlapped[2];
    char bytes[2];
    DWORD thread;

    channel_open(&channel);
    channel_read(&channel, &overlapped[0], &bytes[0]);
    channel_read(&channel, &overlapped[1], &bytes[1]);
    ok(WaitForSingleObject(channel.called, 0) == WAIT_TIMEOUT, "called before there was anything\n");
    channel_write(&channel);
    channel_called(&channel);
    ok(channel.value == &overlapped[0] && !channel.status && channel.bytes == 1,
       "%p, status %08x, %u bytes\n", channel.value, channel.status, (unsigned)channel.bytes);
    thread = channel.thread;
    ok(thread != GetCurrentThreadId(), "called here\n");
    CancelIoEx(channel.server, &overlapped[1]);
    channel_called(&channel);
    ok(channel.value == &overlapped[1] && channel.status == 0xc0000120 /* STATUS_CANCELLED */ &&
           !channel.bytes,
       "%p, status %08x, %u bytes\n", channel.value, channel.status, (unsigned)channel.bytes);
    wq_binding_close(channel.binding);
    channel_free(&channel);

    channel_open(&other);
    channel_read(&other, &overlapped[0], &bytes[0]);
    channel_write(&other);
    channel_called(&other);
    ok(other.thread == thread, "another thread\n");
    wq_binding_close(other.binding);
    channel_free(&other);
}

/* What completes after the close is dropped; another binding shows that it has come by. */
static void test_closed(void)
{
    struct channel channel, marker;
    OVERLAPPED overlapped, last;
    char byte, mark;

    channel_open(&channel);
    channel_read(&channel, &overlapped, &byte);
    wq_binding_close(channel.binding);
    channel.closed = TRUE;
    channel_write(&channel);
    CloseHandle(channel.client);
    CloseHandle(channel.server);
    channel_open(&marker);
    channel_read(&marker, &last, &mark);
    channel_write(&marker);
    channel_called(&marker);
    ok(!channel.calls, "%ld calls\n", channel.calls);
    wq_binding_close(marker.binding);
    channel_free(&marker);
    CloseHandle(channel.called);
}

static void test_close_inside(void)
{
    OVERLAPPED overlapped[3];
    struct channel channel;
    unsigned i;
    char bytes[3];

    channel_open(&channel);
    channel.close_inside = TRUE;
    for (i = 0; i < 3; i++)
        channel_read(&channel, &overlapped[i], &bytes[i]);
    for (i = 0; i < 3; i++)
        channel_write(&channel);
    channel_called(&channel);
    CloseHandle(channel.client);
    CloseHandle(channel.server);
    test_closed(); /* the others have come by */
    ok(channel.calls == 1, "%ld calls\n", channel.calls);
    CloseHandle(channel.called);
}

static void test_many(void)
{
    struct wq_counters before, after;
    unsigned i, opened = 0;

    wq_counters_read(&before);
    for (i = 0; i < MANY; i++) {
        HANDLE pipe = CreateNamedPipeW(PIPE_NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE,
                                       1, 4096, 4096, 0, NULL);
        struct wq_binding *binding;

        if (!wq_binding_open(&binding, pipe, never, NULL)) {
            wq_binding_close(binding);
            opened++;
        }
        CloseHandle(pipe);
    }
    wq_counters_read(&after);
    ok(opened == MANY, "%u opened of %u\n", opened, MANY);
    ok(after.blocks == before.blocks && after.memory == before.memory,
       "%u blocks and %lu bytes, before %u and %lu\n", after.blocks, (unsigned long)after.memory,
       before.blocks, (unsigned long)before.memory);
}

static DWORD WINAPI write_bytes(void *param)
{
    struct channel *channel = param;
    DWORD bytes;

    WriteFile(channel->client, "abcd", 4, &bytes, NULL);
    return 0;
}

/* Closing beside completions: each is reported before the close returns or never. */
static void test_races(void)
{
    unsigned i, k;
    LONG calls = 0;

    for (i = 0; i < RACES; i++) {
        OVERLAPPED overlapped[4];
        struct channel channel;
        char bytes[4];
        HANDLE writer;

        channel_open(&channel);
        for (k = 0; k < 4; k++)
            channel_read(&channel, &overlapped[k], &bytes[k]);
        writer = CreateThread(NULL, 0, write_bytes, &channel, 0, NULL);
        if (i % 2)
            channel_called(&channel);
        wq_binding_close(channel.binding);
        InterlockedExchange(&channel.closed, TRUE);
        calls += channel.calls;
        WaitForSingleObject(writer, INFINITE);
        CloseHandle(writer);
        for (k = 0; k < 4; k++) {
            DWORD got;

            ok(GetOverlappedResult(channel.server, &overlapped[k], &got, TRUE), "error %lu\n",
               GetLastError());
        }
        channel_free(&channel);
    }
    ok(calls >= RACES / 2 && calls <= RACES * 4, "%ld calls\n", calls);
}

START_TEST(binding)
{
    test_faults();
    test_errors();
    test_calls();
    test_closed();
    test_close_inside();
    test_many();
    test_races();
    ok(wq_shutdown(), "not shut down\n");
}
