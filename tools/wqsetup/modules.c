/*
 * What there is to install and where it goes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>
#include <string.h>

/* Wine 10 looks these up without following forwarders. */
static const char *const kernel32_code[] = {"BaseThreadInitThunk", "CtrlRoutine", NULL};

/* Windows has these in both modules, Wine in none or one. */
static const char *const kernel32_new[] = {"SetThreadpoolTimerEx", "SetThreadpoolWaitEx", NULL};

/* Our ntoskrnl.exe and hal.dll export what Windows' do. */
static const char *const all_new[] = {GRAFT_ALL_NEW, NULL};

const struct setup_module setup_modules[] = {
    {.name = "wqcore",
     .about = "the pool",
     .staged = "wqcore.dll",
     .always = true,
     .targets = {{"", "wqcore.dll", "wqcore.dll.wqorig"}}},
    {.name = "kernel32",
     .about = "the legacy thread pool: QueueUserWorkItem, timer queues, registered waits (kernelbase, too)",
     .staged = "wqkernel32.dll",
     .graft = true,
     .by_default = true,
     .targets = {{"", "kernelbase.dll", "kernelbase_base.dll", "kernelbase", NULL, kernel32_new,
                  "wqkernelbase.dll"},
                 {"", "kernel32.dll", "kernel32_base.dll", "kernel32", kernel32_code, kernel32_new}}},
    {.name = "rtworkq",
     .about = "real-time work queues, which Media Foundation uses",
     .staged = "rtworkq.dll",
     .by_default = true,
     .targets = {{"", "rtworkq.dll", "rtworkq.dll.wqorig", "rtworkq"}}},
    {.name = "ntoskrnl",
     .about = "work items, DPCs and timers of kernel drivers (in 32-bit prefixes hal, too)",
     .staged = "ntoskrnl.exe",
     .graft = true,
     .app = "winedevice.exe",
     .targets = {{"", "ntoskrnl.exe", "ntoskrnl_base.dll", "ntoskrnl.exe", NULL, all_new},
                 {"", "hal.dll", "hal_base.dll", "hal", NULL, all_new, "hal.dll", .narrow = true}}},
    {.name = "rdbss",
     .about = "work queues of network file systems (RDBSS)",
     .staged = "rdbss.sys",
     .targets = {{"drivers\\", "rdbss.sys", "rdbss.sys.wqorig"}}},
    {.name = "storport",
     .about = "StorPort for virtual miniport drivers; brings ntoskrnl with it",
     .staged = "storport.sys",
     .needs = "ntoskrnl",
     .targets = {{"drivers\\", "storport.sys", "storport.sys.wqorig"}}},
    {.name = "boot",
     .about = "looks at every start of the prefix whether Wine has changed",
     .staged = "wqsetup.exe",
     .always = true,
     .targets = {{"", "wineboot.exe", "wineboot.exe", .once = true, .windowed = true}}},
};

const unsigned setup_module_count = sizeof(setup_modules) / sizeof(setup_modules[0]);

static const struct setup_arch module_archs[] = {
    {"system32\\", "x64", "x86_64-windows", GRAFT_AMD64},
    {"syswow64\\", "x32", "i386-windows", GRAFT_I386},
    {"system32\\", "x32", "i386-windows", GRAFT_I386}, /* a 32-bit prefix */
};

const struct setup_arch *setup_prefix_archs(unsigned *count)
{
    *count = 1;
    if (!sys_wide())
        return module_archs + 2;
    if (sys_exists("syswow64\\ntdll.dll") || sys_exists("syswow64\\kernel32.dll") ||
        sys_exists("syswow64\\kernel32_base.dll"))
        *count = 2;
    return module_archs;
}

const struct setup_arch *setup_archs(unsigned *count)
{
    const struct setup_arch *archs = setup_prefix_archs(count);
    struct graft_bytes core = {0};

    if (setup_options.own)
        return archs;
    if (*count == 2 && (!sys_read_staged(&archs[1], "wqcore.dll", &core) || !core.data))
        *count = 1;
    setup_release(&core);
    return archs;
}

bool setup_target_used(const struct setup_module *module, unsigned index)
{
    return index < SETUP_TARGETS && module->targets[index].file &&
           (!module->targets[index].narrow || !sys_wide());
}

bool setup_arch_has(const struct setup_arch *arch, const struct setup_target *place)
{
    return (!*place->folder && !place->once) || strcmp(arch->folder, "syswow64\\");
}

void setup_kept_path(const struct setup_arch *arch, const struct setup_target *place, char path[SETUP_NAME])
{
    if (place->once)
        strcpy(path, place->kept);
    else
        snprintf(path, SETUP_NAME, "%s%s%s", arch->folder, place->folder, place->kept);
}

const struct setup_module *setup_find_module(const char *name)
{
    for (unsigned i = 0; i < setup_module_count; i++)
        if (!strcmp(setup_modules[i].name, name))
            return &setup_modules[i];
    return NULL;
}

/* Copies a name in lower case and without the ending of a module. */
static bool module_stem(const char *name, char stem[SETUP_NAME])
{
    char *dot;

    if (strlen(name) >= SETUP_NAME)
        return false;
    strcpy(stem, name);
    setup_lower(stem);
    dot = strrchr(stem, '.');
    if (dot && (!strcmp(dot, ".dll") || !strcmp(dot, ".sys") || !strcmp(dot, ".exe")))
        *dot = 0;
    return true;
}

const struct setup_module *setup_guess_module(const char *name)
{
    char stem[SETUP_NAME], other[SETUP_NAME];

    if (!module_stem(name, stem))
        return NULL;
    for (unsigned i = 0; i < setup_module_count; i++) {
        const struct setup_module *module = &setup_modules[i];

        if (!strcmp(module->name, stem))
            return module;
        for (unsigned j = 0; j < SETUP_TARGETS && module->targets[j].file; j++)
            if (module_stem(module->targets[j].file, other) && !strcmp(other, stem))
                return module;
    }
    return NULL;
}

static bool module_has_place(struct setup_file *file, const struct setup_arch *arch,
                             const struct setup_target *place)
{
    char path[SETUP_NAME];

    snprintf(path, sizeof(path), "%s%s%s", arch->folder, place->folder, place->file);
    if (strcmp(path, file->target))
        return false;
    setup_kept_path(arch, place, path);
    if (strcmp(path, file->kept))
        return false;
    file->arch = arch;
    file->place = place;
    return true;
}

bool setup_place(struct setup_file *file)
{
    unsigned count;
    const struct setup_arch *archs = setup_prefix_archs(&count);

    /* A state may speak of a folder that has lost its files since. */
    count = sys_wide() ? 2 : 1;
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < SETUP_TARGETS && file->module->targets[j].file; j++)
            if (module_has_place(file, &archs[i], &file->module->targets[j]))
                return true;
    return false;
}
