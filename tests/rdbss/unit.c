/*
 * unit.c: the test mini-redirector's sources in an ordinary program, and what only such a program can see: no
 * memory, and what is left in the end.
 *
 * With WQSHIM_MAX_WORKERS=1 the tests that need a pool of one worker run as well.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../ntoskrnl/report.h"
#include "../ntoskrnl/host.h"
#include "memory.h"
#define STANDALONE
#include "wine/test.h"

static BOOL single(void)
{
    const char *workers = getenv("WQSHIM_MAX_WORKERS");

    return workers && !strcmp(workers, "1");
}

static void run(const char *group)
{
    static struct ktest_result result;
    HANDLE good = CreateEventA(NULL, TRUE, FALSE, "Global\\wqrx_good");
    LONG status = host_start();
    const char *left;

    ok(!status, "DriverEntry returned %lx\n", status);
    status = host_run(group, single(), &result);
    ok(!status, "the request returned %lx\n", status);
    report_group(group, &result);
    status = host_stop();
    ok(!status, "%ld references are left\n", status);
    ok(WaitForSingleObject(good, 0) == WAIT_OBJECT_0,
       "work was lost when the driver was unloaded under load\n");
    CloseHandle(good);
    left = memory_left();
    ok(!left, "%s\n", left);
}

#define GROUP(name)                                                                                          \
    static void func_##name(void)                                                                            \
    {                                                                                                        \
        run(#name);                                                                                          \
    }

GROUP(post)
GROUP(spin)
GROUP(timer)
GROUP(end)
GROUP(load)
GROUP(twice)

static void func_memory(void)
{
    const char *wrong;

    wrong = memory_refused();
    ok(!wrong, "%s\n", wrong);
    wrong = memory_left();
    ok(!wrong, "%s\n", wrong);
}

const struct test winetest_testlist[] = {
    {"post", func_post}, {"spin", func_spin},   {"timer", func_timer},   {"end", func_end},
    {"load", func_load}, {"twice", func_twice}, {"memory", func_memory}, {0, 0}};
