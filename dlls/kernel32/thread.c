/*
 * thread.c: what a callback changes of its thread is put right when it returns.
 *
 * Threads of the pool serve one callback after the other, so a priority or an affinity that one sets would be that of
 * callbacks that know nothing of it. As with tokens (token.c) the functions that set them are served from here as well:
 * on a thread of the pool they note that there is something to put right. The modern pool of Windows raises exceptions
 * in such cases; the legacy one's users were never told, so it is done silently.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

/* THREADINFOCLASS, PROCESSINFOCLASS */
#define THREAD_BASIC          0
#define THREAD_BASE_PRIORITY  3
#define THREAD_AFFINITY       4
#define THREAD_PRIORITY_BOOST 14 /* its data: TRUE = none */
#define PROCESS_BASIC         0

struct thread_basic {
    NTSTATUS status;
    void *teb;
    CLIENT_ID client;
    ULONG_PTR affinity;
    LONG priority;
    LONG base_priority;
};

struct process_basic {
    NTSTATUS status;
    void *peb;
    ULONG_PTR affinity;
    LONG base_priority;
    ULONG_PTR id;
    ULONG_PTR parent;
};

/* NULL if the handle is none of a thread, or may not be asked. */
static HANDLE thread_id(HANDLE thread)
{
    struct thread_basic basic;

    if (NtQueryInformationThread(thread, THREAD_BASIC, &basic, sizeof(basic), NULL))
        return NULL;
    return basic.client.UniqueThread;
}

/* Asks the server, so last. */
static bool is_this_thread(HANDLE thread)
{
    return thread == K32_THIS_THREAD || thread_id(thread) == thread_id(K32_THIS_THREAD);
}

void k32_at_return(HANDLE thread, wq_routine cleanup)
{
    if (wq_thread_slot() && is_this_thread(thread))
        wq_at_return(cleanup, NULL);
}

static void affinity_restore(void)
{
    struct process_basic process;

    if (!NtQueryInformationProcess(K32_THIS_PROCESS, PROCESS_BASIC, &process, sizeof(process), NULL))
        NtSetInformationThread(K32_THIS_THREAD, THREAD_AFFINITY, &process.affinity, sizeof(process.affinity));
}

/* Everything at once: callbacks that change anything are rare, and the core keeps only few cleanups. */
static void WQ_CALL thread_restore(void *param)
{
    const LONG normal = 0;
    const ULONG no_boost = FALSE;
    __typeof__(&SetThreadLocale) set_locale = (__typeof__(&SetThreadLocale))K32_BASE(SetThreadLocale);
    DWORD error = RtlGetLastWin32Error();

    (void)param;
    NtSetInformationThread(K32_THIS_THREAD, THREAD_BASE_PRIORITY, &normal, sizeof(normal));
    NtSetInformationThread(K32_THIS_THREAD, THREAD_PRIORITY_BOOST, &no_boost, sizeof(no_boost));
    affinity_restore();
    RtlSetThreadErrorMode(0, NULL);
    if (set_locale)
        set_locale(LOCALE_USER_DEFAULT);
    RtlSetLastWin32Error(error);
}

/* Called when something of a thread was changed. */
static BOOL changed(HANDLE thread, BOOL ok)
{
    if (ok)
        k32_at_return(thread, thread_restore);
    return ok;
}

/* All of these behave as documented for kernel32; additionally they note what was changed. They may be called from any
 * thread. What one thread changes of another one is not noted. */

BOOL WINAPI SetThreadPriority(HANDLE thread, int priority)
{
    __typeof__(&SetThreadPriority) base = K32_BASE_OR_FAIL(SetThreadPriority);

    return base && changed(thread, base(thread, priority));
}

BOOL WINAPI SetThreadPriorityBoost(HANDLE thread, BOOL disable)
{
    __typeof__(&SetThreadPriorityBoost) base = K32_BASE_OR_FAIL(SetThreadPriorityBoost);

    return base && changed(thread, base(thread, disable));
}

BOOL WINAPI SetThreadGroupAffinity(HANDLE thread, const GROUP_AFFINITY *affinity, GROUP_AFFINITY *before)
{
    __typeof__(&SetThreadGroupAffinity) base = K32_BASE_OR_FAIL(SetThreadGroupAffinity);

    return base && changed(thread, base(thread, affinity, before));
}

BOOL WINAPI SetThreadErrorMode(DWORD mode, DWORD *before)
{
    __typeof__(&SetThreadErrorMode) base = K32_BASE_OR_FAIL(SetThreadErrorMode);

    return base && changed(K32_THIS_THREAD, base(mode, before));
}

BOOL WINAPI SetThreadLocale(LCID locale)
{
    __typeof__(&SetThreadLocale) base = K32_BASE_OR_FAIL(SetThreadLocale);

    return base && changed(K32_THIS_THREAD, base(locale));
}

/* The builtin kernelbase does not have it. */
DWORD_PTR WINAPI SetThreadAffinityMask(HANDLE thread, DWORD_PTR mask)
{
    struct thread_basic before;
    NTSTATUS status = NtQueryInformationThread(thread, THREAD_BASIC, &before, sizeof(before), NULL);

    if (!status)
        status = NtSetInformationThread(thread, THREAD_AFFINITY, &mask, sizeof(mask));
    if (status)
        return (DWORD_PTR)k32_fail(RtlNtStatusToDosError(status));
    changed(thread, TRUE);
    return before.affinity;
}
