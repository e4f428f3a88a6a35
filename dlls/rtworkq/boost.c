/*
 * boost.c: the thread priority of a scheduling class, for as long as a callback runs.
 *
 * Workers are shared by all queues, so each callback of a class gets its priority and leaves without it.
 * avrt.dll does this on Windows. Wine's accepts any task name and does nothing, which is how it is told from
 * one that works; then the priority is set directly, as far as the process may.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define THIS_THREAD          ((HANDLE)(LONG_PTR)-2)
#define THREAD_BASE_PRIORITY 3 /* THREADINFOCLASS */
#define LOWEST               (-2)
#define HIGHEST              2

static HANDLE(WINAPI *avrt_set)(const WCHAR *task, DWORD *index); /* C once looked up; NULL = does not work */
static BOOL(WINAPI *avrt_priority)(HANDLE handle, int priority);  /* likewise */
static BOOL(WINAPI *avrt_revert)(HANDLE handle);                  /* likewise */
static LONG looked_up;                                            /* atomic */

static void look_up(void)
{
    HANDLE(WINAPI * set)(const WCHAR *, DWORD *);
    HANDLE handle;
    DWORD index = 0;

    set = rtwq_os_function(L"avrt.dll", "AvSetMmThreadCharacteristicsW");
    avrt_priority = rtwq_os_function(L"avrt.dll", "AvSetMmThreadPriority");
    avrt_revert = rtwq_os_function(L"avrt.dll", "AvRevertMmThreadCharacteristics");
    if (set && avrt_priority && avrt_revert) {
        handle = set(L"wqshim: no such task", &index);
        if (handle)
            avrt_revert(handle);
        else
            avrt_set = set;
    }
    InterlockedExchange(&looked_up, 1);
}

static bool set_priority(LONG priority)
{
    return !NtSetInformationThread(THIS_THREAD, THREAD_BASE_PRIORITY, &priority, sizeof(priority));
}

static void WQ_CALL restore_priority(void *param)
{
    (void)param;
    set_priority(0);
}

static void WQ_CALL restore_avrt(void *param)
{
    avrt_revert(param);
}

/* Lets avrt do it. Returns false if it doesn't work or refuses. */
static bool boost_avrt(const struct rtwq_class *class, LONG priority)
{
    DWORD index = 0;
    HANDLE handle = avrt_set ? avrt_set(class->name, &index) : NULL;

    if (!handle)
        return false;
    avrt_priority(handle, priority);
    if (wq_at_return(restore_avrt, handle))
        return true;
    avrt_revert(handle);
    return false;
}

/* Between time-critical and idle only five steps can be set. */
static bool boost_directly(const struct rtwq_class *class, LONG priority)
{
    LONG wanted = class->thread_priority;

    if (wanted <= HIGHEST) {
        wanted += priority;
        wanted = wanted > HIGHEST ? HIGHEST : wanted < LOWEST ? LOWEST : wanted;
    }
    return wq_at_return(restore_priority, NULL) && set_priority(wanted);
}

void rtwq_boost(const struct rtwq_class *class, LONG priority)
{
    bool done;

    if (!InterlockedCompareExchange(&looked_up, 0, 0))
        look_up();
    done = boost_avrt(class, priority) || boost_directly(class, priority);
    InterlockedIncrement64((LONG64 *)(done ? &rtwq_counters.boosts : &rtwq_counters.boosts_refused));
}
