/*
 * main.c: the module's life. Once loaded it stays: its queues run on the pool's threads, which may be
 * anywhere in its code.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    const ULONG pin = 1;

    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH)
        LdrAddRefDll(pin, module);
    return TRUE;
}
