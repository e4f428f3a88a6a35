/*
 * watch.c: watches of the core on Windows' objects: which handles are taken and which are refused how, and that the
 * caller's handle may go.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdint.h>
#include <windows.h>

#include "wine/test.h"
#include "wqcore.h"

#define DEADLINE_MS 20000

/* A watch and what its routine was told. */
struct eye {
    struct wq_watch *watch;
    HANDLE called; /* semaphore */
    LONG held, fired, timed;
};

static void WQ_CALL hold(void *param)
{
    InterlockedIncrement(&((struct eye *)param)->held);
}

static void WQ_CALL seen(void *param, bool timed_out)
{
    struct eye *eye = param;

    InterlockedIncrement(timed_out ? &eye->timed : &eye->fired);
    ReleaseSemaphore(eye->called, 1, NULL);
}

static void eye_open(struct eye *eye)
{
    memset(eye, 0, sizeof(*eye));
    eye->called = CreateSemaphoreW(NULL, 0, 1000, NULL);
    ok(wq_watch_create(&eye->watch, seen, eye, hold) == WQ_WAIT_OK, "not created\n");
}

static void eye_close(struct eye *eye)
{
    wq_watch_close(eye->watch);
    ok(eye->held == eye->fired + eye->timed, "%ld held, %ld fired, %ld timed out\n", eye->held, eye->fired,
       eye->timed);
    CloseHandle(eye->called);
}

#define eye_set(eye, object, due_us, flags) eye_set_(__LINE__, eye, object, due_us, flags)
static void eye_set_(int line, struct eye *eye, HANDLE object, uint64_t due_us, unsigned flags)
{
    uint32_t status = wq_watch_set(eye->watch, object, due_us, flags, NULL);

    ok_(__FILE__, line)(!status, "status %08x\n", status);
}

#define eye_called(eye, fired_, timed_) eye_called_(__LINE__, eye, fired_, timed_)
static void eye_called_(int line, struct eye *eye, LONG fired, LONG timed)
{
    DWORD got = WaitForSingleObject(eye->called, DEADLINE_MS);

    ok_(__FILE__, line)(!got && eye->fired == fired && eye->timed == timed,
                        "wait %lu, %ld fired, %ld timed out\n", got, eye->fired, eye->timed);
}

#define refused(object, status) refused_(__LINE__, object, status)
static void refused_(int line, HANDLE object, uint32_t status)
{
    struct eye eye;
    bool recalled = true;
    uint32_t got;

    eye_open(&eye);
    eye_set(&eye, GetCurrentProcess(), WQ_NEVER, 0);
    got = wq_watch_set(eye.watch, object, 0, 0, &recalled);
    ok_(__FILE__, line)(got == status && !recalled, "status %08x, recalled %d\n", got, recalled);
    ok_(__FILE__, line)(wq_watch_unset(eye.watch), "the setting before is gone\n");
    eye_close(&eye);
}

static void test_refused(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL), deaf, mutex = CreateMutexW(NULL, FALSE, NULL);
    HANDLE nameless;

    DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &deaf, EVENT_MODIFY_STATE, FALSE, 0);
    refused(deaf, 0xc0000022 /* STATUS_ACCESS_DENIED */);
    CloseHandle(deaf);
    CloseHandle(event);
    refused(NULL, 0xc0000008 /* STATUS_INVALID_HANDLE */);
    refused((HANDLE)0xdeadbeec, 0xc0000008);
    refused(mutex, 0xc00000f1 /* STATUS_INVALID_PARAMETER_3 */);
    ok(!WaitForSingleObject(mutex, 0), "the mutex is not free\n");
    refused(mutex, 0xc00000f1);
    DuplicateHandle(GetCurrentProcess(), mutex, GetCurrentProcess(), &nameless, SYNCHRONIZE, FALSE, 0);
    refused(nameless, 0xc00000f1); /* needs no right to ask */
    CloseHandle(nameless);
    ReleaseMutex(mutex);
    CloseHandle(mutex);
}

/* The process is what programs pass that only want the time-out; the thread is the one that sets. */
static DWORD WINAPI watch_me(void *param)
{
    eye_set((struct eye *)param, GetCurrentThread(), WQ_NEVER, 0);
    return 0;
}

static void test_pseudo_handles(void)
{
    struct eye eye;
    HANDLE thread;

    eye_open(&eye);
    eye_set(&eye, INVALID_HANDLE_VALUE, 0, 0);
    eye_called(&eye, 0, 1);
    thread = CreateThread(NULL, 0, watch_me, &eye, 0, NULL);
    eye_called(&eye, 1, 1);
    CloseHandle(thread);
    eye_close(&eye);
}

/* Each kind of object that is closed right after the call still counts. */
static void test_closed_early(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, TRUE, NULL), timer = CreateWaitableTimerW(NULL, TRUE, NULL);
    HANDLE semaphore = CreateSemaphoreW(NULL, 0, 1, NULL);
    LARGE_INTEGER due = {.QuadPart = -200000};
    struct eye eye;

    eye_open(&eye);
    eye_set(&eye, event, WQ_NEVER, 0);
    CloseHandle(event);
    eye_called(&eye, 1, 0);
    SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
    eye_set(&eye, timer, WQ_NEVER, 0);
    CloseHandle(timer);
    eye_called(&eye, 2, 0);
    eye_set(&eye, semaphore, 20000, 0);
    CloseHandle(semaphore);
    eye_called(&eye, 2, 1);
    eye_close(&eye);
}

/* The number of a handle that was closed comes back for another object, whose signals are not meant. */
static void test_handle_reuse(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, L"watch_handle_reuse"), other[64];
    struct eye eye;
    unsigned n;

    eye_open(&eye);
    eye_set(&eye, event, WQ_NEVER, 0);
    CloseHandle(event);
    for (n = 0; n < ARRAY_SIZE(other) && (!n || other[n - 1] != event); n++)
        other[n] = CreateEventW(NULL, FALSE, TRUE, NULL);
    if (other[n - 1] != event)
        skip("the handle's number did not come back\n");
    eye_set(&eye, GetCurrentProcess(), 0, 0); /* the thread has looked at all objects */
    eye_called(&eye, 0, 1);
    event = OpenEventW(SYNCHRONIZE, FALSE, L"watch_handle_reuse");
    ok(!event && GetLastError() == ERROR_FILE_NOT_FOUND, "the duplicate is still open\n");
    for (; n; n--) {
        ok(!WaitForSingleObject(other[n - 1], 0), "%u: a signal was consumed\n", n);
        CloseHandle(other[n - 1]);
    }
    eye_close(&eye);
}

static void test_clock(void)
{
    struct eye eye;
    FILETIME now;
    uint64_t due, then;

    eye_open(&eye);
    GetSystemTimeAsFileTime(&now);
    due = (((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) + 9) / 10 + 50000;
    eye_set(&eye, GetCurrentProcess(), due, WQ_WATCH_CLOCK);
    eye_called(&eye, 0, 1);
    GetSystemTimeAsFileTime(&now);
    then = ((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) / 10;
    ok(then >= due, "%lu us too early\n", (unsigned long)(due - then));
    eye_set(&eye, GetCurrentProcess(), due, WQ_WATCH_CLOCK);
    eye_called(&eye, 0, 2);
    eye_close(&eye);
}

START_TEST(watch)
{
    test_refused();
    test_pseudo_handles();
    test_closed_early();
    test_handle_reuse();
    test_clock();
    ok(wq_shutdown(), "not shut down\n");
}
