/*
 * Stand-in for wqcore.dll: one function that the stand-in front imports, so that the tests notice when the
 * core is not found.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>

__declspec(dllexport) ULONG stand_in_count(void);
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved);

static LONG calls;

ULONG stand_in_count(void)
{
    return (ULONG)__sync_add_and_fetch(&calls, 1);
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    (void)instance, (void)reason, (void)reserved;
    return TRUE;
}
