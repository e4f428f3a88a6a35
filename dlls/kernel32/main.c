/*
 * main.c: the front's entry point. All state is in wqcore.dll; the front itself has only addresses to look up.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)module;
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH)
        k32_blocking_start();
    return TRUE;
}
