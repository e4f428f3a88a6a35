/*
 * RegisterWaitForSingleObject, UnregisterWait and UnregisterWaitEx: what they promise when nothing goes
 * wrong.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "waits.h"

static struct hits hits;
static struct gate gate;

static void test_once(void)
{
    HANDLE event = event_manual(TRUE), wait;

    hits_init(&hits, 1, 0);
    wait = wait_register(event, hits_callback, &hits, INFINITE, WT_EXECUTEONLYONCE);
    tally_wait(&hits.fired, "callbacks");
    ok(hits.thread != GetCurrentThreadId(), "called on the registering thread\n");
    wait_end(wait);
    ok(hits.fired.count == 1 && !hits.timed.count, "got %ld and %ld\n", hits.fired.count, hits.timed.count);
    ok(signalled(event), "a manual-reset event was reset\n");
    CloseHandle(event);
}

static void test_unregister_idle(void)
{
    HANDLE event = event_auto(FALSE);

    hits_init(&hits, 1, 0);
    wait_unregister(wait_register(event, hits_callback, &hits, INFINITE, WT_EXECUTEONLYONCE), NULL, 0);
    wait_unregister(wait_register(event, hits_callback, &hits, INFINITE, 0), NULL, 0);
    SetLastError(0xdeadbeef);
    ok(UnregisterWait(wait_register(event, hits_callback, &hits, INFINITE, 0)), "error %lu\n",
       GetLastError());
    ok(GetLastError() == 0xdeadbeef, "error %lu\n", GetLastError());
    ok(!hits.fired.count, "called %ld times\n", hits.fired.count);
    CloseHandle(event);
}

/* Once unregistering has returned TRUE, signals are the program's again. */
static void test_unregistered_takes_nothing(void)
{
    HANDLE event = event_auto(FALSE), other = event_auto(FALSE), keep;
    unsigned i, lost = 0;

    hits_init(&hits, 1, 0);
    keep = wait_register(other, hits_callback, &hits, INFINITE, 0); /* the wait thread goes on waiting */
    for (i = 0; i < 200; i++) {
        HANDLE wait = wait_register(event, hits_callback, &hits, INFINITE, 0);

        if (i & 1)
            SwitchToThread();
        wait_unregister(wait, i & 2 ? NULL : INVALID_HANDLE_VALUE, 0);
        SetEvent(event);
        lost += !signalled(event);
    }
    todo_if(quwi_builtin() && lost) ok(!lost, "%u of %u signals lost\n", lost, i);
    ok(!hits.fired.count, "called %ld times\n", hits.fired.count);
    wait_end(keep);
    CloseHandle(event);
    CloseHandle(other);
}

static void test_timeout_zero(void)
{
    HANDLE event = event_auto(FALSE), wait;

    hits_init(&hits, 0, 1);
    wait = wait_register(event, hits_callback, &hits, 0, WT_EXECUTEONLYONCE);
    tally_wait(&hits.timed, "time-outs");
    wait_end(wait);
    ok(!hits.fired.count && hits.timed.count == 1, "got %ld and %ld\n", hits.fired.count, hits.timed.count);

    hits_init(&hits, 1, 0);
    SetEvent(event);
    wait = wait_register(event, hits_callback, &hits, 0, WT_EXECUTEONLYONCE);
    todo_if(quwi_builtin()) /* it does not look at the object */
    {
        ok(tally_reached(&hits.fired, quwi_builtin() ? 200 : QUWI_DEADLINE), "not called for the signal\n");
        ok(!hits.timed.count, "timed out\n");
        ok(!signalled(event), "the event was not consumed\n");
    }
    wait_end(wait);
    CloseHandle(event);
}

static void test_semaphore(void)
{
    HANDLE semaphore = CreateSemaphoreA(NULL, 0, 10, NULL), wait;

    hits_init(&hits, 2, 0);
    wait = wait_register(semaphore, hits_callback, &hits, INFINITE, 0);
    ReleaseSemaphore(semaphore, 1, NULL);
    ReleaseSemaphore(semaphore, 1, NULL);
    tally_wait(&hits.fired, "callbacks");
    wait_end(wait);
    ok(hits.fired.count == 2, "called %ld times\n", hits.fired.count);
    ok(!signalled(semaphore), "a count is left\n");

    hits_init(&hits, 1, 0);
    wait = wait_register(semaphore, hits_callback, &hits, INFINITE, WT_EXECUTEONLYONCE);
    ReleaseSemaphore(semaphore, 1, NULL);
    tally_wait(&hits.fired, "callbacks");
    ReleaseSemaphore(semaphore, 1, NULL);
    wait_end(wait);
    ok(hits.fired.count == 1, "called %ld times\n", hits.fired.count);
    ok(signalled(semaphore), "the second count was consumed\n");
    CloseHandle(semaphore);
}

