/*
 * wait_many.c: 10 000 waits at a time; objects of all kinds; one that stays signalled.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "waits.h"

#ifndef LF_FACESIZE
#define LF_FACESIZE 32 /* of wingdi.h, which is left out */
#endif
#include <wincon.h>

#define WAITS 10000

static struct hits hits;
static volatile LONG fired[WAITS];

static void CALLBACK count_one(void *context, BOOLEAN timed_out)
{
    InterlockedIncrement(&fired[(ULONG_PTR)context]);
    tally_add(timed_out ? &hits.timed : &hits.fired, 1);
}

static void test_many(ULONG flags)
{
    static HANDLE events[WAITS], waits[WAITS];
    struct wq_counters counters;
    unsigned bad = 0;
    ULONG_PTR i;

    hits_init(&hits, WAITS, 0);
    memset((void *)fired, 0, sizeof(fired));
    for (i = 0; i < WAITS; i++) {
        events[i] = event_auto(FALSE);
        if (!RegisterWaitForSingleObject(&waits[i], events[i], count_one, (void *)i, INFINITE, flags))
            bad++;
    }
    ok(!bad, "%u were refused, error %lu\n", bad, GetLastError());
    if (quwi_counters(&counters)) {
        ok(counters.waits == WAITS, "%u waits\n", counters.waits);
        ok(counters.wait_threads <= 2 * ((WAITS + 62) / 63 + 1), "%u threads\n", counters.wait_threads);
    }
    for (i = 0; i < WAITS; i++)
        SetEvent(events[i * 7919 % WAITS]);
    tally_wait(&hits.fired, "callbacks");
    for (i = 0; i < WAITS; i++) {
        bad += !UnregisterWaitEx(waits[i], INVALID_HANDLE_VALUE);
        bad += fired[i] != 1;
        CloseHandle(events[i]);
    }
    ok(!bad, "%u failed\n", bad);
    ok(!hits.timed.count, "%ld time-outs\n", hits.timed.count);
    if (quwi_counters(&counters))
        ok(!counters.waits, "%u waits left\n", counters.waits);
}

static DWORD WINAPI end_at_once(void *arg)
{
    (void)arg;
    return 0;
}

/* A process that ends: this program, asked for a test that it does not have. */
static HANDLE short_process(void)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process = {0};
    char program[MAX_PATH], command[MAX_PATH + 16];

    GetModuleFileNameA(NULL, program, sizeof(program));
    snprintf(command, sizeof(command), "\"%s\" no_such_test", program);
    ok(CreateProcessA(NULL, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process),
       "error %lu\n", GetLastError());
    CloseHandle(process.hThread);
    return process.hProcess;
}

static void test_console_input(void)
{
    INPUT_RECORD key = {.EventType = KEY_EVENT};
    HANDLE input, wait;
    DWORD n;

    FreeConsole();
    if (!AllocConsole()) {
        skip("no console: error %lu\n", GetLastError());
        return;
    }
    input = CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                        OPEN_EXISTING, 0, NULL);
    if (!FlushConsoleInputBuffer(input)) { /* a Wine without a display and a terminal */
        skip("the console takes no input: error %lu\n", GetLastError());
        CloseHandle(input);
        return;
    }
    hits_init(&hits, 1, 0);
    wait = wait_register(input, hits_callback, &hits, INFINITE, WT_EXECUTEONLYONCE);
    key.Event.KeyEvent.bKeyDown = TRUE;
    key.Event.KeyEvent.wRepeatCount = 1;
    key.Event.KeyEvent.uChar.AsciiChar = 'x';
    ok(WriteConsoleInputA(input, &key, 1, &n), "error %lu\n", GetLastError());
    tally_wait(&hits.fired, "callback for a key");
    wait_end(wait);
    CloseHandle(input);
}

/* Whatever the system lets a thread wait for. */
static void test_objects(void)
{
    LARGE_INTEGER soon = {.QuadPart = -1};
    HANDLE objects[4], wait;
    unsigned i;

    objects[3] = short_process();
    objects[0] = CreateThread(NULL, 0, end_at_once, NULL, 0, NULL);
    objects[1] = CreateWaitableTimerA(NULL, FALSE, NULL);
    objects[2] = CreateMutexA(NULL, FALSE, NULL);
    SetWaitableTimer(objects[1], &soon, 0, NULL, NULL, FALSE);
    for (i = 0; i < 4; i++) {
        hits_init(&hits, 1, 0);
        wait = wait_register(objects[i], hits_callback, &hits, INFINITE, WT_EXECUTEONLYONCE);
        tally_wait(&hits.fired, "callbacks");
        wait_end(wait);
        CloseHandle(objects[i]);
    }
}

static HANDLE mutex;
static BOOL released;
static struct tally done;

static void CALLBACK release_mutex(void *context, BOOLEAN timed_out)
{
    (void)context;
    ok(!timed_out, "timed out\n");
    released = ReleaseMutex(mutex);
    tally_add(&done, 1);
}

static DWORD WINAPI abandon(void *arg)
{
    (void)arg;
    WaitForSingleObject(mutex, INFINITE);
    return 0;
}

/* The wait thread owns the mutex, an abandoned one too. */
static void test_mutex(BOOL abandoned)
{
    HANDLE wait, thread;

    if (abandoned && quwi_builtin()) {
        skip("the builtin does not deliver an abandoned mutex\n");
        return;
    }
    mutex = CreateMutexA(NULL, FALSE, NULL);
    if (abandoned) {
        thread = CreateThread(NULL, 0, abandon, NULL, 0, NULL);
        handle_wait(thread, "thread");
        CloseHandle(thread);
    }
    tally_init(&done, 1);
    wait = wait_register(mutex, release_mutex, NULL, INFINITE, WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE);
    tally_wait(&done, "callbacks");
    ok(released, "the callback does not own the mutex\n");
    wait_end(wait);
    ok(signalled(mutex), "not released\n");
    ReleaseMutex(mutex);
    CloseHandle(mutex);
}

/* An object that stays signalled fills no queue: unregistering leaves a bounded number. */
static void test_stays_signalled(void)
{
    static struct gate gate;
    HANDLE event = event_manual(TRUE), wait;
    LONG before;

    if (!quwi_ours()) {
        skip("documented to pile up without end\n");
        CloseHandle(event);
        return;
    }
    hits_init(&hits, 1000, 0);
    wait = wait_register(event, hits_callback, &hits, INFINITE, 0);
    tally_wait(&hits.fired, "callbacks");
    wait_end(wait);
    before = hits.fired.count;
    gate_init(&gate, 10);
    wait = wait_register(event, gate_callback, &gate, INFINITE, 0);
    tally_wait(&gate.entered, "callbacks that block");
    UnregisterWait(wait);
    tally_init(&gate.left, 10);
    gate_open(&gate);
    tally_wait(&gate.left, "callbacks that left");
    quwi_flush();
    ok(hits.fired.count == before, "callbacks after the end\n");
    CloseHandle(event);
}

START_TEST(wait_many)
{
    test_objects();
    test_console_input();
    test_mutex(FALSE);
    test_mutex(TRUE);
    test_stays_signalled();
    test_many(WT_EXECUTEDEFAULT);
    test_many(WT_EXECUTEINWAITTHREAD);
}
