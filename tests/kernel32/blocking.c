/*
 * blocking.c: the functions that callbacks wait with do for them what they do for everybody: each check runs
 * in a callback and on a thread of its own. And a burst of callbacks that wait is served.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

#define BURST 48

static HANDLE yes, no, mutex; /* signalled, not signalled (both manual), somebody's */
static struct tally done;

#define is(call, wanted) is_(__LINE__, call, wanted, #call)
static void is_(int line, DWORD got, DWORD wanted, const char *call)
{
    ok_(__FILE__, line)(got == wanted, "%s: %lx, wanted %lx\n", call, got, wanted);
}

/* ---- results, and the last error that stays ---- */

static void check_single(void)
{
    HANDLE once = CreateEventA(NULL, FALSE, TRUE, NULL);

    SetLastError(4711);
    is(WaitForSingleObject(yes, 0), WAIT_OBJECT_0);
    is(WaitForSingleObject(yes, 5), WAIT_OBJECT_0);
    is(WaitForSingleObject(no, 0), WAIT_TIMEOUT);
    is(WaitForSingleObject(no, 5), WAIT_TIMEOUT);
    is(WaitForSingleObjectEx(no, 5, FALSE), WAIT_TIMEOUT);
    is(WaitForSingleObjectEx(yes, INFINITE, TRUE), WAIT_OBJECT_0);
    is(WaitForSingleObject(once, QUWI_DEADLINE), WAIT_OBJECT_0);
    is(WaitForSingleObject(once, 1), WAIT_TIMEOUT); /* one wait has taken the signal, once */
    ok(GetLastError() == 4711, "last error %lu\n", GetLastError());
    SetEvent(once);
    is(WaitForSingleObject(once, QUWI_DEADLINE), WAIT_OBJECT_0);
    CloseHandle(once);
}

static void check_errors(void)
{
    HANDLE bad[2] = {(HANDLE)(ULONG_PTR)0xdeadbee0, (HANDLE)(ULONG_PTR)0xdeadbee0};

    for (DWORD ms = 0; ms < 10; ms += 5) {
        SetLastError(0);
        is(WaitForSingleObject(bad[0], ms), WAIT_FAILED);
        ok(GetLastError() == ERROR_INVALID_HANDLE, "error %lu\n", GetLastError());
        SetLastError(0);
        is(WaitForMultipleObjects(2, bad, FALSE, ms), WAIT_FAILED);
        ok(GetLastError() == ERROR_INVALID_HANDLE, "error %lu\n", GetLastError());
        SetLastError(0);
        is(WaitForMultipleObjects(0, bad, FALSE, ms), WAIT_FAILED);
        ok(GetLastError() == ERROR_INVALID_PARAMETER, "error %lu\n", GetLastError());
    }
}

static void check_several(void)
{
    HANDLE both[2] = {no, yes}, neither[2] = {no, no};
    HANDLE once = CreateEventA(NULL, FALSE, TRUE, NULL), mixed[2] = {once, no};

    SetLastError(4711);
    is(WaitForMultipleObjects(2, both, FALSE, 5), WAIT_OBJECT_0 + 1);
    is(WaitForMultipleObjects(2, both, FALSE, 0), WAIT_OBJECT_0 + 1);
    is(WaitForMultipleObjects(2, both, TRUE, 5), WAIT_TIMEOUT);
    is(WaitForMultipleObjectsEx(2, neither, FALSE, 5, FALSE), WAIT_TIMEOUT);
    is(WaitForMultipleObjectsEx(2, neither, FALSE, 5, TRUE), WAIT_TIMEOUT);
    is(WaitForMultipleObjects(2, mixed, TRUE, 5), WAIT_TIMEOUT);
    is(WaitForSingleObject(once, 0), WAIT_OBJECT_0); /* waiting for both has not taken the one */
    ok(GetLastError() == 4711, "last error %lu\n", GetLastError());
    CloseHandle(once);
}

static DWORD WINAPI abandon(void *context)
{
    (void)context;
    mutex = CreateMutexA(NULL, TRUE, NULL);
    return 0;
}

static void check_abandoned(void)
{
    HANDLE thread = CreateThread(NULL, 0, abandon, NULL, 0, NULL);

    is(WaitForSingleObject(thread, QUWI_DEADLINE), WAIT_OBJECT_0);
    is(WaitForSingleObject(mutex, 5), WAIT_ABANDONED);
    is(WaitForSingleObject(mutex, 5), WAIT_OBJECT_0); /* it is ours, twice */
    succeeds(ReleaseMutex(mutex));
    succeeds(ReleaseMutex(mutex));
    ok(!ReleaseMutex(mutex) && GetLastError() == ERROR_NOT_OWNER, "error %lu\n", GetLastError());
    CloseHandle(mutex);
    CloseHandle(thread);
}

/* ---- APCs run in alertable waits and in no others ---- */

static volatile LONG apcs; /* of the thread that checks */

static void CALLBACK count_apc(ULONG_PTR param)
{
    (void)param;
    InterlockedIncrement(&apcs);
}

static void queue_apc(void)
{
    InterlockedExchange(&apcs, 0);
    succeeds(QueueUserAPC(count_apc, GetCurrentThread(), 0));
}