/* The time-out repeats, and a signal among them is told from it. */
static void test_repeat(void)
{
    HANDLE semaphore = CreateSemaphoreA(NULL, 0, 1, NULL), wait;

    if (quwi_builtin()) {
        skip("the builtin stops waiting after a time-out\n");
        CloseHandle(semaphore);
        return;
    }
    hits_init(&hits, 1, 3);
    wait = wait_register(semaphore, hits_callback, &hits, 20, 0);
    tally_wait(&hits.timed, "time-outs");
    ok(!hits.fired.count, "called %ld times for a signal\n", hits.fired.count);
    ReleaseSemaphore(semaphore, 1, NULL);
    tally_wait(&hits.fired, "callbacks");
    InterlockedExchange(&hits.timed.target, hits.timed.count + 3);
    tally_wait(&hits.timed, "time-outs after the signal");
    wait_end(wait);
    ok(hits.fired.count == 1, "called %ld times for one signal\n", hits.fired.count);
    CloseHandle(semaphore);
}

/* Waiting does not stop while callbacks run: three signals give three that run at a time. */
static void test_rearm(void)
{
    HANDLE semaphore = CreateSemaphoreA(NULL, 0, 3, NULL), wait;

    gate_init(&gate, 3);
    wait = wait_register(semaphore, gate_callback, &gate, INFINITE, 0);
    ReleaseSemaphore(semaphore, 3, NULL);
    tally_wait(&gate.entered, "callbacks");
    ok(!gate.left.count, "%ld left\n", gate.left.count);
    wait_unregister(wait, NULL, ERROR_IO_PENDING);
    gate_open(&gate);
    tally_wait(&gate.left, "callbacks that left");
    gate_close(&gate);
    CloseHandle(semaphore);
}

struct seen {
    HANDLE wait;   /* as the registering thread got it */
    HANDLE inside; /* as the callback saw it */
    HANDLE done;
};

static void CALLBACK see_handle(void *context, BOOLEAN timed_out)
{
    struct seen *seen = context;

    (void)timed_out;
    seen->inside = *(HANDLE volatile *)&seen->wait;
    SetEvent(seen->done);
}

/* The handle is there before the callback is. */
static void test_handle_is_written_first(ULONG flags)
{
    static struct seen seen;
    HANDLE event = event_auto(FALSE);
    unsigned i, early = 0;

    seen.done = event_auto(FALSE);
    for (i = 0; i < 100; i++) {
        seen.wait = seen.inside = NULL;
        SetEvent(event);
        ok(RegisterWaitForSingleObject(&seen.wait, event, see_handle, &seen, INFINITE,
                                       WT_EXECUTEONLYONCE | flags),
           "error %lu\n", GetLastError());
        handle_wait(seen.done, "callback");
        early += seen.inside != seen.wait;
        wait_end(seen.wait);
    }
    ok(!early, "%u of %u callbacks came too early\n", early, i);
    CloseHandle(seen.done);
    CloseHandle(event);
}

static void test_completion_idle(ULONG flags)
{
    HANDLE event = event_auto(FALSE), done = event_auto(FALSE), wait;

    hits_init(&hits, 1, 0);
    wait = wait_register(event, hits_callback, &hits, INFINITE, flags);
    wait_unregister(wait, done, 0);
    ok(signalled(done), "never fired: event not set\n");

    wait = wait_register(event, hits_callback, &hits, INFINITE, flags);
    wait_unregister(wait, INVALID_HANDLE_VALUE, 0);

    wait = wait_register(event, hits_callback, &hits, INFINITE, flags | WT_EXECUTEONLYONCE);
    SetEvent(event);
    tally_wait(&hits.fired, "callbacks");
    SetLastError(0xdeadbeef);
    /* The callback has counted but may not have returned. */
    if (!UnregisterWaitEx(wait, done))
        ok(GetLastError() == ERROR_IO_PENDING, "error %lu\n", GetLastError());
    else
        ok(GetLastError() == 0xdeadbeef, "error %lu\n", GetLastError());
    handle_wait(done, "fired and finished: event");
    CloseHandle(done);
    CloseHandle(event);
}

