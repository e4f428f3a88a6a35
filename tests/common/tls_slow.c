/*
 * tls_slow.c: wqcore.dll in a program that has used up the 64 quick TLS slots before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core.h"
#include "slots.h"

START_TEST(tls_slow)
{
    HMODULE core;
    size_t before, after;

    slots_use_below(SLOTS_QUICK);
    core = core_load();
    if (!core)
        return;
    core_check(core);
    before = heap_in_use();
    for (unsigned i = 0; i < 20; i++)
        core_check(core);
    after = heap_in_use();
    ok(after < before + 20 * 1024, "20 runs of the core left %Iu bytes\n", after - before);
}
