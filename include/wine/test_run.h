/*
 * The running half of the winetest dialect: counters, messages, todo and flaky blocks, child processes and
 * main(). Included by test.h, in the one file per program that defines STANDALONE; the contracts are in
 * test.h.
 *
 * Messages end with LF only and go to standard output unbuffered.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WINE_TEST_RUN_H
#define WQ_WINE_TEST_RUN_H

#include <stdio.h>
#include <string.h>
#include <io.h>

#define WINETEST_CONTEXTS 8
/* A todo, skip or trace is shown this often per source line, then silenced and counted. Failures always show.
 */
#define WINETEST_MUTE_THRESHOLD 42
#define WINETEST_MUTE_SLOTS     4096
#define WINETEST_CHILD_TIMEOUT  30000

#define WINETEST_RED      "\x1b[1;31m"
#define WINETEST_DARK_RED "\x1b[0;31m"
#define WINETEST_GREEN    "\x1b[1;32m"
#define WINETEST_YELLOW   "\x1b[1;33m"
#define WINETEST_BLUE     "\x1b[1;34m"

/* What belongs to one thread; made at its first use, freed when the thread ends. Touched by that thread only.
 */
struct winetest_thread {
    const char *file;
    int line;
    unsigned int todo_bits;  /* a bit for each nested block, the innermost lowest; a set bit is a todo */
    unsigned int flaky_bits; /* the same for flaky blocks */
    int todo_loop;
    int flaky_loop;
    unsigned int contexts; /* may exceed WINETEST_CONTEXTS: the ones too many are not kept */
    char context[WINETEST_CONTEXTS][128];
    char message[4096];
    char ring[2048];
    size_t ring_pos;
};

int winetest_debug = 1;
int winetest_interactive;
int winetest_report_success;
const char *winetest_platform = "windows";
int winetest_platform_is_wine;

/* Set by main() before the test runs, constant afterwards. */
static int winetest_report_flaky;
static int winetest_time;
static int winetest_color;
static DWORD winetest_start_tick;
static DWORD winetest_tls = TLS_OUT_OF_INDEXES;
static int winetest_argc;
static char **winetest_argv;
static const struct test *winetest_current;

/* Interlocked. */
static volatile LONG winetest_successes, winetest_failures, winetest_skipped, winetest_flaky_failures;
static volatile LONG winetest_todo_successes, winetest_todo_failures;
static volatile LONG winetest_muted_todos, winetest_muted_skips, winetest_muted_traces;
static volatile LONG winetest_shown[WINETEST_MUTE_SLOTS];
static volatile LONG winetest_ignoring_exceptions;

static struct winetest_thread *winetest_thread(void)
{
    DWORD err = GetLastError();
    struct winetest_thread *t = TlsGetValue(winetest_tls);

    if (!t) {
        t = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*t));
        if (!t) {
            ExitProcess(255);
        }
        t->file = "?";
        TlsSetValue(winetest_tls, t);
    }
    SetLastError(err);
    return t;
}

/* The loader calls this for every thread that ends; a test that counts heap blocks must not see ours. */
static void NTAPI winetest_thread_ends(void *module, DWORD reason, void *reserved)
{
    (void)module;
    (void)reserved;
    if (reason == DLL_THREAD_DETACH && winetest_tls != TLS_OUT_OF_INDEXES) {
        HeapFree(GetProcessHeap(), 0, TlsGetValue(winetest_tls));
        TlsSetValue(winetest_tls, NULL);
    }
}

__attribute__((used, section(".CRT$XLY"))) static const PIMAGE_TLS_CALLBACK winetest_tls_callback =
    winetest_thread_ends;

#include "wine/test_dbgstr.h"

/* Seconds since the start when WINETEST_TIME asks for them, else "". buffer has room for 32 bytes. */
static const char *winetest_elapsed(char *buffer)
{
    DWORD ticks = GetTickCount() - winetest_start_tick;

    buffer[0] = 0;
    if (winetest_time) {
        sprintf(buffer, "%lu.%03lu", ticks / 1000, ticks % 1000);
    }
    return buffer;
}

