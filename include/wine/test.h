/*
 * The winetest dialect: START_TEST, ok, todo_wine, skip and their relatives, written anew so that test files
 * made for that dialect compile against it unchanged. This header is the API; a program is made by one file
 * per program that defines STANDALONE before including it: either the test itself (one START_TEST) or a list
 * of tests (see tests/testlist.c.in). Both then contain main() and the counting of test_run.h.
 *
 * All of it may be used from any thread. The location, the contexts and the todo and flaky blocks belong to
 * the thread that sets them; the counters belong to the process; each message is written with a single write.
 * The thread's last error is left alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WINE_TEST_H
#define WQ_WINE_TEST_H

#include <stdarg.h>
#include <stdlib.h>
#include <windef.h>
#include <winbase.h>

/* Dialect sources expect it from the headers. */
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#endif

/* The formats are those of the Microsoft C runtime: %I64d, %Iu, %S. */
#if defined(__GNUC__) && !defined(__clang__)
#define WINETEST_PRINTF(fmt, args) __attribute__((format(ms_printf, fmt, args)))
#else
#define WINETEST_PRINTF(fmt, args)
#endif

/* 1 by default; 0 hides todos and traces, above 1 nothing is silenced. WINETEST_DEBUG. */
extern int winetest_debug;
/* Non-zero when a person may be asked to do something. WINETEST_INTERACTIVE. */
extern int winetest_interactive;
/* Non-zero when successful checks are reported too. WINETEST_REPORT_SUCCESS. */
extern int winetest_report_success;
/* "wine" or "windows": found out at start, or as told by WINETEST_PLATFORM. */
extern const char *winetest_platform;
extern int winetest_platform_is_wine;

/* The source line that the thread's next messages are about. Only the last component of the file is printed.
 */
extern void winetest_set_location(const char *file, int line);

/* One check: counts a success or a failure, or their todo and flaky kinds inside such blocks. winetest_vok
 * returns whether the check went as expected. */
extern int winetest_vok(int condition, const char *msg, va_list args) WINETEST_PRINTF(2, 0);
extern void winetest_ok(int condition, const char *msg, ...) WINETEST_PRINTF(2, 3);

/* Counts a skipped piece of the test. winetest_win_skip does so on Windows; elsewhere it is a failure,
 * because Wine has no older versions to be lenient with. */
extern void winetest_vskip(const char *msg, va_list args) WINETEST_PRINTF(1, 0);
extern void winetest_skip(const char *msg, ...) WINETEST_PRINTF(1, 2);
extern void winetest_win_skip(const char *msg, ...) WINETEST_PRINTF(1, 2);

/* A remark, counted nowhere, shown unless winetest_debug is 0. */
extern void winetest_trace(const char *msg, ...) WINETEST_PRINTF(1, 2);
/* Tells that a named part of the test begins. */
extern void winetest_subtest(const char *name);

/* Up to 8 nested contexts of 127 characters; each goes before the text of every message of the thread. */
extern void winetest_push_context(const char *fmt, ...) WINETEST_PRINTF(1, 2);
extern void winetest_pop_context(void);

/* The blocks behind todo_if and flaky_if: start, loop once, end. Up to 32 may be nested. */
extern void winetest_start_todo(int is_todo);
extern int winetest_loop_todo(void);
extern void winetest_end_todo(void);
extern void winetest_start_flaky(int is_flaky);
extern int winetest_loop_flaky(void);
extern void winetest_end_flaky(void);

/* The program's arguments; argv[1] is the name of the test. Returns argc. The strings belong to the program.
 */
extern int winetest_get_mainargs(char ***pargv);

/* Failures so far, successes inside todo blocks included; and more of them, e.g. those of a child process. */
extern LONG winetest_get_failures(void);
extern void winetest_add_failures(LONG new_failures);

/* Waits up to 30 s for a child that runs a part of the test, and takes over its failures. An exit code above
 * 255 is taken for an unhandled exception. The handle stays the caller's. */
extern void winetest_wait_child_process(HANDLE process);

/* With TRUE an unhandled exception ends the process without a message: for children that crash on purpose. */
extern void winetest_ignore_exceptions(BOOL ignore);

