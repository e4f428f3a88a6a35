/*
 * tls.c: the program's own static TLS block is number 0 of the process, as compilers may take for granted
 * (Microsoft's /GA), whatever loads before the program.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>
#include <winternl.h>

#include "wine/test.h"

extern ULONG _tls_index; /* the program's, set by the loader */

#define MARK 0x5ca1ab1e

static ULONG mark __attribute__((section(".tls$AAB"))) = MARK; /* copied into each thread's block */

static const IMAGE_TLS_DIRECTORY *tls_directory(void)
{
    char *base = (char *)GetModuleHandleA(NULL);
    const IMAGE_NT_HEADERS *headers = (void *)(base + ((IMAGE_DOS_HEADER *)(void *)base)->e_lfanew);

    return (void *)(base + headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_TLS].VirtualAddress);
}

/* What code finds that was compiled for block 0. */
static ULONG mark_in_block_0(void)
{
    static const size_t thread_local_storage_pointer = sizeof(void *) == 8 ? 0x58 : 0x2c;
    char ***blocks = (void *)((char *)NtCurrentTeb() + thread_local_storage_pointer);
    size_t offset = (size_t)((ULONG_PTR)&mark - tls_directory()->StartAddressOfRawData);

    return *(ULONG *)(void *)((*blocks)[0] + offset);
}

static DWORD WINAPI check_block(void *param)
{
    (void)param;
    ok(mark_in_block_0() == MARK, "block 0 has %#lx\n", mark_in_block_0());
    return 0;
}

START_TEST(tls)
{
    HANDLE thread;

    ok(!_tls_index, "the program's block has number %lu\n", _tls_index);
    check_block(NULL);
    thread = CreateThread(NULL, 0, check_block, NULL, 0, NULL);
    ok(!WaitForSingleObject(thread, 30000), "the thread does not end\n");
    CloseHandle(thread);
}
