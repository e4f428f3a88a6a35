/*
 * quwi_exit.c: process exit with items of QueueUserWorkItem queued and running. Nothing is drained: the
 * process ends with its code, no callback runs any more, and queueing during the exit hangs nobody. Each test
 * is a child process; it reports through shared memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "quwi.h"

#define EXIT_CODE 42

struct report {
    volatile LONG running;   /* callbacks that began */
    volatile LONG at_detach; /* the same, at the end of the child */
    volatile LONG queued;    /* submissions that returned during the exit */
    volatile LONG detached;  /* the child's end was seen to the end */
};

static struct report *report; /* in the child */
static HANDLE never;

static DWORD WINAPI count(void *context)
{
    (void)context;
    InterlockedIncrement(&report->running);
    return 0;
}

static void queue_while_exiting(void)
{
    unsigned i;

    for (i = 0; i < 20 * QUWI_CLASSES; i++) {
        QueueUserWorkItem(count, NULL, quwi_classes[i % QUWI_CLASSES]);
        InterlockedIncrement(&report->queued);
    }
}

/* The end of the program as its modules see it: all other threads are gone. */
static void process_ends(void)
{
    report->at_detach = report->running;
    queue_while_exiting();
    report->detached = 1;
}

/* ---- children ---- */

static DWORD WINAPI block(void *context)
{
    (void)context;
    InterlockedIncrement(&report->running);
    WakeByAddressAll((void *)(ULONG_PTR)&report->running);
    WaitForSingleObject(never, INFINITE);
    return 0;
}

static DWORD WINAPI queue_itself(void *context)
{
    ULONG_PTR i = (ULONG_PTR)context;

    InterlockedIncrement(&report->running);
    QueueUserWorkItem(queue_itself, (void *)(i + 1), quwi_classes[i % QUWI_CLASSES]);
    return 0;
}

static DWORD WINAPI flood(void *context)
{
    ULONG_PTR i;

    for (i = (ULONG_PTR)context;; i++)
        if (report->running - (LONG)i > -5000) /* the queue need not grow without bounds */
            QueueUserWorkItem(count, NULL, quwi_classes[i % QUWI_CLASSES]);
    return 0;
}

static void wait_running(LONG n)
{
    LONG seen;

    while ((seen = report->running) < n)
        WaitOnAddress(&report->running, &seen, sizeof(seen), 100);
}

/* Items blocked in each class and 1000 behind them. */
static void child_blocked(void)
{
    unsigned i;

    for (i = 0; i < QUWI_CLASSES; i++)
        QueueUserWorkItem(block, NULL, quwi_classes[i]);
    wait_running(QUWI_CLASSES - 1); /* the two persistent ones share a thread */
    for (i = 0; i < 1000; i++)
        QueueUserWorkItem(block, NULL, quwi_classes[i % QUWI_CLASSES] | WT_TRANSFER_IMPERSONATION);
}

/* Threads and callbacks are in the middle of queueing, with whatever locks that takes. */
static void child_busy(void)
{
    ULONG_PTR i;

    for (i = 0; i < 2; i++)
        CloseHandle(CreateThread(NULL, 0, flood, (void *)(i * 1000), 0, NULL));
    for (i = 0; i < 5; i++)
        QueueUserWorkItem(queue_itself, (void *)i, 0);
    wait_running(2000);
}

static DWORD WINAPI exit_process(void *context)
{
    (void)context;
    ExitProcess(EXIT_CODE);
}

static DWORD WINAPI raise_exception(void *context)
{
    (void)context;
    RaiseException(0xe0001234, EXCEPTION_NONCONTINUABLE, 0, NULL);
    return 0;
}

static DWORD WINAPI end_well(void *context)
{
    (void)context;
    ExitProcess(EXIT_CODE);
}

/* Closes the tokens that the pool holds. */
static void close_tokens(void)
{
    TOKEN_TYPE type;
    DWORD size;

    for (ULONG_PTR handle = 4; handle < 0x2000; handle += 4)
        if (GetTokenInformation((HANDLE)handle, TokenType, &type, sizeof(type), &size) ||
            GetLastError() == ERROR_ACCESS_DENIED) /* one that may be set, but not asked */
            CloseHandle((HANDLE)handle);
}

