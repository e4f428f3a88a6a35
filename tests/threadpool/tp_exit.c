/*
 * tp_exit.c: the end of a process with callbacks that run: what modules call then neither hangs nor raises. The test
 * runs itself as a child, which tells by its exit code how far it got.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "pool.h"

#define CODE_UNSEEN 42 /* of ExitProcess: nobody came to the end */
#define CODE_SEEN   100

static char subject[MAX_PATH]; /* the library that sees the end */
static volatile LONG cancelled;
static HANDLE never, begun;
static PTP_WORK work;
static PTP_TIMER timer;
static PTP_WAIT wait_object;
static PTP_CLEANUP_GROUP group;

static void CALLBACK block(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK self)
{
    (void)instance;
    (void)context;
    (void)self;
    SetEvent(begun);
    WaitForSingleObject(never, INFINITE);
}

static void CALLBACK nothing(PTP_CALLBACK_INSTANCE instance, void *context, PTP_TIMER self)
{
    (void)instance;
    (void)context;
    (void)self;
}

static void CALLBACK nothing_wait(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WAIT self,
                                  TP_WAIT_RESULT result)
{
    (void)instance;
    (void)context;
    (void)self;
    (void)result;
}

static void CALLBACK cancel(void *context, void *cleanup)
{
    (void)context;
    (void)cleanup;
    InterlockedIncrement(&cancelled);
}

/* Called by a library of the process when all other threads are gone. */
static void at_end(void)
{
    FILETIME due;

    SubmitThreadpoolWork(work);
    SetThreadpoolTimer(timer, due_in(&due, 0), 0, 0);
    SetThreadpoolWait(wait_object, NULL, NULL);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    WaitForThreadpoolTimerCallbacks(timer, TRUE);
    CloseThreadpoolCleanupGroupMembers(group, TRUE, NULL);
    CloseThreadpoolCleanupGroup(group);
    CloseThreadpoolWork(CreateThreadpoolWork(block, NULL, NULL));
    TerminateProcess(GetCurrentProcess(), CODE_SEEN + (UINT)cancelled);
}

static void child(const char *path)
{
    TP_CALLBACK_ENVIRON env = {.Version = 1};
    FILETIME due;

    never = CreateEventA(NULL, TRUE, FALSE, NULL);
    begun = CreateEventA(NULL, FALSE, FALSE, NULL);
    env.CleanupGroup = group = CreateThreadpoolCleanupGroup();
    env.CleanupGroupCancelCallback = cancel;
    work = CreateThreadpoolWork(block, NULL, &env);
    timer = CreateThreadpoolTimer(nothing, NULL, &env);
    wait_object = CreateThreadpoolWait(nothing_wait, NULL, &env);
    SetThreadpoolTimer(timer, due_in(&due, 1), 1, 0);
    SetThreadpoolWait(wait_object, never, NULL);
    SubmitThreadpoolWork(work);
    WaitForSingleObject(begun, QUWI_DEADLINE);
    quwi_subject_load(path, at_end);
    ExitProcess(CODE_UNSEEN);
}

static void test_exit(void)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info = {0};
    char command[2 * MAX_PATH + 32];
    DWORD code = 0;
    char **argv;

    winetest_get_mainargs(&argv);
    snprintf(command, sizeof(command), "\"%s\" tp_exit \"%s\"", argv[0], subject);
    succeeds(CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &info));
    if (WaitForSingleObject(info.hProcess, QUWI_DEADLINE) != WAIT_OBJECT_0) {
        ok(0, "the process hangs\n");
        TerminateProcess(info.hProcess, 1);
    }
    GetExitCodeProcess(info.hProcess, &code);
    ok(code == CODE_SEEN + 3, "exit code %lu\n", code);
    CloseHandle(info.hThread);
    CloseHandle(info.hProcess);
}

START_TEST(tp_exit)
{
    char **argv;
    unsigned i;

    if (winetest_get_mainargs(&argv) > 2) {
        child(argv[2]);
        return;
    }
    if (quwi_builtin()) {
        skip("Wine 8's builtin waits for ever\n");
        return;
    }
    for (i = 0; i < 5 && quwi_subject_extract(subject); i++) {
        test_exit();
        DeleteFileA(subject);
    }
}
