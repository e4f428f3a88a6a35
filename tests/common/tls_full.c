/*
 * tls_full.c: wqcore.dll in a program that has used up all TLS slots before: it does not load, and it does once it
 * finds the two slots that it needs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core.h"
#include "slots.h"

static void test_refused(void)
{
    HMODULE core;

    SetLastError(0xdeadbeef);
    core = LoadLibraryA("wqcore.dll");
    ok(!core, "it loads\n");
    ok(GetLastError() == ERROR_DLL_INIT_FAILED, "error %lu\n", GetLastError());
}

START_TEST(tls_full)
{
    DWORD one = TlsAlloc(), other = TlsAlloc(), again;
    HMODULE core;

    slots_use_below(SLOTS_ALL);
    test_refused();
    TlsFree(one);
    test_refused();
    again = TlsAlloc();
    ok(again == one, "the slot did not come back: %ld, not %lu\n", (long)again, one);
    TlsFree(one);
    TlsFree(other);
    core = core_load();
    if (core)
        core_check(core);
}
