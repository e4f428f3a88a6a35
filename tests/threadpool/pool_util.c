/*
 * pool_util.c: what pool.h promises.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

#include <setjmp.h>

BOOL(WINAPI *set_timer_ex)(PTP_TIMER, PFILETIME, DWORD, DWORD);
BOOL(WINAPI *set_wait_ex)(PTP_WAIT, HANDLE, PFILETIME, PVOID);

void pool_functions(void)
{
    HMODULE kernel32 = GetModuleHandleA("kernel32.dll");

    set_timer_ex = (void *)(ULONG_PTR)GetProcAddress(kernel32, "SetThreadpoolTimerEx");
    set_wait_ex = (void *)(ULONG_PTR)GetProcAddress(kernel32, "SetThreadpoolWaitEx");
}

FILETIME *due_in(FILETIME *time, LONG ms)
{
    LONGLONG units = -(LONGLONG)ms * 10000;

    time->dwLowDateTime = (DWORD)units;
    time->dwHighDateTime = (DWORD)((ULONGLONG)units >> 32);
    return time;
}

PTP_WORK work_make(PTP_WORK_CALLBACK callback, void *context, PTP_CALLBACK_ENVIRON env)
{
    PTP_WORK work = CreateThreadpoolWork(callback, context, env);

    ok(work != NULL, "error %lu\n", GetLastError());
    return work;
}

PTP_POOL pool_make(TP_CALLBACK_ENVIRON *env, DWORD minimum, DWORD maximum)
{
    PTP_POOL pool = CreateThreadpool(NULL);

    ok(pool != NULL, "error %lu\n", GetLastError());
    SetThreadpoolThreadMaximum(pool, maximum);
    if (minimum)
        succeeds(SetThreadpoolThreadMinimum(pool, minimum));
    memset(env, 0, sizeof(*env));
    env->Version = 3;
    env->CallbackPriority = TP_CALLBACK_PRIORITY_NORMAL;
    env->Size = sizeof(*env);
    env->Pool = pool;
    return pool;
}

static void CALLBACK block(PTP_CALLBACK_INSTANCE instance, void *context)
{
    struct blocker *blocker = context;
    HANDLE release = blocker->release;

    (void)instance;
    SetEvent(blocker->begun);
    WaitForSingleObject(release, QUWI_DEADLINE);
    SetEvent(blocker->begun);
}

void blocker_start(struct blocker *blocker, PTP_CALLBACK_ENVIRON env)
{
    blocker->begun = CreateEventA(NULL, FALSE, FALSE, NULL);
    blocker->release = CreateEventA(NULL, TRUE, FALSE, NULL);
    succeeds(TrySubmitThreadpoolCallback(block, blocker, env));
    handle_wait(blocker->begun, "blocker");
}

void blocker_release(struct blocker *blocker)
{
    SetEvent(blocker->release);
    handle_wait(blocker->begun, "end of blocker");
    CloseHandle(blocker->begun);
    CloseHandle(blocker->release);
}

/* ---- exceptions: caught by a vectored handler that sends the raising thread elsewhere ---- */

static __thread jmp_buf landing;
static __thread BOOL catching;
static __thread DWORD caught;
static __thread ULONG_PTR caught_information;

static LONG CALLBACK catch_exception(EXCEPTION_POINTERS *pointers)
{
    EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    if (!catching)
        return EXCEPTION_CONTINUE_SEARCH;
    catching = FALSE;
    caught = record->ExceptionCode;
    caught_information = record->NumberParameters ? record->ExceptionInformation[0] : 0;
    longjmp(landing, 1);
}

DWORD raises(void (*call)(void *param), void *param, ULONG_PTR *information)
{
    void *handler = AddVectoredExceptionHandler(TRUE, catch_exception);

    caught = 0;
    caught_information = 0;
    if (!setjmp(landing)) {
        catching = TRUE;
        call(param);
    }
    catching = FALSE;
    RemoveVectoredExceptionHandler(handler);
    if (information)
        *information = caught_information;
    return caught;
}

uint32_t pool_blocks(void)
{
    struct wq_counters counters;

    return quwi_counters(&counters) ? counters.blocks : 0;
}

void blocks_return_(int line, uint32_t before)
{
    ULONGLONG end = GetTickCount64() + QUWI_DEADLINE;
    uint32_t now;

    if (!quwi_ours())
        return;
    while ((now = pool_blocks()) > before && GetTickCount64() < end)
        Sleep(1); /* the last worker gives the object back a moment after its callback */
    ok_(__FILE__, line)(now <= before, "%u blocks are left\n", now - before);
}
