/*
 * served.c: looks functions up, and finds out who serves a call without trusting what was installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "served.h"

#include <string.h>
#include <windows.h>
#include <wqcore.h>

const char *bench_served_api;
bool bench_served_queues;
const char *bench_served_told;

bool bench_core_loaded(void)
{
    return GetModuleHandleA("wqcore.dll") != NULL;
}

static struct wq_counters core_counters(void)
{
    HMODULE core = GetModuleHandleA("wqcore.dll");
    void (*read)(struct wq_counters *) = NULL;
    struct wq_counters counters = {0};

    if (core)
        read = (void (*)(struct wq_counters *))(void *)GetProcAddress(core, "wq_counters_read");
    if (read)
        read(&counters);
    return counters;
}

uint64_t bench_core_posted(void)
{
    struct wq_counters counters = core_counters();

    return counters.posted + counters.persistent_run;
}

uint64_t bench_core_run(void)
{
    return core_counters().run;
}

void *bench_function(void *module, const char *name)
{
    void *function = (void *)GetProcAddress(module, name);
    char path[MAX_PATH] = "";

    if (!function) {
        GetModuleFileNameA(module, path, sizeof(path));
        bench_die("%s has no %s", path, name);
    }
    return function;
}

/* A grafted kernel32 or kernelbase forwards what is not ours to a renamed copy of the builtin, NAME_base.dll.
 */
const char *bench_serves(const char *function)
{
    void *address = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), function);
    char path[MAX_PATH] = "";
    HMODULE module;

    if (!address || !GetModuleHandleA("wqcore.dll"))
        return "builtin";
    if (!GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                            (const char *)address, &module))
        return "builtin";
    GetModuleFileNameA(module, path, sizeof(path));
    return strstr(path, "_base.dll") ? "builtin" : "ours";
}
