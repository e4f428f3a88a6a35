/*
 * base.c: the builtin's functions behind ours.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

#define BASE_NAME L"kernelbase_base.dll" /* the builtin behind the graft */

void *k32_base_function(const char *name, USHORT length)
{
    static const WCHAR base_name[] = BASE_NAME;
    UNICODE_STRING module_name = {sizeof(base_name) - sizeof(WCHAR), sizeof(base_name), (WCHAR *)base_name};
    ANSI_STRING function_name = {length, length, (char *)name};
    HMODULE module;
    void *function;

    if (LdrGetDllHandle(NULL, NULL, &module_name, &module) ||
        LdrGetProcedureAddress(module, &function_name, 0, &function))
        return NULL;
    return function;
}
