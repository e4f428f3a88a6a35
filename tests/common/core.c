/*
 * core.c: see core.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core.h"

#include <wqcore.h>

#include "wine/test.h"

#define ROUTINES 100

#define FUNCTION(name) static __typeof__(&wq_##name) p_##name

FUNCTION(post);
FUNCTION(post_persistent);
FUNCTION(at_return);
FUNCTION(waiting_counts);
FUNCTION(shutdown);
FUNCTION(counters_read);

static HANDLE done;
static LONG left;

HMODULE core_load(void)
{
    HMODULE core = LoadLibraryA("wqcore.dll");

    ok(core != NULL, "LoadLibrary: %lu\n", GetLastError());
    return core;
}

static void look_up(HMODULE core)
{
#define LOOK_UP(name) p_##name = (__typeof__(p_##name))(void *)GetProcAddress(core, "wq_" #name)
    LOOK_UP(post);
    LOOK_UP(post_persistent);
    LOOK_UP(at_return);
    LOOK_UP(waiting_counts);
    LOOK_UP(shutdown);
    LOOK_UP(counters_read);
}

static void WQ_CALL count_down(void *param)
{
    (void)param;
    if (!InterlockedDecrement(&left))
        SetEvent(done);
}

/* On a thread of the core, which knows that it is one. */
static void WQ_CALL on_own_thread(void *worker)
{
    ok(p_waiting_counts() == !!worker, "waiting %s on a thread that is %s\n",
       worker ? "does not count" : "counts", worker ? "a worker" : "none");
    ok(!p_shutdown(), "the core let itself be shut down from inside\n");
    ok(p_at_return(count_down, NULL), "no cleanup\n");
}

static void WQ_CALL on_worker(void *param)
{
    on_own_thread(param);
    ok(p_post(on_own_thread, param), "no item from inside\n");
}

void core_check(HMODULE core)
{
    static char worker;
    struct wq_counters counters;

    look_up(core);
    done = CreateEventA(NULL, FALSE, FALSE, NULL);
    left = 3 * ROUTINES;
    for (unsigned i = 0; i < ROUTINES; i++) {
        ok(p_post(on_worker, &worker), "no item\n");
        ok(p_post_persistent(on_own_thread, NULL), "no persistent item\n");
    }
    ok(!p_waiting_counts(), "waiting counts on the main thread\n");
    ok(!p_at_return(count_down, NULL), "a cleanup for the main thread\n");
    ok(!WaitForSingleObject(done, 30000), "%ld cleanups are missing\n", left);
    ok(p_shutdown(), "no shutdown\n");
    p_counters_read(&counters);
    ok(!counters.threads && !counters.blocks, "%u threads and %u blocks are left\n", counters.threads,
       counters.blocks);
    CloseHandle(done);
}
