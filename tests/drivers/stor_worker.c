/*
 * stor_worker.c: StorPort's work items.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define QUEUERS 4
#define ROUNDS  2000

static PVOID make(void)
{
    PVOID worker = NULL;
    ULONG status = StorPortInitializeWorker(stor_mini, &worker);

    kok(!status && worker, "InitializeWorker returned %lx, %p", status, worker);
    return worker;
}

static void check(ULONG status, ULONG expected, const char *what)
{
    kok(status == expected, "%s: status %lx, expected %lx", what, status, expected);
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
    PVOID worker = make();

    seen_reset();
    check(StorPortQueueWorkItem(stor_mini, note, worker, &seen), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&seen.done, "the callback");
    kok(seen.extension == stor_mini && seen.context == &seen && seen.worker == worker,
        "called with %p, %p, %p", seen.extension, seen.context, seen.worker);
    kok(seen.level == PASSIVE_LEVEL, "called at level %u", seen.level);
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
    kok(seen.runs == 1, "%ld runs", seen.runs);
}

static void context_may_be_null(void)
{
    PVOID worker = make();

    seen_reset();
    seen.context = &seen;
    check(StorPortQueueWorkItem(stor_mini, note, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&seen.done, "the callback");
    kok(!seen.context, "context %p", seen.context);
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

/* ---- statuses ---- */

