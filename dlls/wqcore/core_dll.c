/*
 * core_dll.c: the module's life on Windows.
 *
 * Once loaded wqcore.dll stays, because its threads may be anywhere in its code. It does not load, and
 * LoadLibrary reports ERROR_DLL_INIT_FAILED, in a process that has no two TLS slots left. At process exit nothing
 * is drained, as Windows does; the other threads are gone by then.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core.h"
#include "port/nt/nt.h"

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    const ULONG pin = 1;

    if (reason == DLL_PROCESS_ATTACH) {
        if (!port_slots_open())
            return FALSE;
        LdrAddRefDll(pin, module);
    }
    if (reason == DLL_PROCESS_DETACH && reserved)
        core_report_exit();
    return TRUE;
}
