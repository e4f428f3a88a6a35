/*
 * main.c: the front's entry point. It has nothing to set up: all state is in wqcore.dll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)module;
    (void)reason;
    (void)reserved;
    return TRUE;
}
