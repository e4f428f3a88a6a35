/*
 * stor_worker.c: StorPort's work items.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

PVOID stor_make_worker(void)
{
    PVOID worker = NULL;
    ULONG status = StorPortInitializeWorker(stor_mini, &worker);

    kok(!status && worker, "InitializeWorker returned %lx, %p", status, worker);
    return worker;
}

/* ---- one run ---- */

static struct {
    KEVENT done;
    PVOID extension, context, worker;
    KIRQL level;
    volatile LONG runs;
} seen;

static VOID NTAPI note(PVOID extension, PVOID context, PVOID worker)
{
    seen.extension = extension;
    seen.context = context;
    seen.worker = worker;
    seen.level = KeGetCurrentIrql();
    InterlockedIncrement(&seen.runs);
    KeSetEvent(&seen.done, 0, FALSE);
}

static void seen_reset(void)
{
    RtlZeroMemory(&seen, sizeof(seen));
    KeInitializeEvent(&seen.done, NotificationEvent, FALSE);
}

/* The order of a callback's arguments is another one than that of queueing. */
static void runs_with_its_arguments(void)
{
    PVOID worker = stor_make_worker();

    seen_reset();
    stor_check(StorPortQueueWorkItem(stor_mini, note, worker, &seen), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&seen.done, "the callback");
    kok(seen.extension == stor_mini && seen.context == &seen && seen.worker == worker,
        "called with %p, %p, %p", seen.extension, seen.context, seen.worker);
    kok(seen.level == PASSIVE_LEVEL, "called at level %u", seen.level);
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
    kok(seen.runs == 1, "%ld runs", seen.runs);
}