/* Printable forms of values. The strings live in a buffer of the thread that wraps around after some 2000
 * characters. n is a count of characters or -1; NULL gives "(null)", small pointers an atom's number. */
extern const char *wine_dbgstr_an(const CHAR *str, intptr_t n);
extern const char *wine_dbgstr_wn(const WCHAR *str, intptr_t n);
extern const char *wine_dbgstr_guid(const GUID *guid);
extern const char *wine_dbgstr_point(const POINT *point);
extern const char *wine_dbgstr_size(const SIZE *size);
extern const char *wine_dbgstr_rect(const RECT *rect);
extern const char *wine_dbgstr_longlong(ULONGLONG value);

static inline const char *wine_dbgstr_a(const char *s)
{
    return wine_dbgstr_an(s, -1);
}

static inline const char *wine_dbgstr_w(const WCHAR *s)
{
    return wine_dbgstr_wn(s, -1);
}

static inline const char *debugstr_an(const CHAR *s, intptr_t n)
{
    return wine_dbgstr_an(s, n);
}

static inline const char *debugstr_wn(const WCHAR *s, intptr_t n)
{
    return wine_dbgstr_wn(s, n);
}

static inline const char *debugstr_a(const char *s)
{
    return wine_dbgstr_an(s, -1);
}

static inline const char *debugstr_w(const WCHAR *s)
{
    return wine_dbgstr_wn(s, -1);
}

/* Wraps a result that some Windows version gives but that is wrong: accepted there, never on Wine. */
static inline int broken(int condition)
{
    return !winetest_platform_is_wine && condition;
}

/* The check is "file:line" of the caller; a macro of a test may pass on its caller's line through the _
 * forms. */
#define ok_(file, line)       (winetest_set_location(file, line), 0) ? (void)0 : winetest_ok
#define skip_(file, line)     (winetest_set_location(file, line), 0) ? (void)0 : winetest_skip
#define win_skip_(file, line) (winetest_set_location(file, line), 0) ? (void)0 : winetest_win_skip
#define trace_(file, line)    (winetest_set_location(file, line), 0) ? (void)0 : winetest_trace
#define subtest_(file, line)  (winetest_set_location(file, line), 0) ? (void)0 : winetest_subtest
#define wait_child_process_(file, line)                                                                      \
    (winetest_set_location(file, line), 0) ? (void)0 : winetest_wait_child_process
#define ignore_exceptions_(file, line)                                                                       \
    (winetest_set_location(file, line), 0) ? (void)0 : winetest_ignore_exceptions

#define ok                 ok_(__FILE__, __LINE__)
#define skip               skip_(__FILE__, __LINE__)
#define win_skip           win_skip_(__FILE__, __LINE__)
#define trace              trace_(__FILE__, __LINE__)
#define subtest            subtest_(__FILE__, __LINE__)
#define wait_child_process wait_child_process_(__FILE__, __LINE__)
#define ignore_exceptions  ignore_exceptions_(__FILE__, __LINE__)

/* Checks inside are expected to fail (todo: here and now; a success is then the failure) or fail now and then
 * (flaky). */
#define todo_if(is_todo)        for (winetest_start_todo(is_todo); winetest_loop_todo(); winetest_end_todo())
#define todo_wine               todo_if(winetest_platform_is_wine)
#define todo_wine_if(is_todo)   todo_if((is_todo) && winetest_platform_is_wine)
#define flaky_if(is_flaky)      for (winetest_start_flaky(is_flaky); winetest_loop_flaky(); winetest_end_flaky())
#define flaky                   flaky_if(TRUE)
#define flaky_wine              flaky_if(winetest_platform_is_wine)
#define flaky_wine_if(is_flaky) flaky_if((is_flaky) && winetest_platform_is_wine)

struct test {
    const char *name;
    void (*func)(void);
};

/* Ends with a NULL name. Defined by the program's STANDALONE file. */
extern const struct test winetest_testlist[];

#ifdef STANDALONE

#define START_TEST(name)                                                                                     \
    static void func_##name(void);                                                                           \
    const struct test winetest_testlist[] = {{#name, func_##name}, {0, 0}};                                  \
    static void func_##name(void)

#include "wine/test_run.h"

#else

#define START_TEST(name)                                                                                     \
    void func_##name(void);                                                                                  \
    void func_##name(void)

#endif

#endif
