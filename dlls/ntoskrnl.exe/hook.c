/*
 * hook.c: hearing of it when the builtin unloads a driver's image.
 *
 * Nothing that the builtin exports or calls back says so in time. It frees the image through its import
 * table, so the table's entry is replaced. If it has no such entry, drivers are unloaded as without us.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

typedef BOOL(WINAPI *free_library_function)(HMODULE module);
typedef NTSTATUS(NTAPI *unload_dll_function)(HMODULE module);

static free_library_function free_library; /* C: after the hook is in place */
static unload_dll_function unload_dll;     /* likewise */

static BOOL WINAPI hook_free_library(HMODULE module)
{
    return nt_image_unloading(module) || free_library(module);
}

static NTSTATUS NTAPI hook_unload_dll(HMODULE module)
{
    return nt_image_unloading(module) ? STATUS_SUCCESS : unload_dll(module);
}

static bool same(const BYTE *a, const char *b)
{
    while (*a && *a == (BYTE)*b) {
        a++;
        b++;
    }
    return *a == (BYTE)*b;
}

/* Replaces one entry of the table, storing what was there first, because it is used at once. */
static void replace(void **entry, void *hook, void **old)
{
    SIZE_T size = sizeof(*entry);
    void *page = entry;
    ULONG protect;

    if (NtProtectVirtualMemory(NT_THIS_PROCESS, &page, &size, PAGE_READWRITE, &protect))
        return;
    __atomic_store_n(old, *entry, __ATOMIC_SEQ_CST);
    __atomic_store_n(entry, hook, __ATOMIC_SEQ_CST);
    NtProtectVirtualMemory(NT_THIS_PROCESS, &page, &size, protect, &protect);
}

static void hook_module(BYTE *image, const IMAGE_IMPORT_DESCRIPTOR *imports)
{
    const ULONG_PTR *names = (const ULONG_PTR *)(image + imports->OriginalFirstThunk);
    void **entries = (void **)(image + imports->FirstThunk);

    for (; *names; names++, entries++) {
        const IMAGE_IMPORT_BY_NAME *by_name = (const IMAGE_IMPORT_BY_NAME *)(image + *names);

        if ((LONG_PTR)*names < 0) /* by ordinal */
            continue;
        if (same((const BYTE *)by_name->Name, "FreeLibrary"))
            replace(entries, (void *)hook_free_library, (void **)&free_library);
        else if (same((const BYTE *)by_name->Name, "LdrUnloadDll"))
            replace(entries, (void *)hook_unload_dll, (void **)&unload_dll);
    }
}

void nt_hook_unload(void)
{
    static ULONG done; /* A */
    HMODULE base = __atomic_exchange_n(&done, 1, __ATOMIC_SEQ_CST) ? NULL : nt_base_module();
    const IMAGE_IMPORT_DESCRIPTOR *imports = NULL;
    ULONG size;

    if (base)
        imports = RtlImageDirectoryEntryToData(base, TRUE, IMAGE_DIRECTORY_ENTRY_IMPORT, &size);
    for (; imports && imports->Name; imports++)
        if (imports->OriginalFirstThunk)
            hook_module((BYTE *)base, imports);
}