static void context_may_be_null(void)
{
    PVOID worker = stor_make_worker();

    seen_reset();
    seen.context = &seen;
    stor_check(StorPortQueueWorkItem(stor_mini, note, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&seen.done, "the callback");
    kok(!seen.context, "context %p", seen.context);
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

/* ---- levels and memory ---- */

static void levels(void)
{
    PVOID worker = NULL, other = NULL;
    ULONG made, queued, freed, high[4];
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);

    seen_reset();
    made = StorPortInitializeWorker(stor_mini, &worker);
    queued = StorPortQueueWorkItem(stor_mini, note, worker, NULL);
    KfRaiseIrql(ABOVE_DISPATCH);
    high[0] = StorPortInitializeWorker(stor_mini, &other);
    high[1] = StorPortQueueWorkItem(stor_mini, note, worker, NULL);
    high[2] = StorPortFreeWorker(stor_mini, worker);
    high[3] = StorPortQueueWorkItem(stor_mini, NULL, worker, NULL);
    KeLowerIrql(old);
    stor_check(made, STOR_STATUS_SUCCESS, "initialise at DISPATCH_LEVEL");
    stor_check(queued, STOR_STATUS_SUCCESS, "queue at DISPATCH_LEVEL");
    stor_check(high[0], STOR_STATUS_INVALID_IRQL, "initialise above");
    stor_check(high[1], STOR_STATUS_INVALID_IRQL, "queue above");
    stor_check(high[2], STOR_STATUS_INVALID_IRQL, "free above");
    stor_check(high[3], STOR_STATUS_INVALID_PARAMETER, "parameters come before the level");
    ktest_wait(&seen.done, "the callback");
    kok(seen.level == PASSIVE_LEVEL, "queued at DISPATCH_LEVEL, called at %u", seen.level);
    old = KfRaiseIrql(DISPATCH_LEVEL);
    freed = StorPortFreeWorker(stor_mini, worker);
    KeLowerIrql(old);
    stor_check(freed, STOR_STATUS_SUCCESS, "free at DISPATCH_LEVEL");
}

static void no_memory(void)
{
    PVOID worker = &seen;
    ULONG status;

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    status = StorPortInitializeWorker(stor_mini, &worker);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    stor_check(status, STOR_STATUS_INSUFFICIENT_RESOURCES, "initialise without memory");
    kok(worker == &seen, "it wrote %p", worker);
}

static void queueing_needs_no_memory(void)
{
    PVOID worker = stor_make_worker();
    ULONG status;

    seen_reset();
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    status = StorPortQueueWorkItem(stor_mini, note, worker, NULL);
    ktest_wait(&seen.done, "the callback");
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    stor_check(status, STOR_STATUS_SUCCESS, "queue without memory");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

/* ---- queued ---- */

static void busy_while_queued(void)
{
    struct ktest_gate gate;
    PVOID worker = stor_make_worker();
    KIRQL old;
    ULONG high;

    seen_reset();
    if (!ktest_block(&gate))
        return;
    stor_check(StorPortQueueWorkItem(stor_mini, note, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    stor_check(StorPortQueueWorkItem(stor_mini, note, worker, NULL), STOR_STATUS_BUSY, "queue again");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_BUSY, "free while queued");
    old = KfRaiseIrql(ABOVE_DISPATCH);
    high = StorPortQueueWorkItem(stor_mini, note, worker, NULL);
    KeLowerIrql(old);
    stor_check(high, STOR_STATUS_INVALID_IRQL, "the level comes before busy");
    kok(!seen.runs, "%ld runs while the worker is blocked", seen.runs);
    ktest_unblock(&gate);
    ktest_wait(&seen.done, "the callback");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
    kok(seen.runs == 1, "%ld runs", seen.runs);
}

/* ---- from inside the callback ---- */

static struct {
    KEVENT done;
    volatile LONG runs, wanted;
    ULONG status, again;
    PVOID worker;
} inner;

static void inner_reset(LONG wanted)
{
    RtlZeroMemory(&inner, sizeof(inner));
    inner.wanted = wanted;
    KeInitializeEvent(&inner.done, NotificationEvent, FALSE);
}

static VOID NTAPI requeue(PVOID extension, PVOID context, PVOID worker)
{
    if (InterlockedIncrement(&inner.runs) < inner.wanted)
        inner.status |= StorPortQueueWorkItem(extension, requeue, worker, context);
    else
        KeSetEvent(&inner.done, 0, FALSE);
}

static void queues_itself(void)
{
    PVOID worker = stor_make_worker();

    inner_reset(100);
    stor_check(StorPortQueueWorkItem(stor_mini, requeue, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&inner.done, "a hundred runs");
    stor_check(inner.status, STOR_STATUS_SUCCESS, "queue from inside");
    kok(inner.runs == 100, "%ld runs", inner.runs);
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

static VOID NTAPI free_self(PVOID extension, PVOID context, PVOID worker)
{
    (void)context;
    inner.status = StorPortFreeWorker(extension, worker);
    inner.again = StorPortQueueWorkItem(extension, free_self, worker, NULL);
    KeSetEvent(&inner.done, 0, FALSE);
}

static void frees_itself(void)
{
    PVOID worker = stor_make_worker();

    inner_reset(1);
    stor_check(StorPortQueueWorkItem(stor_mini, free_self, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&inner.done, "the callback");
    stor_check(inner.status, STOR_STATUS_SUCCESS, "free from inside");
    stor_check(inner.again, STOR_STATUS_INVALID_PARAMETER, "queue after that");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_UNSUCCESSFUL, "free after that");
}

static VOID NTAPI pass_gate(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)worker;
    ktest_gate_pass(context);
    if (InterlockedIncrement(&inner.runs) == inner.wanted)
        KeSetEvent(&inner.done, 0, FALSE);
}

static void freed_while_running(void)
{
    struct ktest_gate gate;
    PVOID worker = stor_make_worker();

    inner_reset(1);
    ktest_gate_init(&gate);
    stor_check(StorPortQueueWorkItem(stor_mini, pass_gate, worker, &gate), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&gate.entered, "the callback");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free while running");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_UNSUCCESSFUL, "free again");
    KeSetEvent(&gate.open, 0, FALSE);
    ktest_wait(&inner.done, "its end");
}

static void queued_while_running(void)
{
    struct ktest_gate gate;
    PVOID worker = stor_make_worker();

    inner_reset(2);
    ktest_gate_init(&gate);
    stor_check(StorPortQueueWorkItem(stor_mini, pass_gate, worker, &gate), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&gate.entered, "the callback");
    stor_check(StorPortQueueWorkItem(stor_mini, pass_gate, worker, &gate), STOR_STATUS_SUCCESS,
               "queue while running");
    ktest_wait_value(&gate.count, 2, "a second run beside the first");
    KeSetEvent(&gate.open, 0, FALSE);
    ktest_wait(&inner.done, "both ends");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

static VOID NTAPI leave_raised(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
    KfRaiseIrql(DISPATCH_LEVEL);
}

static void level_is_restored(void)
{
    struct wqstor_counters before, after;
    PVOID worker = stor_make_worker(), second = stor_make_worker();

    stor_quiet(&before);
    stor_check(StorPortQueueWorkItem(stor_mini, leave_raised, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    stor_quiet(&after);
    kok(after.bad_levels == before.bad_levels + 1, "%lu reports", after.bad_levels - before.bad_levels);
    for (int i = 0; i < 20; i++) {
        seen_reset();
        stor_check(StorPortQueueWorkItem(stor_mini, note, second, NULL), STOR_STATUS_SUCCESS, "queue");
        ktest_wait(&seen.done, "the callback");
        kok(seen.level == PASSIVE_LEVEL, "level %u", seen.level);
    }
    StorPortFreeWorker(stor_mini, worker);
    StorPortFreeWorker(stor_mini, second);
}

const struct ktest stor_worker[] = {
    {"a callback runs once, with its arguments, at PASSIVE_LEVEL", runs_with_its_arguments, FALSE, POOL_ANY},
    {"a context may be NULL", context_may_be_null, FALSE, POOL_ANY},
    {"levels", levels, FALSE, POOL_ANY},
    {"no memory", no_memory, FALSE, POOL_ANY},
    {"queueing needs no memory", queueing_needs_no_memory, FALSE, POOL_ANY},
    {"a queued worker is busy", busy_while_queued, FALSE, POOL_SINGLE},
    {"a callback queues its worker", queues_itself, FALSE, POOL_ANY},
    {"a callback frees its worker", frees_itself, FALSE, POOL_ANY},
    {"a worker is freed while it runs", freed_while_running, FALSE, POOL_ANY},
    {"a worker is queued while it runs", queued_while_running, FALSE, POOL_SEVERAL},
    {"a level left raised is put right", level_is_restored, FALSE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
