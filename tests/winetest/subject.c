/*
 * Tests that fail, skip, crash and flood on purpose; check.py knows what each has to say.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>
#include "wine/test.h"

/* One of everything. */
START_TEST(kinds)
{
    ok(1, "not shown\n");
    ok(0, "plain %d %s\n", 42, "text");
    todo_wine ok(0, "expected\n");
    todo_wine ok(1, "unexpected\n");
    todo_wine_if(0) ok(1, "no todo\n");
    flaky ok(0, "unsteady\n");
    flaky_wine ok(1, "steady\n");
    flaky_if(0) ok(0, "not flaky\n");
    skip("left out\n");
    win_skip("left out on Windows\n");
    trace("a remark\n");
    subtest("part two");
    ok(!broken(1), "broken is never true on Wine\n");
    ok_("some/path\\other.c", 7)(0, "elsewhere\n");
}

START_TEST(contexts)
{
    unsigned int i;

    winetest_push_context("outer %u", 1);
    ok(0, "one\n");
    winetest_push_context("inner");
    ok(0, "two\n");
    todo_if(1) ok(0, "three\n");
    winetest_pop_context();
    winetest_pop_context();
    ok(0, "four\n");
    for (i = 0; i < 20; i++) {
        winetest_push_context("%0200u", i);
    }
    for (i = 0; i < 21; i++) {
        winetest_pop_context();
    }
    ok(0, "five\n");
}

START_TEST(nested)
{
    todo_if(1)
    {
        ok(0, "outer\n");
        todo_if(0) ok(0, "inner\n");
        ok(0, "outer again\n");
        flaky ok(1, "flaky success in a todo\n");
    }
    ok(1, "after\n");
}

START_TEST(good)
{
    ok(1, "fine\n");
    ok(1, "fine\n");
}

START_TEST(many_failures)
{
    char **argv;
    int i, argc = winetest_get_mainargs(&argv), count = argc > 2 ? atoi(argv[2]) : 300;

    for (i = 0; i < count; i++) {
        ok(0, "failure %d\n", i);
    }
}

START_TEST(muted)
{
    int i;

    for (i = 0; i < 100; i++) {
        skip("skip\n");
        trace("trace\n");
        todo_if(1) ok(0, "todo\n");
    }
}

/* Longer than a line may be, with and without its line feed. */
START_TEST(long_lines)
{
    static char text[10000];

    memset(text, 'x', sizeof(text) - 1);
    ok(0, "%s\n", text);
    ok(0, "no line feed");
    ok(0, "after\n");
}

#define FLOOD_THREADS 8
#define FLOOD_ROUNDS  5000

static DWORD WINAPI flood_thread(void *arg)
{
    unsigned int id = (unsigned int)(ULONG_PTR)arg, i;

    winetest_push_context("thread %u", id);
    for (i = 0; i < FLOOD_ROUNDS; i++) {
        ok(1, "fine\n");
        todo_if(1) ok(0, "todo\n");
        todo_if(0) ok(1, "fine\n");
        if (i % 50 == 0) {
            ok(0, "failure %u with some text to make the line longer: %s\n", i / 50,
               wine_dbgstr_w(L"abcdefgh"));
        }
    }
    return 0;
}

START_TEST(flood)
{
    HANDLE threads[FLOOD_THREADS];
    ULONG_PTR i;

    for (i = 0; i < FLOOD_THREADS; i++) {
        threads[i] = CreateThread(NULL, 0, flood_thread, (void *)i, 0, NULL);
    }
    WaitForMultipleObjects(FLOOD_THREADS, threads, TRUE, INFINITE);
}

START_TEST(crash)
{
    volatile int *volatile nowhere = NULL;

    ok(1, "before\n");
    *nowhere = 1;
}

START_TEST(quiet_crash)
{
    ignore_exceptions(TRUE);
    RaiseException(0xE0001234, 0, 0, NULL);
}

static void run_child(const char *program, const char *args)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info;
    char command[MAX_PATH + 100];

    snprintf(command, sizeof(command), "\"%s\" %s", program, args);
    if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &info)) {
        ok(0, "no process for %s: error %lu\n", command, GetLastError());
        return;
    }
    wait_child_process(info.hProcess);
    CloseHandle(info.hProcess);
    CloseHandle(info.hThread);
}

START_TEST(children)
{
    char **argv;

    winetest_get_mainargs(&argv);
    run_child(argv[0], "good");
    run_child(argv[0], "many_failures 3");
    run_child(argv[0], "crash");
    run_child(argv[0], "quiet_crash");
}
