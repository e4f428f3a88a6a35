/*
 * ktest.c: the driver's side of the test dialect.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdarg.h>
#include <stdio.h>

#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#define DEADLINE_MS 30000
#define TODO_MS     200 /* where the wait is expected to fail */

typedef void(NTAPI *misuse_query)(struct wqnt_misuse *misuse);

struct ktest_result *ktest_current;
void ktest_run(const struct ktest *tests, struct ktest_result *result);

static volatile LONG text_lock;
static const char *test_name = "";
static BOOLEAN todo; /* the test is expected to fail */

/* Appends a line; what does not fit is lost, but counted. */
static void append(const char *file, int line, const char *kind, const char *format, va_list args)
{
    struct ktest_result *result = ktest_current;
    char text[400];
    int length;

    for (const char *p = file; *p; p++)
        if (*p == '/' || *p == '\\')
            file = p + 1;
    length = _snprintf(text, sizeof(text), "%s:%d: %s%s: ", file, line, kind, test_name);
    if (length < 0 || length >= (int)sizeof(text))
        return;
    _vsnprintf(text + length, sizeof(text) - (size_t)length, format, args);
    text[sizeof(text) - 2] = 0;
    while (InterlockedExchange(&text_lock, 1))
        YieldProcessor();
    for (const char *p = text; *p && *p != '\n' && result->length < KTEST_TEXT - 2; p++)
        result->text[result->length++] = *p;
    result->text[result->length++] = '\n';
    result->text[result->length] = 0;
    InterlockedExchange(&text_lock, 0);
}

BOOLEAN ktest_check(BOOLEAN condition, const char *file, int line, const char *format, ...)
{
    va_list args;

    InterlockedIncrement((volatile LONG *)&ktest_current->checks);
    if (condition)
        return TRUE;
    InterlockedIncrement((volatile LONG *)(todo ? &ktest_current->todos : &ktest_current->failures));
    va_start(args, format);
    append(file, line, todo ? "todo: " : "", format, args);
    va_end(args);
    return FALSE;
}

static void ktest_skip(const char *format, ...)
{
    va_list args;

    ktest_current->skipped++;
    va_start(args, format);
    append("driver", 0, "skipped: ", format, args);
    va_end(args);
}

void ktest_begin(struct ktest_result *result, const char *test)
{
    ktest_current = result;
    test_name = test;
}

void ktest_run(const struct ktest *tests, struct ktest_result *result)
{
    ktest_current = result;
    for (; tests->name; tests++) {
        test_name = tests->name;
        todo = !ktest_ours && tests->builtin == BUILTIN_TODO;
        if (!ktest_ours && tests->builtin == BUILTIN_ENDS)
            ktest_skip("Wine's builtin lacks a function, calling it would end the process");
        else if (tests->pool == POOL_SINGLE && !ktest_single)
            ktest_skip("it needs a pool of one worker");
        else if (tests->pool == POOL_SEVERAL && ktest_single)
            ktest_skip("it needs more than one worker");
        else
            tests->run();
    }
    test_name = "";
    todo = FALSE;
}

BOOLEAN ktest_level(KIRQL expected, const char *file, int line)
{
    KIRQL level = ktest_ours ? KeGetCurrentIrql() : expected;

    return ktest_check(level == expected, file, line, "at level %u instead of %u", level, expected);
}

static LONG deadline(void)
{
    return todo ? TODO_MS : DEADLINE_MS;
}

BOOLEAN ktest_wait(PKEVENT event, const char *what)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * deadline()};

    return kok(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &timeout) == STATUS_SUCCESS,
               "deadline passed: %s", what);
}

BOOLEAN ktest_wait_value(volatile LONG *value, LONG expected, const char *what)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};
    LONG seen = *value;

    for (int i = 0; i < deadline() && seen != expected; i++) {
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
        seen = *value;
    }
    return kok(seen == expected, "deadline passed: %s: %ld of %ld", what, seen, expected);
}

BOOLEAN ktest_thread(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE thread;
    NTSTATUS status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context);

    if (!status)
        ZwClose(thread);
    return kok(!status, "PsCreateSystemThread returned %lx", status);
}

struct race {
    PKSTART_ROUTINE routine;
    PVOID context;
    volatile LONG left;
    KEVENT done;
};

static void NTAPI race_thread(PVOID context)
{
    struct race *race = context;

    race->routine(race->context);
    if (!InterlockedDecrement(&race->left))
        KeSetEvent(&race->done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void ktest_race(LONG threads, PKSTART_ROUTINE routine, PVOID context)
{
    static struct race race; /* a thread that is late may still use it */

    race.routine = routine;
    race.context = context;
    race.left = threads;
    KeInitializeEvent(&race.done, NotificationEvent, FALSE);
    for (LONG i = 0; i < threads; i++)
        ktest_thread(race_thread, &race);
    ktest_wait(&race.done, "the threads");
}

void ktest_gate_init(struct ktest_gate *gate)
{
    gate->count = 0;
    KeInitializeEvent(&gate->open, NotificationEvent, FALSE);
    KeInitializeEvent(&gate->entered, NotificationEvent, FALSE);
}

void ktest_gate_pass(struct ktest_gate *gate)
{
    InterlockedIncrement(&gate->count);
    KeSetEvent(&gate->entered, 0, FALSE);
    ktest_wait(&gate->open, "a gate to open");
}

/* ---- keeping items queued ---- */

static WORK_QUEUE_ITEM block_item;
static KEVENT block_left;

static void NTAPI block_routine(PVOID context)
{
    ktest_gate_pass(context);
    KeSetEvent(&block_left, 0, FALSE);
}

BOOLEAN ktest_block(struct ktest_gate *gate)
{
    ktest_gate_init(gate);
    KeInitializeEvent(&block_left, NotificationEvent, FALSE);
    ExInitializeWorkItem(&block_item, block_routine, gate);
    ExQueueWorkItem(&block_item, CustomPriorityWorkQueue + 31);
    return ktest_wait(&gate->entered, "the worker to be blocked");
}

void ktest_unblock(struct ktest_gate *gate)
{
    KeSetEvent(&gate->open, 0, FALSE);
    ktest_wait(&block_left, "the worker to go on");
}

/* ---- misuse ---- */

static void misuse_read(struct wqnt_misuse *misuse)
{
    UNICODE_STRING name = TEXT_STRING(L"WqNtMisuseQuery");
    misuse_query query = (misuse_query)MmGetSystemRoutineAddress(&name);

    RtlZeroMemory(misuse, sizeof(*misuse));
    if (query)
        query(misuse);
}

ULONG ktest_misuses(void)
{
    struct wqnt_misuse misuse;

    misuse_read(&misuse);
    return misuse.count;
}

BOOLEAN ktest_misused(ULONG before, ULONG code, ULONG_PTR parameter, const char *what)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};
    struct wqnt_misuse misuse;

    misuse_read(&misuse);
    for (int i = 0; i < DEADLINE_MS && misuse.count == before; i++) {
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
        misuse_read(&misuse);
    }
    return kok(misuse.count == before + 1 && misuse.code == code && misuse.parameters[0] == parameter,
               "%s: %lu reports, the last %lx (%Ix, %Ix, %Ix, %Ix) at %s+%Ix", what, misuse.count - before,
               misuse.code, misuse.parameters[0], misuse.parameters[1], misuse.parameters[2],
               misuse.parameters[3], misuse.module, misuse.offset);
}
