/*
 * What belongs to a thread in the winetest dialect (blocks, contexts, the last error, memory) stays with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wine/test.h"

static HANDLE inside, leave;

static DWORD WINAPI hold_todo(void *arg)
{
    (void)arg;
    winetest_push_context("other thread");
    todo_if(TRUE)
    {
        SetEvent(inside);
        ok(WaitForSingleObject(leave, 10000) != WAIT_OBJECT_0, "a todo of its own\n");
    }
    winetest_pop_context();
    return 0;
}

/* Were the block shared, the check below would count as a todo success: a failure. */
static void test_todo_is_per_thread(void)
{
    HANDLE thread;
    LONG before = winetest_get_failures();

    inside = CreateEventA(NULL, FALSE, FALSE, NULL);
    leave = CreateEventA(NULL, FALSE, FALSE, NULL);
    thread = CreateThread(NULL, 0, hold_todo, NULL, 0, NULL);
    ok(WaitForSingleObject(inside, 10000) == WAIT_OBJECT_0, "the thread did not come\n");
    ok(winetest_get_failures() == before, "got %ld failures, had %ld\n", winetest_get_failures(), before);
    SetEvent(leave);
    ok(WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0, "the thread did not end\n");
    CloseHandle(thread);
    CloseHandle(inside);
    CloseHandle(leave);
}

static void test_last_error(void)
{
    SetLastError(0xdeadbeef);
    ok(GetLastError() == 0xdeadbeef, "got %lu\n", GetLastError());
    ok(GetLastError() == 0xdeadbeef, "changed to %lu by ok\n", GetLastError());
    trace("a remark\n");
    ok(GetLastError() == 0xdeadbeef, "changed to %lu by trace\n", GetLastError());
}

static DWORD WINAPI check_once(void *arg)
{
    (void)arg;
    ok(1, "once\n");
    return 0;
}

static SIZE_T heap_bytes(void)
{
    PROCESS_HEAP_ENTRY entry = {0};
    SIZE_T total = 0;

    HeapLock(GetProcessHeap());
    while (HeapWalk(GetProcessHeap(), &entry)) {
        if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) {
            total += entry.cbData;
        }
    }
    HeapUnlock(GetProcessHeap());
    return total;
}

/* 50 threads that check leave less behind than two of the per-thread structures (7 kB each) would be. */
static void test_memory_is_freed(void)
{
    SIZE_T before = 0, after;
    unsigned int i;

    for (i = 0; i < 51; i++) {
        HANDLE thread = CreateThread(NULL, 0, check_once, NULL, 0, NULL);

        ok(WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0, "thread %u did not end\n", i);
        CloseHandle(thread);
        if (!i) {
            before = heap_bytes();
        }
    }
    after = heap_bytes();
    ok(after < before + 14000, "%Iu bytes before, %Iu after\n", before, after);
}

START_TEST(threads)
{
    test_todo_is_per_thread();
    test_last_error();
    test_memory_is_freed();
}