static void winetest_write(const char *text, size_t len)
{
    DWORD err = GetLastError(), written;

    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, (DWORD)len, &written, NULL);
    SetLastError(err);
}

/* Appends to the thread's message; what does not fit is cut off, room for the end of the line is kept. */
static size_t winetest_append(struct winetest_thread *t, size_t pos, const char *fmt, va_list args)
{
    size_t room = sizeof(t->message) - 16 - pos;
    int len = __mingw_vsnprintf(t->message + pos, room, fmt, args);

    if (len < 0) {
        len = 0;
    }
    return (size_t)len < room ? pos + (size_t)len : pos + room - 1;
}

static size_t winetest_append_f(struct winetest_thread *t, size_t pos, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    pos = winetest_append(t, pos, fmt, args);
    va_end(args);
    return pos;
}

/* Writes "file:line: kind: context: message" with a single write. */
static void winetest_report(const char *kind, const char *color, const char *msg, va_list args)
{
    struct winetest_thread *t = winetest_thread();
    const char *paint = winetest_color && color ? color : "";
    char elapsed[32];
    unsigned int i;
    size_t pos;

    pos = winetest_append_f(t, 0, "%s%s:%d:%s %s", paint, t->file, t->line, winetest_elapsed(elapsed), kind);
    for (i = 0; i < t->contexts && i < WINETEST_CONTEXTS; i++) {
        pos = winetest_append_f(t, pos, "%s: ", t->context[i]);
    }
    pos = winetest_append(t, pos, msg, args);
    if (pos && t->message[pos - 1] == '\n') {
        pos--;
    }
    if (*paint) {
        memcpy(t->message + pos, "\x1b[0m", 4);
        pos += 4;
    }
    t->message[pos++] = '\n';
    winetest_write(t->message, pos);
}

static void winetest_report_f(const char *kind, const char *color, const char *msg, ...)
{
    va_list args;

    va_start(args, msg);
    winetest_report(kind, color, msg, args);
    va_end(args);
}

/* Whether the thread's source line has had its share of messages; counts it in muted if so. */
static int winetest_mute(volatile LONG *muted)
{
    struct winetest_thread *t = winetest_thread();
    unsigned int slot = (unsigned int)t->line;
    const char *p;

    if (winetest_debug > 1) {
        return 0;
    }
    for (p = t->file; *p; p++) {
        slot = slot * 31 + (unsigned char)*p;
    }
    if (InterlockedIncrement(&winetest_shown[slot % WINETEST_MUTE_SLOTS]) <= WINETEST_MUTE_THRESHOLD) {
        return 0;
    }
    InterlockedIncrement(muted);
    return 1;
}

void winetest_set_location(const char *file, int line)
{
    struct winetest_thread *t = winetest_thread();
    const char *p;

    for (p = t->file = file; *p; p++) {
        if (*p == '/' || *p == '\\') {
            t->file = p + 1;
        }
    }
    t->line = line;
}

/* A failure of a check: flaky blocks turn it into something that is only counted. */
static int winetest_fail(volatile LONG *counter, const char *kind, const char *msg, va_list args)
{
    if (!winetest_thread()->flaky_bits) {
        InterlockedIncrement(counter);
        winetest_report(kind, WINETEST_RED, msg, args);
        return 0;
    }
    InterlockedIncrement(&winetest_flaky_failures);
    if (winetest_report_flaky) {
        winetest_report("Test marked flaky: ", WINETEST_DARK_RED, msg, args);
    }
    return 0;
}

