/*
 * boost.c: the thread priority of a scheduling class, for as long as a callback runs.
 *
 * Workers are shared by all queues, so each callback of a class gets its priority and leaves without it. Threads of
 * queues with a window do the same, because such a queue's class may change.
 * avrt.dll does this on Windows. Wine's accepts any task name and does nothing, which is how it is told from
 * one that works; then the priority is set directly, as far as the process may.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "class.h"

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
    return !NtSetInformationThread(RTWQ_THIS_THREAD, THREAD_BASE_PRIORITY, &priority, sizeof(priority));
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

/* As wq_at_return, also on the thread of a queue with a window. */
static bool at_return(struct rtwq_queue *queue, wq_routine cleanup, void *param)
{
    if (!queue->window)
        return wq_at_return(cleanup, param);
    rtwq_window_at_return(queue->window, cleanup, param);
    return true;
}

/* Makes the thread one of the queue's task. Its first thread makes the task; avrt may have forgotten it when no
 * thread was in it. */
static HANDLE enter_task(struct rtwq_queue *queue, const struct rtwq_class *class)
{
    DWORD known = (DWORD)InterlockedCompareExchange(&queue->avrt_index, 0, 0), index = known;
    HANDLE handle = avrt_set(class->name, &index);

    if (!handle && known) {
        index = 0;
        handle = avrt_set(class->name, &index);
    }
    if (handle && index != known)
        InterlockedExchange(&queue->avrt_index, (LONG)index);
    return handle;
}

/* Lets avrt do it. Returns false if it doesn't work or refuses. */
static bool boost_avrt(struct rtwq_queue *queue, const struct rtwq_class *class, LONG priority)
{
    HANDLE handle = avrt_set ? enter_task(queue, class) : NULL;

    if (!handle)
        return false;
    avrt_priority(handle, priority);
    if (at_return(queue, restore_avrt, handle))
        return true;
    avrt_revert(handle);
    return false;
}

/* Between time-critical and idle only five steps can be set. */
static bool boost_directly(struct rtwq_queue *queue, const struct rtwq_class *class, LONG priority)
{
    LONG wanted = class->thread_priority;

    if (wanted <= HIGHEST) {
        wanted += priority;
        wanted = wanted > HIGHEST ? HIGHEST : wanted < LOWEST ? LOWEST : wanted;
    }
    return at_return(queue, restore_priority, NULL) && set_priority(wanted);
}

void rtwq_boost(struct rtwq_queue *queue, const struct rtwq_class *class)
{
    LONG priority = __atomic_load_n(&queue->priority, __ATOMIC_RELAXED);
    bool done;

    if (!InterlockedCompareExchange(&looked_up, 0, 0))
        look_up();
    done = boost_avrt(queue, class, priority) || boost_directly(queue, class, priority);
    InterlockedIncrement64((LONG64 *)(done ? &rtwq_counters.boosts : &rtwq_counters.boosts_refused));
}
