/*
 * rtwq.c: the real-time work queues: how many items a second each kind of queue takes and runs, and what
 * scheduling, cancelling and waiting items cost.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define COBJMACROS
#include "../served.h"

#include <windows.h>
#include <wqrtworkq.h>

#define PENDING 1000u /* scheduled or waiting at a time */

/* The calls of rtworkq.dll, whosever it is. */
static struct {
    HRESULT(WINAPI *startup)(void);
    HRESULT(WINAPI *allocate)(RTWQ_WORKQUEUE_TYPE type, DWORD *queue);
    HRESULT(WINAPI *allocate_serial)(DWORD target, DWORD *queue);
    HRESULT(WINAPI *create_result)
    (IUnknown *object, IRtwqAsyncCallback *callback, IUnknown *state, IRtwqAsyncResult **result);
    HRESULT(WINAPI *put)(DWORD queue, LONG priority, IRtwqAsyncResult *result);
    HRESULT(WINAPI *schedule)(IRtwqAsyncResult *result, INT64 timeout, RTWQWORKITEM_KEY *key);
    HRESULT(WINAPI *put_waiting)
    (HANDLE event, LONG priority, IRtwqAsyncResult *result, RTWQWORKITEM_KEY *key);
    HRESULT(WINAPI *cancel)(RTWQWORKITEM_KEY key);
} rtwq;

static void load(void)
{
    HMODULE module = LoadLibraryA("rtworkq.dll");

    if (!module)
        bench_skip("no rtworkq.dll");
    rtwq.startup = (__typeof__(rtwq.startup))bench_function(module, "RtwqStartup");
    rtwq.allocate = (__typeof__(rtwq.allocate))bench_function(module, "RtwqAllocateWorkQueue");
    rtwq.allocate_serial =
        (__typeof__(rtwq.allocate_serial))bench_function(module, "RtwqAllocateSerialWorkQueue");
    rtwq.create_result = (__typeof__(rtwq.create_result))bench_function(module, "RtwqCreateAsyncResult");
    rtwq.put = (__typeof__(rtwq.put))bench_function(module, "RtwqPutWorkItem");
    rtwq.schedule = (__typeof__(rtwq.schedule))bench_function(module, "RtwqScheduleWorkItem");
    rtwq.put_waiting = (__typeof__(rtwq.put_waiting))bench_function(module, "RtwqPutWaitingWorkItem");
    rtwq.cancel = (__typeof__(rtwq.cancel))bench_function(module, "RtwqCancelWorkItem");
}

static void succeed(HRESULT hr, const char *what)
{
    if (FAILED(hr))
        bench_die("%s: %#lx", what, hr);
}

/* ---- items: a result whose state carries the index, all with one callback ---- */

struct state {
    IUnknown iface;
    uint64_t index;
};

static HRESULT WINAPI state_query(IUnknown *iface, REFIID iid, void **out)
{
    (void)iid;
    *out = iface;
    return S_OK;
}

static ULONG WINAPI state_count(IUnknown *iface)
{
    (void)iface;
    return 2; /* never freed */
}

static IUnknownVtbl state_vtbl = {state_query, state_count, state_count};

static HRESULT WINAPI callback_query(IRtwqAsyncCallback *iface, REFIID iid, void **out)
{
    (void)iid;
    *out = iface;
    return S_OK;
}

static ULONG WINAPI callback_count(IRtwqAsyncCallback *iface)
{
    (void)iface;
    return 2;
}

static HRESULT WINAPI callback_parameters(IRtwqAsyncCallback *iface, DWORD *flags, DWORD *queue)
{
    (void)iface;
    (void)flags;
    (void)queue;
    return E_NOTIMPL;
}

static HRESULT WINAPI callback_invoke(IRtwqAsyncCallback *iface, IRtwqAsyncResult *result)
{
    (void)iface;
    bench_ran(CONTAINING_RECORD(IRtwqAsyncResult_GetStateNoAddRef(result), struct state, iface)->index);
    return S_OK;
}

static IRtwqAsyncCallbackVtbl callback_vtbl = {callback_query, callback_count, callback_count,
                                               callback_parameters, callback_invoke};
static IRtwqAsyncCallback callback = {&callback_vtbl};
static struct state *states;
static IRtwqAsyncResult **results; /* NULL: each is made when it is put */

static void states_make(uint64_t count)
{
    states = bench_memory(count, sizeof(*states));
    for (uint64_t i = 0; i < count; i++) {
        states[i].iface.lpVtbl = &state_vtbl;
        states[i].index = i;
    }
}

