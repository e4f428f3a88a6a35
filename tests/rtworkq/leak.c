/*
 * leak.c: every path leaves nothing behind, whichever of its operations fails: no heap block, no page, no thread, no
 * wait, no timer, no handle.
 *
 * Each path runs between a start and a shutdown of the platform, then the core is ended, which runs what is queued;
 * so what is left then is lost. The failures go through the operations one by one until there is none to fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#include "wqcore.h"

#define MOST 400 /* operations of a path */
#define RUNS 20  /* without failures, for what can only be counted roughly */

static void (*counters_read)(struct wq_counters *counters);
static bool (*core_shutdown)(void);
static void (*fault_set)(unsigned kind, uint32_t times);
static void (*fault_after)(unsigned kind, uint32_t spared);
static bool (*fault_waits)(unsigned kind);

static HANDLE event; /* a semaphore */

/* What one call returned: it worked, or there was no memory or no thread. */
static BOOL good_(HRESULT hr, int line)
{
    ok_(__FILE__, line)(hr == S_OK || hr == E_OUTOFMEMORY, "got %#lx\n", hr);
    return hr == S_OK;
}
#define good(call) good_(call, __LINE__)

/* A thread that could not be made is tried again with the next submission. */
static void nudge(void)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    callback_init(&callback);
    if (good(RtwqCreateAsyncResult(NULL, &callback.iface, NULL, &result))) {
        for (int i = 0; i < 2; i++) {
            put += good(RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_MULTITHREADED, 0, result));
            if (good(RtwqScheduleWorkItem(result, -60000, &key)))
                ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
        }
        callback_wait(&callback, put);
        IRtwqAsyncResult_Release(result);
    }
    callback_end(&callback);
}

/* Waits for what was accepted and gives the result back. */
static void finish(struct callback *callback, IRtwqAsyncResult *result, LONG accepted)
{
    nudge();
    callback_wait(callback, accepted);
    if (result)
        IRtwqAsyncResult_Release(result);
    callback_end(callback);
    ok(callback->invoked == accepted, "%ld accepted, %ld came\n", accepted, callback->invoked);
}

static IRtwqAsyncResult *try_result(struct callback *callback, DWORD flags, DWORD queue)
{
    IRtwqAsyncResult *result = NULL;

    callback_init_queue(callback, flags, queue);
    good(RtwqCreateAsyncResult(NULL, &callback->iface, NULL, &result));
    return result;
}

/* ---- the paths ---- */

static void path_put(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    LONG put = 0;

    for (int i = 0; i < 4 && result; i++) {
        put += good(RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_STANDARD, 0, result));
        put += good(RtwqInvokeCallback(result));
    }
    finish(&callback, result, put);
}

static void path_wait(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_STANDARD);
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    for (int i = 0; i < 3 && result; i++) {
        if (!good(RtwqPutWaitingWorkItem(event, 0, result, &key)))
            continue;
        if (i)
            ReleaseSemaphore(event, 1, NULL);
        else
            ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
        put++;
    }
    finish(&callback, result, put);
    ok(WaitForSingleObject(event, 0) == WAIT_TIMEOUT, "a signal was not consumed\n");
}

static void path_multiple(void)
{
    HANDLE events[] = {event, event, NULL};
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_STANDARD);
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    for (int i = 0; i < 2 && result; i++) {
        if (!good(RtwqPutMultipleWaitingWorkItem(3, events, 0, result, &key)))
            continue;
        if (i)
            ReleaseSemaphore(event, 1, NULL);
        else
            ok(RtwqCancelMultipleWaitingWorkItem(key) == S_OK, "not cancelled\n");
        put++;
    }
    finish(&callback, result, put);
    ok(WaitForSingleObject(event, 0) == WAIT_TIMEOUT, "a signal was not consumed\n");
}

static void path_schedule(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, RTWQ_CALLBACK_QUEUE_STANDARD);
    RTWQWORKITEM_KEY key;
    LONG put = 0;

    for (int i = 0; i < 3 && result; i++)
        put += good(RtwqScheduleWorkItem(result, -i, NULL));
    if (result && good(RtwqScheduleWorkItem(result, -60000, &key)))
        ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
    finish(&callback, result, put);
}

static void WINAPI tick(IUnknown *context)
{
    (void)context;
}

static void path_periodic(void)
{
    struct object context;
    DWORD key;

    object_init(&context);
    if (good(RtwqAddPeriodicCallback(tick, &context.iface, &key)))
        ok(RtwqRemovePeriodicCallback(key) == S_OK, "not removed\n");
    nudge();
    wait_value(&context.refs, 1);
}

static void path_queues(void)
{
    DWORD queues[4] = {0}, task = 0;
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, 0);
    LONG put = 0;

    good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queues[0]));
    good(RtwqAllocateSerialWorkQueue(queues[0], &queues[1]));
    good(RtwqLockSharedWorkQueue(L"Games", 0, &task, &queues[2]));
    good(RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queues[3]));
    for (int i = 0; i < 4; i++) {
        if (!queues[i])
            continue;
        if (result)
            put += good(RtwqPutWorkItem(queues[i], 0, result));
        ok(RtwqUnlockWorkQueue(queues[i]) == S_OK, "not unlocked\n");
    }
    finish(&callback, result, put);
}