#define apcs_are(n) ok(apcs == (n), "%ld APCs ran\n", apcs)

static void check_apcs(void)
{
    HANDLE objects[2] = {no, no};

    queue_apc();
    is(WaitForSingleObject(no, 5), WAIT_TIMEOUT);
    is(WaitForSingleObjectEx(no, 5, FALSE), WAIT_TIMEOUT);
    is(WaitForMultipleObjects(2, objects, FALSE, 5), WAIT_TIMEOUT);
    Sleep(5);
    is(SleepEx(5, FALSE), 0);
    apcs_are(0);
    is(SleepEx(INFINITE, TRUE), WAIT_IO_COMPLETION);
    apcs_are(1);
    queue_apc();
    is(WaitForSingleObjectEx(no, INFINITE, TRUE), WAIT_IO_COMPLETION);
    apcs_are(1);
    queue_apc();
    is(WaitForMultipleObjectsEx(2, objects, FALSE, INFINITE, TRUE), WAIT_IO_COMPLETION);
    apcs_are(1);
    queue_apc();
    is(SleepEx(0, TRUE), WAIT_IO_COMPLETION);
    apcs_are(1);
}

static void check_sleep(void)
{
    LARGE_INTEGER frequency, before, after;

    QueryPerformanceFrequency(&frequency);
    SetLastError(4711);
    Sleep(0);
    is(SleepEx(0, FALSE), 0);
    is(SleepEx(0, TRUE), 0);
    is(SleepEx(1, TRUE), 0);
    QueryPerformanceCounter(&before);
    Sleep(60);
    QueryPerformanceCounter(&after);
    after.QuadPart -= before.QuadPart;
    ok(after.QuadPart * 1000 / frequency.QuadPart >= 40, "slept for %I64d ticks of %I64d a second\n",
       after.QuadPart, frequency.QuadPart); /* Windows may count a begun tick of 16 ms as a whole one */
    ok(GetLastError() == 4711, "last error %lu\n", GetLastError());
}

static DWORD WINAPI check_all(void *context)
{
    (void)context;
    check_single();
    check_errors();
    check_several();
    check_abandoned();
    check_apcs();
    check_sleep();
    tally_add(&done, 1);
    return 0;
}

static void test_everywhere(void)
{
    HANDLE thread;
    unsigned i;

    for (i = 0; i < QUWI_CLASSES; i++) {
        winetest_push_context("class %lx", quwi_classes[i]);
        tally_init(&done, 1);
        queue(check_all, NULL, quwi_classes[i]);
        tally_wait(&done, "callback");
        winetest_pop_context();
    }
    thread = CreateThread(NULL, 0, check_all, NULL, 0, NULL);
    handle_wait(thread, "thread");
    CloseHandle(thread);
}

/* ---- bursts ---- */

static DWORD (*burst_wait)(HANDLE object);
static HANDLE go;
static struct tally waiting;

static DWORD by_single(HANDLE object)
{
    return WaitForSingleObject(object, QUWI_DEADLINE);
}

static DWORD by_alertable(HANDLE object)
{
    return WaitForSingleObjectEx(object, QUWI_DEADLINE, TRUE);
}

static DWORD by_several(HANDLE object)
{
    HANDLE objects[2] = {no, object};

    return WaitForMultipleObjects(2, objects, FALSE, QUWI_DEADLINE) - 1;
}

static DWORD by_sleeping(HANDLE object)
{
    unsigned i;

    for (i = 0; i < QUWI_DEADLINE / 2 && WaitForSingleObject(object, 0); i++)
        Sleep(2);
    return WaitForSingleObject(object, 0);
}

/* All of them wait at a time, or the last one opens nothing. */
static DWORD WINAPI wait_for_go(void *context)
{
    (void)context;
    if (tally_add(&waiting, 1) == BURST)
        SetEvent(go);
    is(burst_wait(go), WAIT_OBJECT_0);
    tally_add(&done, 1);
    return 0;
}

/* So many callbacks wait for the last one that each needs a thread; and it needs no more than that, besides
 * the pool's own and those of earlier tests. */
static void burst_run(DWORD (*how)(HANDLE object), const char *name)
{
    struct wq_counters counters;
    unsigned i;

    winetest_push_context("%s", name);
    burst_wait = how;
    ResetEvent(go);
    tally_init(&waiting, BURST);
    tally_init(&done, BURST);
    for (i = 0; i < BURST; i++)
        queue(wait_for_go, NULL, 0);
    tally_wait(&done, "callbacks");
    if (quwi_counters(&counters))
        ok(counters.workers_peak <= BURST + 2 * counters.processors + 8, "%u workers\n",
           counters.workers_peak);
    winetest_pop_context();
}

static void test_bursts(void)
{
    burst_run(by_single, "WaitForSingleObject");
    burst_run(by_alertable, "WaitForSingleObjectEx");
    burst_run(by_several, "WaitForMultipleObjects");
    burst_run(by_sleeping, "Sleep");
}

START_TEST(blocking)
{
    yes = CreateEventA(NULL, TRUE, TRUE, NULL);
    no = CreateEventA(NULL, TRUE, FALSE, NULL);
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    test_everywhere();
    test_bursts();
    quwi_flush();
    CloseHandle(yes);
    CloseHandle(no);
    CloseHandle(go);
}
