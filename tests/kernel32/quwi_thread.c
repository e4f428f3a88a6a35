/*
 * quwi_thread.c: what a callback changes of its thread is not there for the next one: priority, boost, affinity, error mode,
 * locale.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

#include <winnls.h>

#define TRIES 300 /* callbacks until one runs where another one was */

#define OTHER_LOCALE MAKELCID(MAKELANGID(LANG_ICELANDIC, SUBLANG_DEFAULT), SORT_DEFAULT)

struct state {
    int priority;
    BOOL no_boost;
    DWORD_PTR affinity;
    DWORD error_mode;
    LCID locale;
};

static struct tally done;
static DWORD_PTR all_processors;
static DWORD spoiled; /* the thread */
static struct state seen;
static DWORD looked_on;

static struct state state_now(void)
{
    struct state state = {0};
    GROUP_AFFINITY affinity = {0};

    state.priority = GetThreadPriority(GetCurrentThread());
    succeeds(GetThreadPriorityBoost(GetCurrentThread(), &state.no_boost));
    succeeds(GetThreadGroupAffinity(GetCurrentThread(), &affinity));
    state.affinity = affinity.Mask;
    state.error_mode = GetThreadErrorMode();
    state.locale = GetThreadLocale();
    return state;
}

static void spoil(HANDLE thread)
{
    DWORD_PTR first = all_processors & (0 - all_processors), before;

    spoiled = GetCurrentThreadId();
    succeeds(SetThreadPriority(thread, THREAD_PRIORITY_HIGHEST));
    succeeds(SetThreadPriorityBoost(thread, TRUE));
    before = SetThreadAffinityMask(thread, first);
    todo_wine_if(quwi_builtin() && before != all_processors) /* an earlier callback's */
        ok(before == all_processors, "affinity %#Ix, the process has %#Ix\n", before, all_processors);
    succeeds(SetThreadErrorMode(SEM_FAILCRITICALERRORS, NULL));
    succeeds(SetThreadLocale(OTHER_LOCALE));
    seen = state_now();
    ok(seen.priority == THREAD_PRIORITY_HIGHEST && seen.affinity == first &&
           seen.error_mode == SEM_FAILCRITICALERRORS && seen.locale == OTHER_LOCALE,
       "priority %d, affinity %#Ix, error mode %lu, locale %#lx\n", seen.priority, seen.affinity,
       seen.error_mode, seen.locale);
}

static DWORD WINAPI spoil_self(void *context)
{
    (void)context;
    spoil(GetCurrentThread());
    tally_add(&done, 1);
    return 0;
}

static DWORD WINAPI spoil_by_handle(void *context)
{
    HANDLE thread = quwi_this_thread();

    (void)context;
    spoil(thread);
    CloseHandle(thread);
    tally_add(&done, 1);
    return 0;
}

static DWORD WINAPI spoil_group(void *context)
{
    GROUP_AFFINITY affinity = {.Mask = all_processors & (0 - all_processors)};

    (void)context;
    spoiled = GetCurrentThreadId();
    succeeds(SetThreadGroupAffinity(GetCurrentThread(), &affinity, NULL));
    tally_add(&done, 1);
    return 0;
}

static DWORD WINAPI look(void *context)
{
    (void)context;
    seen = state_now();
    looked_on = GetCurrentThreadId();
    tally_add(&done, 1);
    return 0;
}

static void run(LPTHREAD_START_ROUTINE function, ULONG flags)
{
    tally_init(&done, 1);
    queue(function, NULL, flags);
    tally_wait(&done, "callback");
}

static void check_clean(void)
{
    BOOL clean = seen.priority == THREAD_PRIORITY_NORMAL && !seen.no_boost &&
                 seen.affinity == all_processors && !seen.error_mode && seen.locale == GetThreadLocale();

    todo_wine_if(quwi_builtin() && !clean)
        ok(clean, "priority %d, no boost %d, affinity %#Ix, error mode %lu, locale %#lx\n", seen.priority,
           seen.no_boost, seen.affinity, seen.error_mode, seen.locale);
}

/* Callbacks until one runs on the thread that was spoiled. */
static void test_restored(LPTHREAD_START_ROUTINE function, ULONG flags)
{
    unsigned tries = 0;

    run(function, flags);
    do {
        run(look, flags);
        check_clean();
    } while (looked_on != spoiled && ++tries < TRIES);
    ok(looked_on == spoiled, "flags %#lx: no callback came to that thread\n", flags);
}

/* Threads that are not the pool's keep what they have set. */
static void test_own_thread(void)
{
    succeeds(SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_ABOVE_NORMAL));
    run(look, 0);
    check_clean();
    ok(GetThreadPriority(GetCurrentThread()) == THREAD_PRIORITY_ABOVE_NORMAL, "the priority was put back\n");
    succeeds(SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_NORMAL));
}

static void test_errors(void)
{
    SetLastError(0xdeadbeef);
    ok(!SetThreadAffinityMask(GetCurrentThread(), 0) && GetLastError() == ERROR_INVALID_PARAMETER,
       "error %lu\n", GetLastError());
    SetLastError(0xdeadbeef);
    ok(!SetThreadAffinityMask((HANDLE)0xdead0, 1) && GetLastError() == ERROR_INVALID_HANDLE, "error %lu\n",
       GetLastError());
    SetLastError(0xdeadbeef);
    ok(!SetThreadPriority((HANDLE)0xdead0, 0) && GetLastError() == ERROR_INVALID_HANDLE, "error %lu\n",
       GetLastError());
}

START_TEST(quwi_thread)
{
    static const LPTHREAD_START_ROUTINE spoilers[] = {spoil_self, spoil_by_handle, spoil_group};
    DWORD_PTR system;

    succeeds(GetProcessAffinityMask(GetCurrentProcess(), &all_processors, &system));
    for (unsigned i = 0; i < ARRAY_SIZE(spoilers); i++) {
        test_restored(spoilers[i], WT_EXECUTEDEFAULT);
        test_restored(spoilers[i], WT_EXECUTEINPERSISTENTTHREAD);
        test_restored(spoilers[i], WT_EXECUTEINIOTHREAD);
    }
    test_own_thread();
    test_errors();
}