int winetest_vok(int condition, const char *msg, va_list args)
{
    if (!winetest_thread()->todo_bits) {
        if (!condition) {
            return winetest_fail(&winetest_failures, "Test failed: ", msg, args);
        }
        InterlockedIncrement(&winetest_successes);
        if (winetest_report_success) {
            winetest_report_f("Test succeeded", WINETEST_GREEN, "");
        }
        return 1;
    }
    if (condition) {
        return winetest_fail(&winetest_todo_failures, "Test succeeded inside todo block: ", msg, args);
    }
    InterlockedIncrement(&winetest_todo_successes);
    if (winetest_debug > 0 && !winetest_mute(&winetest_muted_todos)) {
        winetest_report("Test marked todo: ", WINETEST_YELLOW, msg, args);
    }
    return 1;
}

void winetest_ok(int condition, const char *msg, ...)
{
    va_list args;

    va_start(args, msg);
    winetest_vok(condition, msg, args);
    va_end(args);
}

void winetest_vskip(const char *msg, va_list args)
{
    InterlockedIncrement(&winetest_skipped);
    if (!winetest_mute(&winetest_muted_skips)) {
        winetest_report("Tests skipped: ", WINETEST_BLUE, msg, args);
    }
}

void winetest_skip(const char *msg, ...)
{
    va_list args;

    va_start(args, msg);
    winetest_vskip(msg, args);
    va_end(args);
}

void winetest_win_skip(const char *msg, ...)
{
    va_list args;

    va_start(args, msg);
    if (winetest_platform_is_wine) {
        winetest_vok(0, msg, args);
    } else {
        winetest_vskip(msg, args);
    }
    va_end(args);
}

void winetest_trace(const char *msg, ...)
{
    va_list args;

    if (winetest_debug <= 0 || winetest_mute(&winetest_muted_traces)) {
        return;
    }
    va_start(args, msg);
    winetest_report("", NULL, msg, args);
    va_end(args);
}

void winetest_subtest(const char *name)
{
    if (winetest_debug > 0) {
        winetest_report_f("", NULL, "Subtest %s", name);
    }
}

void winetest_push_context(const char *fmt, ...)
{
    struct winetest_thread *t = winetest_thread();
    va_list args;

    va_start(args, fmt);
    if (t->contexts < WINETEST_CONTEXTS) {
        __mingw_vsnprintf(t->context[t->contexts], sizeof(t->context[0]), fmt, args);
    }
    va_end(args);
    t->contexts++;
}

void winetest_pop_context(void)
{
    struct winetest_thread *t = winetest_thread();

    if (t->contexts) {
        t->contexts--;
    }
}

void winetest_start_todo(int is_todo)
{
    struct winetest_thread *t = winetest_thread();

    t->todo_bits = (t->todo_bits << 1) | (is_todo != 0);
    t->todo_loop = 1;
}

int winetest_loop_todo(void)
{
    struct winetest_thread *t = winetest_thread();
    int again = t->todo_loop;

    t->todo_loop = 0;
    return again;
}

void winetest_end_todo(void)
{
    winetest_thread()->todo_bits >>= 1;
}

void winetest_start_flaky(int is_flaky)
{
    struct winetest_thread *t = winetest_thread();

    t->flaky_bits = (t->flaky_bits << 1) | (is_flaky != 0);
    t->flaky_loop = 1;
}

int winetest_loop_flaky(void)
{
    struct winetest_thread *t = winetest_thread();
    int again = t->flaky_loop;

    t->flaky_loop = 0;
    return again;
}

void winetest_end_flaky(void)
{
    winetest_thread()->flaky_bits >>= 1;
}

int winetest_get_mainargs(char ***pargv)
{
    *pargv = winetest_argv;
    return winetest_argc;
}

LONG winetest_get_failures(void)
{
    return winetest_failures + winetest_todo_failures;
}

void winetest_add_failures(LONG new_failures)
{
    InterlockedExchangeAdd(&winetest_failures, new_failures);
}

void winetest_ignore_exceptions(BOOL ignore)
{
    InterlockedExchange(&winetest_ignoring_exceptions, ignore);
}

#include "wine/test_main.h"

#endif