static IRtwqAsyncResult *result_make(uint64_t index)
{
    IRtwqAsyncResult *result;

    succeed(rtwq.create_result(NULL, &callback, &states[index].iface, &result), "RtwqCreateAsyncResult");
    return result;
}

static void results_make(uint64_t count)
{
    results = bench_memory(count, sizeof(*results));
    for (uint64_t i = 0; i < count; i++)
        results[i] = result_make(i);
}

/* ---- what is measured ---- */

static DWORD queue;

static void put_made(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        succeed(rtwq.put(queue, 0, results[i]), "RtwqPutWorkItem");
}

static void make_and_put(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        IRtwqAsyncResult *result = result_make(i);

        succeed(rtwq.put(queue, 0, result), "RtwqPutWorkItem");
        IRtwqAsyncResult_Release(result);
    }
}

static double measure(uint64_t count)
{
    uint64_t start;

    bench_batch_begin(count);
    start = bench_ticks();
    if (results)
        put_made(count);
    else
        make_and_put(count);
    return bench_ns(bench_batch_wait() - start);
}

static void put(uint64_t most)
{
    uint64_t count, next = 2000;
    double took;

    do {
        count = next;
        took = measure(count);
        next = bench_next(count, took, most);
    } while (next != count);
    bench_result("rate", (double)count / took * 1e3, "M/s");
    bench_result("threads", bench_batch_threads(), "threads");
}

static RTWQWORKITEM_KEY keys[PENDING];

static double cancel_all(void)
{
    uint64_t start = bench_ticks();

    for (unsigned i = 0; i < PENDING; i++)
        succeed(rtwq.cancel(keys[i]), "RtwqCancelWorkItem");
    return bench_ns(bench_ticks() - start) / PENDING;
}

static void schedule(void)
{
    uint64_t start = bench_ticks();

    for (unsigned i = 0; i < PENDING; i++)
        succeed(rtwq.schedule(results[i], -3600000 - (INT64)i, &keys[i]), "RtwqScheduleWorkItem");
    bench_result("schedule", bench_ns(bench_ticks() - start) / PENDING, "ns/item");
    bench_result("cancel", cancel_all(), "ns/item");
}

static void wait(void)
{
    static HANDLE events[PENDING];
    uint64_t start;

    for (unsigned i = 0; i < PENDING; i++) {
        events[i] = CreateEventA(NULL, FALSE, FALSE, NULL);
        if (!events[i])
            bench_die("CreateEvent: error %lu", GetLastError());
    }
    bench_batch_begin(PENDING);
    start = bench_ticks();
    for (unsigned i = 0; i < PENDING; i++)
        succeed(rtwq.put_waiting(events[i], 0, results[i], &keys[i]), "RtwqPutWaitingWorkItem");
    bench_result("wait", bench_ns(bench_ticks() - start) / PENDING, "ns/item");
    start = bench_ticks();
    for (unsigned i = 0; i < PENDING; i++)
        SetEvent(events[i]);
    bench_result("wait_fire", bench_ns(bench_batch_wait() - start) / PENDING, "ns/item");
}

/* serial, multithreaded: which kind of queue, standard without either. make: each result is made for its put and let
 * go of, as programs do; else all are there before, and the put is measured alone. items: so many each time; without,
 * as many as the budget needs. */
static void run(void)
{
    uint64_t items = bench_param("items", 0), most = items ? items : 400000;

    bench_served_queues = true;
    load();
    succeed(rtwq.startup(), "RtwqStartup");
    states_make(most);
    if (!bench_param("make", 0))
        results_make(most);
    if (bench_param("multithreaded", 0))
        succeed(rtwq.allocate(RTWQ_MULTITHREADED_WORKQUEUE, &queue), "RtwqAllocateWorkQueue");
    else
        succeed(rtwq.allocate(RTWQ_STANDARD_WORKQUEUE, &queue), "RtwqAllocateWorkQueue");
    if (bench_param("serial", 0))
        succeed(rtwq.allocate_serial(queue, &queue), "RtwqAllocateSerialWorkQueue");
    if (items) {
        bench_cost(items, measure);
        return;
    }
    put(most);
    if (bench_param("pending", 0)) {
        schedule();
        wait();
    }
}

static const char *const cases[] = {
    "pending=1", "serial=1", "multithreaded=1", "make=1", "serial=1 make=1", "multithreaded=1 make=1", NULL};
static const struct bench_growth growth[] = {
    {"items", "1 10 100 1000 10000 100000 1000000", "", "cost", "ns/item"},
    {0},
};

const struct bench_workload workload_rtwq = {
    "rtwq", "real-time work queues: put, schedule, wait", BENCH_WIN32, cases, growth, run,
};
