/*
 * The process side of the winetest dialect: main(), the environment variables, the closing line, crashes and
 * child processes. Included by test_run.h only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WINE_TEST_MAIN_H
#define WQ_WINE_TEST_MAIN_H

void winetest_wait_child_process(HANDLE process)
{
    DWORD wait = WaitForSingleObject(process, WINETEST_CHILD_TIMEOUT), code = 0;

    if (wait != WAIT_OBJECT_0 || !GetExitCodeProcess(process, &code)) {
        InterlockedIncrement(&winetest_failures);
        winetest_report_f("", WINETEST_RED, "child process %04lx did not end: wait %lx, error %lu",
                          GetProcessId(process), wait, GetLastError());
        return;
    }
    if (code > 255) {
        InterlockedIncrement(&winetest_failures);
        winetest_report_f("", WINETEST_RED, "unhandled exception %08lx in child process %04lx", code,
                          GetProcessId(process));
        return;
    }
    if (code) {
        winetest_add_failures((LONG)code);
        winetest_report_f("", WINETEST_RED, "%lu failures in child process %04lx", code,
                          GetProcessId(process));
    }
}

/* A crash ends the process with the exception's code: no debugger is started, which on Wine takes seconds. */
static LONG WINAPI winetest_crashed(EXCEPTION_POINTERS *info)
{
    struct winetest_thread *t = winetest_thread();

    if (!winetest_ignoring_exceptions) {
        winetest_report_f("", WINETEST_RED, "this is the last test seen before the exception");
        t->contexts = 0;
        t->message[0] = 0;
        winetest_write(t->message, winetest_append_f(t, 0, "%04lx:%s: unhandled exception %08lx at %p\n",
                                                     GetCurrentProcessId(), winetest_current->name,
                                                     info->ExceptionRecord->ExceptionCode,
                                                     info->ExceptionRecord->ExceptionAddress));
    }
    return EXCEPTION_EXECUTE_HANDLER;
}

static int winetest_env(const char *name, int value)
{
    const char *p = getenv(name);

    return p ? atoi(p) : value;
}

static void winetest_init(void)
{
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    const char *p = getenv("WINETEST_PLATFORM");

    winetest_tls = TlsAlloc();
    winetest_start_tick = GetTickCount();
    setvbuf(stdout, NULL, _IONBF, 0);
    if (p) {
        winetest_platform = p;
    } else if (GetProcAddress(ntdll, "wine_server_call") || GetProcAddress(ntdll, "wine_get_version")) {
        winetest_platform = "wine";
    }
    winetest_platform_is_wine = !strcmp(winetest_platform, "wine");
    winetest_debug = winetest_env("WINETEST_DEBUG", 1);
    winetest_interactive = winetest_env("WINETEST_INTERACTIVE", 0);
    winetest_report_success = winetest_env("WINETEST_REPORT_SUCCESS", 0);
    winetest_report_flaky = winetest_env("WINETEST_REPORT_FLAKY", 0);
    winetest_time = winetest_env("WINETEST_TIME", 0);
    p = getenv("WINETEST_COLOR");
    winetest_color = p && !strcmp(p, "auto") ? _isatty(_fileno(stdout)) : winetest_env("WINETEST_COLOR", 0);
}

static void winetest_summary(const char *name)
{
    LONG failures = winetest_get_failures();
    LONG executed = winetest_successes + winetest_todo_successes + winetest_flaky_failures + failures;
    char elapsed[32];

    if (winetest_muted_todos || winetest_muted_skips || winetest_muted_traces) {
        printf("%04lx:%s:%s Silenced %ld todos, %ld skips and %ld traces.\n", GetCurrentProcessId(), name,
               winetest_elapsed(elapsed), winetest_muted_todos, winetest_muted_skips, winetest_muted_traces);
    }
    printf("%04lx:%s:%s %ld tests executed (%ld marked as todo, %ld as flaky, %ld %s), %ld skipped.\n",
           GetCurrentProcessId(), name, winetest_elapsed(elapsed), executed, winetest_todo_successes,
           winetest_flaky_failures, failures, failures == 1 ? "failure" : "failures", winetest_skipped);
}

static int winetest_run(const char *name)
{
    LONG failures;

    for (winetest_current = winetest_testlist; winetest_current->name; winetest_current++) {
        if (!strcmp(winetest_current->name, name)) {
            break;
        }
    }
    if (!winetest_current->name) {
        printf("Fatal: test '%s' does not exist.\n", name);
        return 1;
    }
    SetUnhandledExceptionFilter(winetest_crashed);
    winetest_current->func();
    if (winetest_debug) {
        winetest_summary(winetest_current->name);
    }
    failures = winetest_get_failures();
    return failures < 255 ? (int)failures : 255;
}

static void winetest_list(void)
{
    const struct test *test;

    printf("Valid test names:\n");
    for (test = winetest_testlist; test->name; test++) {
        printf("    %s\n", test->name);
    }
}

/* "PROGRAM test [arguments]"; the name may be left out when there is only one test. */
int main(int argc, char **argv)
{
    winetest_argc = argc;
    winetest_argv = argv;
    winetest_init();
    if (argc > 1 && !strcmp(argv[1], "--list")) {
        winetest_list();
        return 0;
    }
    if (argc > 1) {
        return winetest_run(argv[1]);
    }
    if (winetest_testlist[0].name && !winetest_testlist[1].name) {
        return winetest_run(winetest_testlist[0].name);
    }
    printf("Usage: %s test_name\n\n", argv[0]);
    winetest_list();
    return 1;
}

#endif
