/*
 * core_static.c: the life of a core that is linked into a program, instead of core_dll.c.
 *
 * It starts before the program's own constructors. A program or DLL that has it stays loaded, as wqcore.dll does, because its
 * threads may be anywhere in its code.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core.h"
#include "port/nt/nt.h"

#define STATUS_INIT_FAILED ((NTSTATUS)0xC0000142) /* what a process ends with whose DLL did not load */
#define CORE_PRIORITY      101                    /* the first that programs may have */

extern IMAGE_DOS_HEADER __ImageBase; /* of the program or DLL that we are in; the linker makes it */

__attribute__((constructor(CORE_PRIORITY))) static void core_static_start(void)
{
    const ULONG pin = 1;

    if (!port_slots_open())
        NtTerminateProcess(PORT_THIS_PROCESS, STATUS_INIT_FAILED);
    LdrAddRefDll(pin, (HMODULE)&__ImageBase);
}

__attribute__((destructor(CORE_PRIORITY))) static void core_static_end(void)
{
    core_report_exit();
}
