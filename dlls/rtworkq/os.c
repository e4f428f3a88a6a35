/*
 * os.c: functions of modules that this one must not import, because many programs do without them: COM for
 * the process's apartment, user32 for message loops, avrt for thread characteristics.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define COMBASE L"combase.dll"

static void *apartment_cookie; /* by the caller of Startup or Shutdown that changes the state */
static unsigned holds;         /* likewise: a start may come while the last shutdown is at work */

void *rtwq_os_function(const WCHAR *module, const char *name)
{
    UNICODE_STRING module_name;
    ANSI_STRING function_name;
    HMODULE handle;
    void *function;

    RtlInitUnicodeString(&module_name, module);
    RtlInitAnsiString(&function_name, name);
    if (LdrLoadDll(NULL, NULL, &module_name, &handle) ||
        LdrGetProcedureAddress(handle, &function_name, 0, &function))
        return NULL;
    return function;
}

void rtwq_os_apartment_hold(void)
{
    HRESULT(WINAPI * increment)(void **);

    if (holds++)
        return;
    increment = rtwq_os_function(COMBASE, "CoIncrementMTAUsage");
    if (!increment || FAILED(increment(&apartment_cookie)))
        apartment_cookie = NULL;
}

void rtwq_os_apartment_drop(void)
{
    HRESULT(WINAPI * decrement)(void *);

    if (--holds)
        return;
    decrement = rtwq_os_function(COMBASE, "CoDecrementMTAUsage");
    if (decrement && apartment_cookie)
        decrement(apartment_cookie);
    apartment_cookie = NULL;
}
