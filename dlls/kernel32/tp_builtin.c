/*
 * tp_builtin.c: calls that the builtin's own pool serves, because an environment names a pool or group of ntdll's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

BOOL tp_builtin_ok(NTSTATUS status)
{
    return status >= 0 || k32_fail(RtlNtStatusToDosError(status));
}

TP_WORK *tp_builtin_work(PTP_WORK_CALLBACK callback, void *context, TP_CALLBACK_ENVIRON *environment)
{
    TP_WORK *work = NULL;

    return tp_builtin_ok(TpAllocWork(&work, callback, context, environment)) ? work : NULL;
}

TP_TIMER *tp_builtin_timer(PTP_TIMER_CALLBACK callback, void *context, TP_CALLBACK_ENVIRON *environment)
{
    TP_TIMER *timer = NULL;

    return tp_builtin_ok(TpAllocTimer(&timer, callback, context, environment)) ? timer : NULL;
}

TP_WAIT *tp_builtin_wait(PTP_WAIT_CALLBACK callback, void *context, TP_CALLBACK_ENVIRON *environment)
{
    TP_WAIT *wait = NULL;

    return tp_builtin_ok(TpAllocWait(&wait, callback, context, environment)) ? wait : NULL;
}

TP_IO *tp_builtin_io(HANDLE file, PTP_WIN32_IO_CALLBACK callback, void *context,
                     TP_CALLBACK_ENVIRON *environment)
{
    /* ntdll's callback has other arguments, kernelbase's function converts them. */
    __typeof__(&CreateThreadpoolIo) base = K32_BASE(CreateThreadpoolIo);

    if (base)
        return base(file, callback, context, environment);
    k32_fail(ERROR_CALL_NOT_IMPLEMENTED);
    return NULL;
}

/* ntdll's function of that name, which older Wines lack. */
static void *ntdll_function(const char *name, USHORT length)
{
    static const WCHAR ntdll_name[] = L"ntdll.dll";
    UNICODE_STRING module_name = {sizeof(ntdll_name) - sizeof(WCHAR), sizeof(ntdll_name),
                                  (WCHAR *)ntdll_name};
    ANSI_STRING function_name = {length, length, (char *)name};
    HMODULE module;
    void *function;

    if (LdrGetDllHandle(NULL, NULL, &module_name, &module) ||
        LdrGetProcedureAddress(module, &function_name, 0, &function))
        return NULL;
    return function;
}

#define NTDLL(name) ntdll_function(#name, sizeof(#name) - 1)

/* Without the function that tells, the setting is made and FALSE returned. */
BOOL tp_builtin_set_timer(TP_TIMER *timer, FILETIME *due, DWORD period, DWORD window)
{
    BOOL(NTAPI * set)
    (TP_TIMER *, FILETIME *, DWORD, DWORD) =
        (BOOL(NTAPI *)(TP_TIMER *, FILETIME *, DWORD, DWORD))NTDLL(TpSetTimerEx);

    if (set)
        return set(timer, due, period, window);
    TpSetTimer(timer, (LARGE_INTEGER *)(void *)due, period, window);
    return FALSE;
}

BOOL tp_builtin_set_wait(TP_WAIT *wait, HANDLE object, FILETIME *timeout)
{
    BOOL(NTAPI * set)
    (TP_WAIT *, HANDLE, FILETIME *, void *) =
        (BOOL(NTAPI *)(TP_WAIT *, HANDLE, FILETIME *, void *))NTDLL(TpSetWaitEx);

    if (set)
        return set(wait, object, timeout, NULL);
    TpSetWait(wait, object, (LARGE_INTEGER *)(void *)timeout);
    return FALSE;
}