static void reply(struct callback *callback, IRtwqAsyncResult *result)
{
    if (callback->invoked & 1) /* else the queue goes on because the receipt goes */
        ok(RtwqInvokeCallback(result) == S_OK, "no reply\n");
}

static void path_reply(void)
{
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, RTWQ_REPLY_CALLBACK, 0);
    DWORD queue = 0;
    LONG put = 0;

    callback.fn = reply;
    if (result && good(RtwqAllocateSerialWorkQueue(RTWQ_CALLBACK_QUEUE_MULTITHREADED, &queue))) {
        for (int i = 0; i < 4; i++)
            put += good(RtwqPutWorkItem(queue, 0, result));
        RtwqUnlockWorkQueue(queue);
    }
    finish(&callback, result, put);
}

static void path_class(void)
{
    struct callback callback;
    struct object state;
    DWORD queue, task = 0;
    LONG begun = 0;

    object_init(&state);
    callback_init(&callback);
    if (good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue))) {
        begun +=
            good(RtwqBeginRegisterWorkQueueWithMMCSS(queue, L"Audio", 0, 0, &callback.iface, &state.iface));
        begun += good(RtwqBeginUnregisterWorkQueueWithMMCSS(queue, &callback.iface, &state.iface));
        RtwqUnlockWorkQueue(queue);
    }
    if (good(RtwqRegisterPlatformWithMMCSS(L"Pro Audio", &task, 0)))
        good(RtwqUnregisterPlatformFromMMCSS());
    finish(&callback, NULL, begun);
    wait_value(&state.refs, 1);
}

static void path_deadline(void)
{
    HANDLE requests[3] = {NULL};
    DWORD queue;

    if (!good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue)))
        return;
    for (int i = 0; i < 3; i++)
        good(RtwqSetDeadline(queue, i * 10000000ll, &requests[i])); /* the first one is missed */
    if (requests[2])
        ok(RtwqCancelDeadline(requests[2]) == S_OK, "not cancelled\n");
    RtwqUnlockWorkQueue(queue); /* ends the others */
}

static void path_join(void)
{
    static const char name[] = "\\\\.\\pipe\\wq_rtworkq_leak";
    HANDLE server =
        CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 64, 64, 0, NULL);
    HANDLE client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL), cookie;
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, 0);
    DWORD written, queue = 0;
    char buffer[8];
    LONG begun = 0;

    good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue));
    if (result && queue && good(RtwqJoinWorkQueue(queue, server, &cookie))) {
        ReadFile(server, buffer, 4, NULL,
                 &CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult)->overlapped);
        WriteFile(client, "leak", 4, &written, NULL);
        begun = 1;
        callback_wait(&callback, 1);
        ReleaseSemaphore(callback.came, 1, NULL);
        ok(RtwqUnjoinWorkQueue(queue, cookie) == S_OK, "not unjoined\n");
    }
    if (queue)
        RtwqUnlockWorkQueue(queue);
    finish(&callback, result, begun);
    CloseHandle(client);
    CloseHandle(server);
}

/* Everything that the shutdown has to end. */
static void path_left(void)
{
    HANDLE events[] = {event, event}, request;
    struct callback callback;
    IRtwqAsyncResult *result = try_result(&callback, 0, 0);
    struct object context;
    DWORD queue;

    object_init(&context);
    if (result) {
        good(RtwqPutWaitingWorkItem(event, 0, result, NULL));
        good(RtwqPutWaitingWorkItem(NULL, 0, result, NULL));
        good(RtwqPutMultipleWaitingWorkItem(2, events, 0, result, NULL));
        good(RtwqScheduleWorkItem(result, -60000, NULL));
        IRtwqAsyncResult_Release(result);
    }
    good(RtwqAddPeriodicCallback(tick, &context.iface, NULL));
    good(RtwqSetDeadline(RTWQ_CALLBACK_QUEUE_STANDARD, 600000000, &request));
    good(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue));
    good(RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queue));
    nudge();
    stop();
    callback_end(&callback);
    ok(!callback.invoked, "%ld came\n", callback.invoked);
    wait_value(&context.refs, 1);
    start();
}

/* ---- measuring ---- */

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
    static const struct {
        const char *name;
        void (*run)(void);
    } paths[] = {{"put", path_put},           {"wait", path_wait},     {"multiple", path_multiple},
                 {"schedule", path_schedule}, {"queues", path_queues}, {"periodic", path_periodic},
                 {"reply", path_reply},       {"class", path_class},   {"deadline", path_deadline},
                 {"join", path_join},         {"left", path_left}};
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
    event = CreateSemaphoreA(NULL, 0, 100, NULL);
    test_first_start();
    ok(core_shutdown(), "the core did not end\n");
    test_handle_count();
    for (unsigned i = 0; i < ARRAY_SIZE(paths); i++)
        test_path(paths[i].name, paths[i].run);
    CloseHandle(event);
}
