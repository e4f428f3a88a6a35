/*
 * What there is to install and where it goes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <string.h>
#include <windows.h>

/* Wine 10 looks these up without following forwarders. */
static const char *const kernel32_code[] = {"BaseThreadInitThunk", "CtrlRoutine", NULL};

/* 32-bit drivers import levels from hal.dll; in a prefix that has 64-bit programs there are no such drivers. */
#ifdef _WIN64
#define HAL                                                                                                  \
    {                                                                                                        \
        0                                                                                                    \
    }
#else
#define HAL                                                                                                  \
    {                                                                                                        \
        "", "hal.dll", "hal_base.dll", "hal", NULL, true, "hal.dll"                                          \
    }
#endif

const struct setup_module setup_modules[] = {
    {.name = "wqcore",
     .staged = "wqcore.dll",
     .always = true,
     .targets = {{"", "wqcore.dll", "wqcore.dll.wqorig"}}},
    {.name = "kernel32",
     .staged = "wqkernel32.dll",
     .graft = true,
     .by_default = true,
     .targets = {{"", "kernelbase.dll", "kernelbase_base.dll", "kernelbase", NULL, false},
                 {"", "kernel32.dll", "kernel32_base.dll", "kernel32", kernel32_code, true}}},
    {.name = "rtworkq",
     .staged = "rtworkq.dll",
     .by_default = true,
     .targets = {{"", "rtworkq.dll", "rtworkq.dll.wqorig", "rtworkq"}}},
    {.name = "ntoskrnl",
     .staged = "ntoskrnl.exe",
     .graft = true,
     .app = "winedevice.exe",
     .targets = {{"", "ntoskrnl.exe", "ntoskrnl_base.dll", "ntoskrnl.exe", NULL, true}, HAL}},
    {.name = "rdbss", .staged = "rdbss.sys", .targets = {{"drivers\\", "rdbss.sys", "rdbss.sys.wqorig"}}},
    {.name = "storport",
     .staged = "storport.sys",
     .needs = "ntoskrnl",
     .targets = {{"drivers\\", "storport.sys", "storport.sys.wqorig"}}},
};

const unsigned setup_module_count = sizeof(setup_modules) / sizeof(setup_modules[0]);

static const struct setup_arch setup_arch_table[] = {
#ifdef _WIN64
    {"system32\\", "", "x86_64-windows", GRAFT_AMD64},
    {"syswow64\\", "..\\x32\\", "i386-windows", GRAFT_I386},
#else
    {"system32\\", "", "i386-windows", GRAFT_I386},
#endif
};

const struct setup_arch *setup_archs(unsigned *count)
{
    struct graft_bytes core = {0};

    *count = 1;
    if (sizeof(setup_arch_table) > sizeof(setup_arch_table[0]) && setup_exists("syswow64\\kernel32.dll") &&
        setup_read_staged(&setup_arch_table[1], "wqcore.dll", &core) && core.data)
        *count = 2;
    setup_release(&core);
    return setup_arch_table;
}

const struct setup_module *setup_find_module(const char *name)
{
    for (unsigned i = 0; i < setup_module_count; i++)
        if (!strcmp(setup_modules[i].name, name))
            return &setup_modules[i];
    return NULL;
}