/* The token that the callback shall have can't be set. */
static void child_no_token(void)
{
    ignore_exceptions(TRUE);
    QueueUserWorkItem(block, NULL, WT_EXECUTEINPERSISTENTTHREAD);
    wait_running(1);
    succeeds(ImpersonateSelf(SecurityImpersonation));
    succeeds(QueueUserWorkItem(end_well, NULL, WT_EXECUTEINPERSISTENTTHREAD | WT_TRANSFER_IMPERSONATION));
    succeeds(RevertToSelf());
    close_tokens();
    SetEvent(never);
    WaitForSingleObject(GetCurrentProcess(), INFINITE);
}

static void child_run(const char *what)
{
    never = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (!strcmp(what, "blocked"))
        child_blocked();
    if (!strcmp(what, "busy"))
        child_busy();
    if (!strcmp(what, "atexit"))
        atexit(queue_while_exiting);
    if (!strcmp(what, "callback")) {
        QueueUserWorkItem(exit_process, NULL, 0);
        WaitForSingleObject(never, INFINITE);
    }
    if (!strcmp(what, "exception")) {
        ignore_exceptions(TRUE);
        QueueUserWorkItem(raise_exception, NULL, 0);
        WaitForSingleObject(never, INFINITE);
    }
    if (!strcmp(what, "token"))
        child_no_token();
    if (!strcmp(what, "atexit"))
        exit(EXIT_CODE);
    ExitProcess(EXIT_CODE);
}

/* ---- parent ---- */

static char subject[MAX_PATH]; /* path of the DLL that sees the end */

static void child_start(const char *what, const char *section, PROCESS_INFORMATION *info)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    char command[2 * MAX_PATH + 128];
    char **argv;

    winetest_get_mainargs(&argv);
    snprintf(command, sizeof(command), "\"%s\" quwi_exit %s %s \"%s\"", argv[0], what, section, subject);
    succeeds(CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, info));
}

/* Runs a child; checks its code. child: what it reported. */
static void run_child(const char *what, DWORD wanted, struct report *child)
{
    char section[64];
    PROCESS_INFORMATION info = {0};
    HANDLE mapping;
    DWORD code = 0, deadline = quwi_builtin() ? 8000 : QUWI_DEADLINE;
    struct report *view;

    snprintf(section, sizeof(section), "quwi_exit_%lx", GetCurrentProcessId());
    mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(*view), section);
    view = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    child_start(what, section, &info);
    if (WaitForSingleObject(info.hProcess, deadline) != WAIT_OBJECT_0) {
        ok(0, "%s: hangs, %ld callbacks, %ld queued while exiting\n", what, view->running, view->queued);
        TerminateProcess(info.hProcess, 1);
        WaitForSingleObject(info.hProcess, QUWI_DEADLINE);
    } else {
        GetExitCodeProcess(info.hProcess, &code);
        ok(code == wanted, "%s: exit code %lx, wanted %lx\n", what, code, wanted);
    }
    *child = *view;
    CloseHandle(info.hThread);
    CloseHandle(info.hProcess);
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

static void check_end(const char *what, const struct report *child)
{
    ok(child->detached, "%s: did not come to its end, %ld queued while exiting\n", what, child->queued);
    ok(child->running == child->at_detach, "%s: %ld callbacks ran after the end\n", what,
       child->running - child->at_detach);
}

static void test_exit(const char *what, unsigned times)
{
    struct report child;
    unsigned i;

    for (i = 0; i < times; i++) {
        run_child(what, EXIT_CODE, &child);
        /* 32-bit processes of Wine 8 and 10 that have threads now and then die of a segmentation fault at
         * exit, without any pool, too. Their exit code is right nevertheless. */
        flaky_wine_if(sizeof(void *) == 4) check_end(what, &child);
    }
}

START_TEST(quwi_exit)
{
    struct report child;
    char **argv;

    if (winetest_get_mainargs(&argv) > 4) {
        HANDLE mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, argv[3]);

        report = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0);
        if (report && quwi_subject_load(argv[4], process_ends))
            child_run(argv[2]);
        return;
    }
    if (!quwi_subject_extract(subject))
        return;
    test_exit("unused", 1);
    test_exit("atexit", 1);
    test_exit("callback", 1);
    test_exit("blocked", 1);
    /* The builtin now and then hangs before it even tells the modules. */
    flaky_wine_if(quwi_builtin()) test_exit("busy", quwi_builtin() ? 1 : 8);
    run_child("exception", 0xe0001234, &child);
    /* Never as somebody else. What Windows does is not published; Wine's builtin knows no tokens. */
    run_child("token", quwi_builtin() ? EXIT_CODE : STATUS_INVALID_HANDLE, &child);
    DeleteFileA(subject);
}
