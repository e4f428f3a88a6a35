/*
 * main.c: the module's life. Drivers import it, so the loader treats it as a DLL. Once loaded it stays: its
 * routines run on the pool's threads, which may be anywhere in its code.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define PROCESS_ATTACH 1 /* DLL_PROCESS_ATTACH */

int NTAPI DllMain(void *module, ULONG reason, void *reserved);

int NTAPI DllMain(void *module, ULONG reason, void *reserved)
{
    const ULONG pin = 1;

    (void)reserved;
    if (reason == PROCESS_ATTACH)
        LdrAddRefDll(pin, module);
    return 1;
}
