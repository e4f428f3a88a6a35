/*
 * main.c: the hal.dll front, for 32-bit prefixes: 32-bit drivers import the levels, spin locks and fast mutexes
 * from the HAL. It has no code of its own: its exports are forwarders to our ntoskrnl.exe, which keeps the
 * levels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windef.h>

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)module;
    (void)reason;
    (void)reserved;
    return TRUE;
}