static void bad_parameters(void)
{
    PVOID worker = make(), untouched = &seen, timer = NULL;
    int garbage = 0;

    check(StorPortInitializeWorker(NULL, &untouched), STOR_STATUS_INVALID_PARAMETER,
          "initialise, no extension");
    check(StorPortInitializeWorker(&garbage, &untouched), STOR_STATUS_INVALID_PARAMETER,
          "initialise, no adapter's extension");
    check(StorPortInitializeWorker(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "initialise, nowhere");
    kok(untouched == &seen, "a failing call wrote %p", untouched);
    check(StorPortQueueWorkItem(NULL, note, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue, no extension");
    check(StorPortQueueWorkItem(&garbage, note, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue, no adapter's extension");
    check(StorPortQueueWorkItem(stor_mini, NULL, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue, no callback");
    check(StorPortQueueWorkItem(stor_mini, note, NULL, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue, no worker");
    check(StorPortQueueWorkItem(stor_mini, note, &garbage, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue, no worker but memory");
    check(StorPortQueueWorkItem(stor_mini, note, (PVOID)(ULONG_PTR)0xdeadbeef, NULL),
          STOR_STATUS_INVALID_PARAMETER, "queue, no worker nor memory");
    check(StorPortFreeWorker(NULL, worker), STOR_STATUS_INVALID_PARAMETER, "free, no extension");
    check(StorPortFreeWorker(&garbage, worker), STOR_STATUS_INVALID_PARAMETER,
          "free, no adapter's extension");
    check(StorPortFreeWorker(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "free, no worker");
    check(StorPortFreeWorker(stor_mini, &garbage), STOR_STATUS_UNSUCCESSFUL, "free, no worker but memory");
    StorPortInitializeTimer(stor_mini, &timer);
    check(StorPortQueueWorkItem(stor_mini, note, timer, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue a timer");
    check(StorPortFreeWorker(stor_mini, timer), STOR_STATUS_UNSUCCESSFUL, "free a timer as a worker");
    check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free the timer");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

static void freed_workers(void)
{
    PVOID worker = make();

    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_UNSUCCESSFUL, "free again");
    check(StorPortQueueWorkItem(stor_mini, note, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue a freed one");
}

static void anothers_workers(void)
{
    PVOID worker = make();
    PDEVICE_OBJECT device;
    struct mini *other = stor_second_started(&device);

    if (!other)
        return;
    check(StorPortQueueWorkItem(other, note, worker, NULL), STOR_STATUS_INVALID_PARAMETER, "queue another's");
    check(StorPortFreeWorker(other, worker), STOR_STATUS_UNSUCCESSFUL, "free another's");
    stor_second_remove(device);
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

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
    check(made, STOR_STATUS_SUCCESS, "initialise at DISPATCH_LEVEL");
    check(queued, STOR_STATUS_SUCCESS, "queue at DISPATCH_LEVEL");
    check(high[0], STOR_STATUS_INVALID_IRQL, "initialise above");
    check(high[1], STOR_STATUS_INVALID_IRQL, "queue above");
    check(high[2], STOR_STATUS_INVALID_IRQL, "free above");
    check(high[3], STOR_STATUS_INVALID_PARAMETER, "parameters come before the level");
    ktest_wait(&seen.done, "the callback");
    kok(seen.level == PASSIVE_LEVEL, "queued at DISPATCH_LEVEL, called at %u", seen.level);
    old = KfRaiseIrql(DISPATCH_LEVEL);
    freed = StorPortFreeWorker(stor_mini, worker);
    KeLowerIrql(old);
    check(freed, STOR_STATUS_SUCCESS, "free at DISPATCH_LEVEL");
}

static void no_memory(void)
{
    PVOID worker = &seen;
    ULONG status;

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    status = StorPortInitializeWorker(stor_mini, &worker);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    check(status, STOR_STATUS_INSUFFICIENT_RESOURCES, "initialise without memory");
    kok(worker == &seen, "it wrote %p", worker);
}

static void queueing_needs_no_memory(void)
{
    PVOID worker = make();
    ULONG status;

    seen_reset();
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    status = StorPortQueueWorkItem(stor_mini, note, worker, NULL);
    ktest_wait(&seen.done, "the callback");
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    check(status, STOR_STATUS_SUCCESS, "queue without memory");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

/* ---- queued ---- */

static void busy_while_queued(void)
{
    struct ktest_gate gate;
    PVOID worker = make();
    KIRQL old;
    ULONG high;

    seen_reset();
    if (!ktest_block(&gate))
        return;
    check(StorPortQueueWorkItem(stor_mini, note, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    check(StorPortQueueWorkItem(stor_mini, note, worker, NULL), STOR_STATUS_BUSY, "queue again");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_BUSY, "free while queued");
    old = KfRaiseIrql(ABOVE_DISPATCH);
    high = StorPortQueueWorkItem(stor_mini, note, worker, NULL);
    KeLowerIrql(old);
    check(high, STOR_STATUS_INVALID_IRQL, "the level comes before busy");
    kok(!seen.runs, "%ld runs while the worker is blocked", seen.runs);
    ktest_unblock(&gate);
    ktest_wait(&seen.done, "the callback");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
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
    PVOID worker = make();

    inner_reset(100);
    check(StorPortQueueWorkItem(stor_mini, requeue, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&inner.done, "a hundred runs");
    check(inner.status, STOR_STATUS_SUCCESS, "queue from inside");
    kok(inner.runs == 100, "%ld runs", inner.runs);
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
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
    PVOID worker = make();

    inner_reset(1);
    check(StorPortQueueWorkItem(stor_mini, free_self, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&inner.done, "the callback");
    check(inner.status, STOR_STATUS_SUCCESS, "free from inside");
    check(inner.again, STOR_STATUS_INVALID_PARAMETER, "queue after that");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_UNSUCCESSFUL, "free after that");
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
    PVOID worker = make();

    inner_reset(1);
    ktest_gate_init(&gate);
    check(StorPortQueueWorkItem(stor_mini, pass_gate, worker, &gate), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&gate.entered, "the callback");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free while running");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_UNSUCCESSFUL, "free again");
    KeSetEvent(&gate.open, 0, FALSE);
    ktest_wait(&inner.done, "its end");
}

static void queued_while_running(void)
{
    struct ktest_gate gate;
    PVOID worker = make();

    inner_reset(2);
    ktest_gate_init(&gate);
    check(StorPortQueueWorkItem(stor_mini, pass_gate, worker, &gate), STOR_STATUS_SUCCESS, "queue");
    ktest_wait(&gate.entered, "the callback");
    check(StorPortQueueWorkItem(stor_mini, pass_gate, worker, &gate), STOR_STATUS_SUCCESS,
          "queue while running");
    ktest_wait_value(&gate.count, 2, "a second run beside the first");
    KeSetEvent(&gate.open, 0, FALSE);
    ktest_wait(&inner.done, "both ends");
    check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

static VOID NTAPI leave_raised(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
    KfRaiseIrql(DISPATCH_LEVEL);
}

static void level_is_restored(void)
{
    struct wqstor_counters before, after;
    PVOID worker = make(), second = make();

    stor_quiet(&before);
    check(StorPortQueueWorkItem(stor_mini, leave_raised, worker, NULL), STOR_STATUS_SUCCESS, "queue");
    stor_quiet(&after);
    kok(after.bad_levels == before.bad_levels + 1, "%lu reports", after.bad_levels - before.bad_levels);
    for (int i = 0; i < 20; i++) {
        seen_reset();
        check(StorPortQueueWorkItem(stor_mini, note, second, NULL), STOR_STATUS_SUCCESS, "queue");
        ktest_wait(&seen.done, "the callback");
        kok(seen.level == PASSIVE_LEVEL, "level %u", seen.level);
    }
    StorPortFreeWorker(stor_mini, worker);
    StorPortFreeWorker(stor_mini, second);
}

/* ---- races ---- */

static struct {
    volatile LONG queued, run, busy, other, left;
    KEVENT done;
    PVOID worker;
} race;

static VOID NTAPI count_run(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
    InterlockedIncrement(&race.run);
}

static void race_note(ULONG status)
{
    if (!status)
        InterlockedIncrement(&race.queued);
    else if (status == STOR_STATUS_BUSY)
        InterlockedIncrement(&race.busy);
    else
        InterlockedIncrement(&race.other);
}

static void NTAPI race_queue(PVOID context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++)
        race_note(StorPortQueueWorkItem(stor_mini, count_run, race.worker, NULL));
    if (!InterlockedDecrement(&race.left))
        KeSetEvent(&race.done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void race_reset(LONG threads)
{
    RtlZeroMemory(&race, sizeof(race));
    race.left = threads;
    KeInitializeEvent(&race.done, NotificationEvent, FALSE);
}

static void many_queue_one(void)
{
    race_reset(QUEUERS);
    race.worker = make();
    for (int i = 0; i < QUEUERS; i++)
        ktest_thread(race_queue, NULL);
    ktest_wait(&race.done, "the threads");
    ktest_wait_value(&race.run, race.queued, "all that was queued to run");
    kok(!race.other, "%ld calls returned something else than SUCCESS and BUSY", race.other);
    kok(race.queued + race.busy == QUEUERS * ROUNDS, "%ld + %ld", race.queued, race.busy);
    check(StorPortFreeWorker(stor_mini, race.worker), STOR_STATUS_SUCCESS, "free");
}

/* Each thread makes, queues and frees workers of its own, whose callbacks may free them, too. */
static VOID NTAPI race_free(PVOID extension, PVOID context, PVOID worker)
{
    (void)context;
    if (!StorPortFreeWorker(extension, worker))
        InterlockedIncrement(&race.busy);
    InterlockedIncrement(&race.run);
}

static void NTAPI race_make(PVOID context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        PVOID worker = NULL;
        ULONG status = StorPortInitializeWorker(stor_mini, &worker);

        if (!status)
            status = StorPortQueueWorkItem(stor_mini, race_free, worker, NULL);
        race_note(status);
        status = StorPortFreeWorker(stor_mini, worker);
        if (!status)
            InterlockedIncrement(&race.busy);
        else if (status != STOR_STATUS_BUSY && status != STOR_STATUS_UNSUCCESSFUL)
            InterlockedIncrement(&race.other);
    }
    if (!InterlockedDecrement(&race.left))
        KeSetEvent(&race.done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void many_free_each_others(void)
{
    struct wqstor_counters before, after;

    stor_counters(&before);
    race_reset(QUEUERS);
    for (int i = 0; i < QUEUERS; i++)
        ktest_thread(race_make, NULL);
    ktest_wait(&race.done, "the threads");
    ktest_wait_value(&race.run, QUEUERS * ROUNDS, "all callbacks");
    kok(race.queued == QUEUERS * ROUNDS && !race.other, "%ld queued, %ld odd statuses", race.queued,
        race.other);
    kok(race.busy == QUEUERS * ROUNDS, "%ld were freed, once each", race.busy);
    stor_counters(&after);
    kok(after.workers == before.workers, "%lu workers before, %lu after", before.workers, after.workers);
}

const struct ktest stor_worker[] = {
    {"a callback runs once, with its arguments, at PASSIVE_LEVEL", runs_with_its_arguments, FALSE, POOL_ANY},
    {"a context may be NULL", context_may_be_null, FALSE, POOL_ANY},
    {"bad parameters", bad_parameters, FALSE, POOL_ANY},
    {"freed workers", freed_workers, FALSE, POOL_ANY},
    {"another adapter's workers", anothers_workers, FALSE, POOL_ANY},
    {"levels", levels, FALSE, POOL_ANY},
    {"no memory", no_memory, FALSE, POOL_ANY},
    {"queueing needs no memory", queueing_needs_no_memory, FALSE, POOL_ANY},
    {"a queued worker is busy", busy_while_queued, FALSE, POOL_SINGLE},
    {"a callback queues its worker", queues_itself, FALSE, POOL_ANY},
    {"a callback frees its worker", frees_itself, FALSE, POOL_ANY},
    {"a worker is freed while it runs", freed_while_running, FALSE, POOL_ANY},
    {"a worker is queued while it runs", queued_while_running, FALSE, POOL_SEVERAL},
    {"a level left raised is put right", level_is_restored, FALSE, POOL_ANY},
    {"many threads queue one worker", many_queue_one, FALSE, POOL_ANY},
    {"threads and callbacks free the same workers", many_free_each_others, FALSE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
