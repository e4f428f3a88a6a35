/*
 * quwi_thread.c: what a callback changes of its thread is not there for the next one: priority, boost, affinity, error mode,
 * locale. A COM apartment is, and a thread that a callback ends is gone.
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

/* ---- what is not put right: a COM apartment ---- */

#define STA 2 /* COINIT_APARTMENTTHREADED */

static HRESULT(WINAPI *co_initialize)(void *reserved, DWORD model);
static void(WINAPI *co_uninitialize)(void);
static BOOL in_apartment;

static DWORD WINAPI enter_apartment(void *context)
{
    HRESULT hr = co_initialize(NULL, STA);

    (void)context;
    spoiled = GetCurrentThreadId();
    ok(hr == S_OK, "not entered: %#lx\n", hr);
    tally_add(&done, 1);
    return 0;
}

/* S_FALSE: the thread is in one already. */
static DWORD WINAPI look_at_apartment(void *context)
{
    HRESULT hr = co_initialize(NULL, STA);

    (void)context;
    looked_on = GetCurrentThreadId();
    in_apartment = hr == S_FALSE;
    co_uninitialize();
    tally_add(&done, 1);
    return 0;
}

static DWORD WINAPI leave_apartment(void *context)
{
    (void)context;
    looked_on = GetCurrentThreadId();
    if (looked_on == spoiled)
        co_uninitialize();
    tally_add(&done, 1);
    return 0;
}

/* A callback that enters an apartment must leave it: later ones on the thread are in it. */
static void test_apartment(ULONG flags)
{
    unsigned tries = 0;

    run(enter_apartment, flags);
    do {
        run(look_at_apartment, flags);
        ok(in_apartment == (looked_on == spoiled), "flags %#lx: in an apartment: %d\n", flags, in_apartment);
    } while (looked_on != spoiled && ++tries < TRIES);
    ok(looked_on == spoiled, "flags %#lx: no callback came to that thread\n", flags);
    tries = 0;
    do
        run(leave_apartment, flags);
    while (looked_on != spoiled && ++tries < TRIES);
}

static void test_apartments(void)
{
    HMODULE com = LoadLibraryA("combase.dll");

    co_initialize = (void *)GetProcAddress(com, "CoInitializeEx");
    co_uninitialize = (void *)GetProcAddress(com, "CoUninitialize");
    test_apartment(WT_EXECUTEDEFAULT);
    test_apartment(WT_EXECUTEINPERSISTENTTHREAD);
    test_apartment(WT_EXECUTEINIOTHREAD);
}

static DWORD WINAPI end_thread(void *context)
{
    (void)context;
    tally_add(&done, 1);
    ExitThread(0);
}

/* Forbidden, and the thread's place in the pool is lost; but others run what is queued then. */
static void test_ended_threads(void)
{
    tally_init(&done, 20);
    for (unsigned i = 0; i < 20; i++)
        queue(end_thread, NULL, WT_EXECUTEDEFAULT);
    tally_wait(&done, "callbacks that end their threads");
    tally_init(&done, 20);
    for (unsigned i = 0; i < 20; i++)
        queue(look, NULL, WT_EXECUTEDEFAULT);
    tally_wait(&done, "callbacks after them");
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
    test_apartments();
    test_ended_threads();
}
