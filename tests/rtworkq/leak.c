/*
 * leak.c: every path leaves nothing behind, whichever of its operations fails: no heap block, no page, no thread, no
 * wait, no timer, no handle. The paths are in leak_paths.c.
 *
 * Each path runs between a start and a shutdown of the platform, then the core is ended, which runs what is queued;
 * so what is left then is lost. The failures go through the operations one by one until there is none to fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "leak.h"

#include "wqcore.h"

#define MOST 400 /* operations of a path */
#define RUNS 20  /* without failures, for what can only be counted roughly */

static void (*counters_read)(struct wq_counters *counters);
static bool (*core_shutdown)(void);
static void (*fault_set)(unsigned kind, uint32_t times);
static void (*fault_after)(unsigned kind, uint32_t spared);
static bool (*fault_waits)(unsigned kind);

HANDLE leak_event;

BOOL good_(HRESULT hr, const char *file, int line)
{
    ok_(file, line)(hr == S_OK || hr == E_OUTOFMEMORY, "got %#lx\n", hr);
    return hr == S_OK;
}

struct state {
    struct wq_counters core;
    DWORD handles;
};

/* As the system returns them; Wine 8's GetProcessHandleCount always says 0. */
struct system_handles {
    ULONG_PTR count, reserved;
    struct {
        void *object;
        ULONG_PTR process, value;
        ULONG access;
        USHORT stack, type;
        ULONG attributes, more;
    } handles[20000];
};

static DWORD handles_now(void)
{
    static struct system_handles all;
    LONG(WINAPI * query)
    (ULONG, void *, ULONG, ULONG *) =
        (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtQuerySystemInformation");
    const ULONG extended_handles = 64;
    DWORD count = 0;

    if (query(extended_handles, &all, sizeof(all), NULL))
        return 0;
    for (ULONG_PTR i = 0; i < all.count && i < ARRAY_SIZE(all.handles); i++)
        count += all.handles[i].process == GetCurrentProcessId();
    return count;
}

static struct state state_now(void)
{
    struct state state;

    ok(core_shutdown(), "the core did not end\n");
    counters_read(&state.core);
    state.handles = handles_now();
    return state;
}

/* The thread of a queue with a window is not the core's and frees what it has last; so `before` may have counted a
 * block too many, once. */
static void check_state(struct state *before)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    struct state now = state_now();

    while (now.core.blocks > before->core.blocks && GetTickCount64() < end) {
        SwitchToThread();
        counters_read(&now.core);
    }
    ok(now.core.blocks <= before->core.blocks, "%u blocks, were %u\n", now.core.blocks, before->core.blocks);
    ok(now.core.memory == before->core.memory, "%I64u bytes, were %I64u\n", now.core.memory,
       before->core.memory);
    before->core.blocks = now.core.blocks;
    ok(!now.core.threads && !now.core.waits && !now.core.timers, "%u threads, %u waits, %u timers\n",
       now.core.threads, now.core.waits, now.core.timers);
}

static void run(void (*path)(void))
{
    if (!good(RtwqStartup()))
        return;
    path();
    stop();
}

static void test_path(const char *name, void (*path)(void))
{
    static const char *const kinds[] = {"memory", "thread"};
    unsigned growth = 0, failed = 0;
    struct state before, now;

    run(path);
    run(path);
    before = state_now();
    for (unsigned kind = WQ_FAULT_MEMORY; kind <= WQ_FAULT_THREAD; kind++) {
        for (unsigned n = 0; n < MOST; n++) {
            BOOL hit;

            winetest_push_context("%s, %s %u", name, kinds[kind], n);
            fault_after(kind, n);
            run(path);
            hit = !fault_waits(kind);
            fault_set(kind, 0);
            check_state(&before);
            winetest_pop_context();
            if (!hit)
                break;
            failed++;
        }
    }
    ok(failed > 2 && failed < MOST, "%s: only %u operations failed\n", name, failed);
    before = state_now();
    for (unsigned i = 0; i < RUNS; i++)
        run(path);
    now = state_now();
    if (now.handles > before.handles)
        growth = now.handles - before.handles;
    ok(growth < RUNS / 2, "%s: %lu handles, were %lu\n", name, now.handles, before.handles);
}

/* That the count counts. */
static void test_handle_count(void)
{
    DWORD before = handles_now(), with;
    HANDLE extra = CreateEventA(NULL, FALSE, FALSE, NULL);

    with = handles_now();
    CloseHandle(extra);
    ok(with == before + 1 && handles_now() == before, "%lu handles, %lu with one more\n", before, with);
}

/* The first start makes the queues of the system. */
static void test_first_start(void)
{
    unsigned n = 0;
    HRESULT hr;

    do {
        fault_after(WQ_FAULT_MEMORY, n++);
        hr = RtwqStartup();
        ok(hr == (fault_waits(WQ_FAULT_MEMORY) ? S_OK : E_OUTOFMEMORY), "operation %u: %#lx\n", n, hr);
    } while (hr != S_OK && n < MOST);
    fault_set(WQ_FAULT_MEMORY, 0);
    ok(n > 2 && n < MOST, "%u operations\n", n);
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    stop();
}

START_TEST(leak)
{
    HMODULE core = GetModuleHandleA("wqcore.dll");

    if (!core) {
        skip("no failures can be injected into the builtin\n");
        return;
    }
    counters_read = (void *)GetProcAddress(core, "wq_counters_read");
    core_shutdown = (void *)GetProcAddress(core, "wq_shutdown");
    fault_set = (void *)GetProcAddress(core, "wq_fault_set");
    fault_after = (void *)GetProcAddress(core, "wq_fault_after");
    fault_waits = (void *)GetProcAddress(core, "wq_fault_waits");
    leak_event = CreateSemaphoreA(NULL, 0, 100, NULL);
    test_first_start();
    ok(core_shutdown(), "the core did not end\n");
    test_handle_count();
    for (const struct leak_path *path = leak_paths; path->name; path++)
        test_path(path->name, path->run);
    CloseHandle(leak_event);
}
