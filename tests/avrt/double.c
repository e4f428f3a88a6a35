/*
 * double.c: a test double of avrt.dll that works as Windows' does: it knows its tasks, numbers them, refuses unknown
 * ones, and keeps track of what was set on which thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "double.h"

#define TASK_NAME  1550 /* ERROR_INVALID_TASK_NAME */
#define TASK_INDEX 1551 /* ERROR_INVALID_TASK_INDEX */
#define TASKS      64

struct thread {
    DWORD owner;
    WCHAR task[32];
    DWORD index;
    LONG priority;
};

HANDLE WINAPI AvSetMmThreadCharacteristicsW(const WCHAR *task, DWORD *index);
BOOL WINAPI AvSetMmThreadPriority(HANDLE handle, LONG priority);
BOOL WINAPI AvRevertMmThreadCharacteristics(HANDLE handle);

static CRITICAL_SECTION lock;
static struct double_counters seen;
static DWORD first_task = 1, last_task;
static BOOL refusing;
static DWORD slot; /* TLS: the thread's struct thread */

static BOOL known(const WCHAR *task)
{
    static const WCHAR *const names[] = {L"Audio", L"Games", L"Pro Audio"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!lstrcmpiW(task, names[i]))
            return TRUE;
    return FALSE;
}

/* Under the lock. Returns an error. */
static DWORD set(struct thread *thread, const WCHAR *task, DWORD *index)
{
    if (refusing || !known(task))
        return TASK_NAME;
    if (*index && (*index < first_task || *index > last_task))
        return TASK_INDEX;
    if (!*index) {
        *index = ++last_task;
        seen.tasks++;
    }
    seen.nested += TlsGetValue(slot) != NULL;
    lstrcpynW(thread->task, task, 32);
    thread->owner = GetCurrentThreadId();
    thread->index = *index;
    thread->priority = 0;
    return 0;
}

HANDLE WINAPI AvSetMmThreadCharacteristicsW(const WCHAR *task, DWORD *index)
{
    struct thread *thread = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*thread));
    DWORD error;

    EnterCriticalSection(&lock);
    error = set(thread, task, index);
    if (error)
        seen.refused++;
    else
        seen.sets++;
    LeaveCriticalSection(&lock);
    if (error) {
        HeapFree(GetProcessHeap(), 0, thread);
        SetLastError(error);
        return NULL;
    }
    TlsSetValue(slot, thread);
    return thread;
}

static BOOL mine(const struct thread *thread)
{
    return thread && thread == TlsGetValue(slot) && thread->owner == GetCurrentThreadId();
}

BOOL WINAPI AvSetMmThreadPriority(HANDLE handle, LONG priority)
{
    struct thread *thread = handle;

    if (!mine(thread)) {
        InterlockedIncrement(&seen.wrong);
        return FALSE;
    }
    thread->priority = priority;
    InterlockedIncrement(&seen.priorities);
    return TRUE;
}

BOOL WINAPI AvRevertMmThreadCharacteristics(HANDLE handle)
{
    if (!mine(handle)) {
        InterlockedIncrement(&seen.wrong);
        return FALSE;
    }
    TlsSetValue(slot, NULL);
    HeapFree(GetProcessHeap(), 0, handle);
    InterlockedIncrement(&seen.reverts);
    return TRUE;
}

void WINAPI DoubleRead(struct double_counters *counters)
{
    EnterCriticalSection(&lock);
    *counters = seen;
    LeaveCriticalSection(&lock);
}

BOOL WINAPI DoubleThread(WCHAR *task, DWORD *index, LONG *priority)
{
    struct thread *thread = TlsGetValue(slot);

    if (!thread)
        return FALSE;
    lstrcpyW(task, thread->task);
    *index = thread->index;
    *priority = thread->priority;
    return TRUE;
}

void WINAPI DoubleForget(void)
{
    EnterCriticalSection(&lock);
    first_task = last_task + 1;
    LeaveCriticalSection(&lock);
}

void WINAPI DoubleRefuse(BOOL refuse)
{
    refusing = refuse;
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)module;
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        InitializeCriticalSection(&lock);
        slot = TlsAlloc();
    }
    return TRUE;
}
