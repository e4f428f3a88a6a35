/*
 * base.c: the builtin's functions behind ours.
 *
 * Behind a graft of kernelbase that is kernelbase_base.dll. A user's override may bring only kernel32 from us, or the
 * front may be loaded by its own name: then kernelbase.dll itself is the builtin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

#define GRAFT_SECTION                                                                                        \
    ".wqgraft" /* of each module that tools/graft makes; exactly as long as a section's name */

static HMODULE base_loaded(const WCHAR *name, USHORT size)
{
    UNICODE_STRING module_name = {(USHORT)(size - sizeof(WCHAR)), size, (WCHAR *)name};
    HMODULE module;

    return LdrGetDllHandle(NULL, NULL, &module_name, &module) ? NULL : module;
}

static bool base_is_graft(HMODULE module)
{
    IMAGE_NT_HEADERS *headers = RtlImageNtHeader(module);
    IMAGE_SECTION_HEADER *section = IMAGE_FIRST_SECTION(headers);

    for (unsigned i = 0; i < headers->FileHeader.NumberOfSections; i++)
        if (!memcmp(section[i].Name, GRAFT_SECTION, sizeof(section[i].Name)))
            return true;
    return false;
}

/* NULL if the builtin is not loaded yet: the graft of kernelbase loads it for its first forwarder. */
static HMODULE base_module(void)
{
    static const WCHAR behind[] = L"kernelbase_base.dll", alone[] = L"kernelbase.dll";
    HMODULE module = base_loaded(behind, sizeof(behind));

    if (module)
        return module;
    module = base_loaded(alone, sizeof(alone));
    return module && !base_is_graft(module) ? module : NULL;
}

void *k32_base_function(const char *name, USHORT length)
{
    ANSI_STRING function_name = {length, length, (char *)name};
    HMODULE module = base_module();
    void *function;

    return module && !LdrGetProcedureAddress(module, &function_name, 0, &function) ? function : NULL;
}

void *k32_base_or_fail(void *function)
{
    if (!function)
        RtlSetLastWin32Error(ERROR_CALL_NOT_IMPLEMENTED);
    return function;
}