/* The event is set when the last callback has returned and not before. */
static void test_completion_running(ULONG flags, BOOL with_event)
{
    HANDLE event = event_auto(TRUE), done = event_auto(FALSE), wait;

    gate_init(&gate, 1);
    wait = wait_register(event, gate_callback, &gate, INFINITE, flags);
    tally_wait(&gate.entered, "callbacks");
    wait_unregister(wait, with_event ? done : NULL, ERROR_IO_PENDING);
    ok(!signalled(done), "event set too early\n");
    SetEvent(event);
    ok(signalled(event), "the object is still waited for\n");
    gate_open(&gate);
    tally_wait(&gate.left, "callbacks that left");
    if (with_event)
        handle_wait(done, "event");
    ok(gate.entered.count == 1, "called %ld times\n", gate.entered.count);
    gate_close(&gate);
    CloseHandle(done);
    CloseHandle(event);
}

static DWORD WINAPI open_gate_later(void *arg)
{
    (void)arg;
    Sleep(20); /* so that it most likely blocks; right either way */
    gate_open(&gate);
    return 0;
}

static void test_completion_blocks(ULONG flags)
{
    HANDLE event = event_auto(TRUE), wait, thread;

    gate_init(&gate, 1);
    wait = wait_register(event, gate_callback, &gate, INFINITE, flags);
    tally_wait(&gate.entered, "callbacks");
    thread = CreateThread(NULL, 0, open_gate_later, NULL, 0, NULL);
    wait_unregister(wait, INVALID_HANDLE_VALUE, 0);
    ok(gate.left.count == 1, "returned before the callback\n");
    handle_wait(thread, "thread");
    CloseHandle(thread);
    gate_close(&gate);
    CloseHandle(event);
}

static void CALLBACK unregister_self(void *context, BOOLEAN timed_out)
{
    struct seen *seen = context;

    (void)timed_out;
    wait_unregister(*(HANDLE volatile *)&seen->wait, seen->done, ERROR_IO_PENDING);
}

/* From inside the own callback on a worker it is pending: the callback is outstanding. */
static void test_unregister_inside(void)
{
    static struct seen seen;
    HANDLE event = event_auto(FALSE);

    seen.done = event_auto(FALSE);
    seen.wait = wait_register(event, unregister_self, &seen, INFINITE, 0);
    SetEvent(event);
    handle_wait(seen.done, "completion event");
    SetEvent(event);
    ok(signalled(event), "the object is still waited for\n");
    CloseHandle(seen.done);
    CloseHandle(event);
}

static void test_ex(void)
{
    static const char *const names[] = {"kernel32.dll", "kernelbase.dll"};
    HANDLE event = event_auto(FALSE), wait;
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(names); i++) {
        waits_register_ex register_ex = (waits_register_ex)(void *)(ULONG_PTR)GetProcAddress(
            GetModuleHandleA(names[i]), "RegisterWaitForSingleObjectEx");

        ok(register_ex != NULL, "not in %s\n", names[i]);
        if (!register_ex)
            continue;
        hits_init(&hits, 1, 0);
        SetLastError(0xdeadbeef);
        wait = register_ex(event, hits_callback, &hits, INFINITE, 0);
        ok(wait != NULL && GetLastError() == 0xdeadbeef, "%s: error %lu\n", names[i], GetLastError());
        SetEvent(event);
        tally_wait(&hits.fired, "callbacks");
        wait_end(wait);
    }
    CloseHandle(event);
}

START_TEST(wait)
{
    test_once();
    test_unregister_idle();
    test_unregistered_takes_nothing();
    test_timeout_zero();
    test_semaphore();
    test_repeat();
    test_rearm();
    test_handle_is_written_first(WT_EXECUTEDEFAULT);
    test_handle_is_written_first(WT_EXECUTEINWAITTHREAD);
    test_completion_idle(WT_EXECUTEDEFAULT);
    test_completion_idle(WT_EXECUTEINWAITTHREAD);
    test_completion_running(WT_EXECUTEDEFAULT, TRUE);
    test_completion_running(WT_EXECUTEDEFAULT, FALSE);
    test_completion_running(WT_EXECUTEINWAITTHREAD, TRUE);
    test_completion_blocks(WT_EXECUTEDEFAULT);
    test_completion_blocks(WT_EXECUTEINWAITTHREAD);
    test_unregister_inside();
    test_ex();
}
