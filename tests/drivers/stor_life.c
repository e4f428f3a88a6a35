/*
 * stor_life.c: adapters: starting, requests, stopping, and all that removal promises.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define LEAKED 5

static void check(ULONG status, ULONG expected, const char *what)
{
    kok(status == expected, "%s: status %lx, expected %lx", what, status, expected);
}

static void starts(void)
{
    PDEVICE_OBJECT device;
    struct mini *mini;
    ULONG returned = 0;
    NTSTATUS status;

    if (!stor_second(&device))
        return;
    status = stor_control(device, 5, &returned);
    kok(status == STATUS_NO_SUCH_DEVICE, "a request before the start returned %lx", status);
    check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), 0, "start");
    /* The miniport was called last for this adapter, and wrote its own extension down. */
    mini = stor_second_started(&device);
    if (!mini)
        return;
    kok(mini->found == 1 && mini->initialized == 1 && mini->passive == 1, "found %ld, initialised %ld, %ld",
        mini->found, mini->initialized, mini->passive);
    kok(mini->device == device && mini->context == stor_context && !mini->lower, "given %p, %p, %p",
        mini->device, mini->context, mini->lower);
    kok(mini->level_find == PASSIVE_LEVEL, "HwFindAdapter at level %u", mini->level_find);
    kok(mini->level_initialize == DISPATCH_LEVEL, "HwInitialize at level %u", mini->level_initialize);
    kok(mini->level_passive == PASSIVE_LEVEL, "passive initialisation at level %u", mini->level_passive);
    check(mini->status_in_initialize, 0, "InitializeWorker from HwInitialize");
    stor_second_remove(device);
    stor_second_remove(ktest_driver->DeviceObject);
}

static void passive_only_from_initialize(void)
{
    kok(!StorPortEnablePassiveInitialization(stor_mini, (PHW_PASSIVE_INITIALIZE_ROUTINE)(PVOID)starts),
        "passive initialisation was enabled afterwards");
    kok(stor_mini->passive == 1, "it was called %ld times", stor_mini->passive);
}

static void bad_data(void)
{
    check(stor_bad_size, (ULONG)STATUS_REVISION_MISMATCH, "StorPortInitialize, too small");
    check(stor_bad_routine, (ULONG)STATUS_INVALID_PARAMETER, "StorPortInitialize, no HwStartIo");
    check(StorPortInitialize(NULL, NULL, NULL, NULL), (ULONG)STATUS_INVALID_PARAMETER,
          "StorPortInitialize, nothing");
}

static void failing_starts(void)
{
    static const struct {
        LONG found;
        NTSTATUS status;
    } cases[] = {{SP_RETURN_NOT_FOUND, STATUS_NO_SUCH_DEVICE},
                 {SP_RETURN_ERROR, STATUS_ADAPTER_HARDWARE_ERROR},
                 {SP_RETURN_BAD_CONFIG, STATUS_DEVICE_CONFIGURATION_ERROR}};
    PDEVICE_OBJECT device;

    for (int i = 0; i < 3; i++) {
        if (!stor_second(&device))
            return;
        stor_find = cases[i].found;
        check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), (ULONG)cases[i].status,
              "a start that finds nothing");
        stor_find = SP_RETURN_FOUND;
        stor_second_remove(device);
    }
    if (!stor_second(&device))
        return;
    stor_fail = TRUE;
    check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), (ULONG)STATUS_ADAPTER_HARDWARE_ERROR,
          "a start that fails");
    stor_fail = FALSE;
    stor_second_remove(device);
}

/* ---- requests ---- */

static void requests(void)
{
    struct wqstor_counters before, after;
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    ULONG returned = 0;

    if (!mini)
        return;
    stor_counters(&before);
    check((ULONG)stor_control(device, 42, &returned), 0, "a request");
    kok(returned == 42, "the miniport gave back %lu", returned);
    kok(mini->built == 1 && mini->started == 1, "built %ld, started %ld", mini->built, mini->started);
    kok(mini->level_build == DISPATCH_LEVEL && mini->level_start == DISPATCH_LEVEL, "at levels %u, %u",
        mini->level_build, mini->level_start);
    mini->finish_early = TRUE;
    check((ULONG)stor_control(device, 43, &returned), 0, "a request that HwBuildIo completes");
    kok(returned == 43 && mini->built == 2 && mini->started == 1, "built %ld, started %ld", mini->built,
        mini->started);
    mini->finish_early = FALSE;
    mini->refuse = TRUE;
    check((ULONG)stor_control(device, 44, &returned), (ULONG)STATUS_DEVICE_BUSY,
          "a request that HwStartIo refuses");
    mini->refuse = FALSE;
    stor_counters(&after);
    kok(after.requests == before.requests + 3, "%lu requests", after.requests - before.requests);
    kok(!after.outstanding, "%lu are outstanding", after.outstanding);
    stor_second_remove(device);
}

/* Completed twice, an SRB is completed once. */
static void completed_once(void)
{
    struct wqstor_counters before, after;
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    struct stor_sent sent;
    NTSTATUS status;

    if (!mini)
        return;
    stor_counters(&before);
    mini->hold = TRUE;
    status = stor_control_send(device, 1, &sent);
    check((ULONG)status, (ULONG)STATUS_PENDING, "a request that is kept");
    ktest_wait(&mini->held_one, "HwStartIo");
    kok(StorPortGetSrb(mini, 0, 0, 0, 0) == mini->held, "StorPortGetSrb finds another one");
    StorPortCompleteRequest(mini, 0, 0, 0, SRB_STATUS_ABORTED);
    StorPortNotification(RequestComplete, mini, mini->held);
    ktest_wait(&sent.done, "its completion");
    check((ULONG)sent.io.Status, (ULONG)STATUS_IO_DEVICE_ERROR, "its status");
    kok(!StorPortGetSrb(mini, 0, 0, 0, 0), "the miniport still has it");
    stor_second_remove(device);
    stor_counters(&after);
    kok(after.requests == before.requests + 3, "%lu requests, two of them for PnP",
        after.requests - before.requests);
}

static void unit_extensions(void)
{
    kok(!StorPortGetLogicalUnit(stor_mini, 0, 0, 0), "a unit's extension that nobody asked for");
    kok(!StorPortGetLogicalUnit(NULL, 0, 0, 0), "a unit's extension of no adapter");
}

static void stops_and_restarts(void)
{
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    ULONG returned;

    if (!mini)
        return;
    check((ULONG)stor_pnp(device, IRP_MN_QUERY_STOP_DEVICE), 0, "query stop");
    check((ULONG)stor_pnp(device, IRP_MN_STOP_DEVICE), 0, "stop");
    kok(mini->stopped == 1, "stopped %ld times", mini->stopped);
    check((ULONG)stor_control(device, 1, &returned), (ULONG)STATUS_NO_SUCH_DEVICE, "a request while stopped");
    check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), 0, "start again");
    kok(mini->restarted == 1 && mini->found == 1, "restarted %ld, found %ld", mini->restarted, mini->found);
    check((ULONG)stor_control(device, 7, &returned), 0, "a request after that");
    kok(returned == 7, "the miniport gave back %lu", returned);
    stor_second_remove(device);
}

/* ---- removal ---- */

static struct {
    struct ktest_gate gate;
    KEVENT done;
    volatile LONG runs, early;
    LONG frees;
    ULONG inside[4];
    PVOID worker;
} life;

static void life_reset(void)
{
    RtlZeroMemory(&life, sizeof(life));
    ktest_gate_init(&life.gate);
    KeInitializeEvent(&life.done, NotificationEvent, FALSE);
    life.frees = stor_frees;
    stor_in_request = stor_in_callback = stor_early = FALSE;
}

static VOID NTAPI stay(PVOID extension, PVOID context, PVOID worker)
{
    (void)context;
    ktest_gate_pass(&life.gate);
    life.inside[0] = StorPortQueueWorkItem(extension, stay, worker, NULL);
    life.inside[1] = StorPortFreeWorker(extension, worker);
    life.inside[2] = StorPortFreeWorker(extension, worker);
    InterlockedIncrement(&life.runs);
    stor_in_callback = FALSE;
}

static void NTAPI remove_thread(PVOID device)
{
    stor_pnp(device, IRP_MN_REMOVE_DEVICE);
    KeSetEvent(&life.done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI nothing(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
}

/* Begins the removal in a thread, and opens the gate when it is under way: when no more work items are taken. The
 * moment more gives a removal that does not wait the time to be caught. */
static void remove_and_open(struct mini *mini, PDEVICE_OBJECT device)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000}, moment = {.QuadPart = -500000};
    ULONG status = STOR_STATUS_SUCCESS;

    ktest_thread(remove_thread, device);
    for (int i = 0; i < 30000 && status != STOR_STATUS_INVALID_DEVICE_STATE; i++) {
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
        status = StorPortQueueWorkItem(mini, nothing, mini->worker, NULL);
    }
    check(status, STOR_STATUS_INVALID_DEVICE_STATE, "queue during removal");
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    KeSetEvent(&life.gate.open, 0, FALSE);
    ktest_wait(&life.done, "the removal");
    kok(!stor_early, "the removal did not wait");
    kok(stor_frees == life.frees + 1, "resources were freed %ld times", stor_frees - life.frees);
}

static VOID NTAPI nothing_timer(PVOID extension, PVOID context)
{
    (void)extension, (void)context;
}

static void surprise_removal(void)
{
    struct wqstor_counters counters;
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    PVOID worker = NULL;
    ULONG returned, high;
    KIRQL old;

    if (!mini)
        return;
    check(StorPortInitializeWorker(mini, &worker), 0, "initialise");
    check((ULONG)stor_pnp(device, IRP_MN_QUERY_REMOVE_DEVICE), 0, "query remove");
    check((ULONG)stor_pnp(device, IRP_MN_CANCEL_REMOVE_DEVICE), 0, "cancel remove");
    life_reset();
    KeSetEvent(&life.gate.open, 0, FALSE);
    check(StorPortQueueWorkItem(mini, nothing, worker, NULL), 0, "queue before removal");
    check((ULONG)stor_pnp(device, IRP_MN_SURPRISE_REMOVAL), 0, "surprise removal");
    kok(mini->pnp_surprise == 1, "the miniport heard of it %ld times", mini->pnp_surprise);
    check(StorPortQueueWorkItem(mini, nothing, worker, NULL), STOR_STATUS_INVALID_DEVICE_STATE,
          "queue after that");
    check(StorPortQueueWorkItem(mini, NULL, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
          "parameters come before removal");
    old = KfRaiseIrql(ABOVE_DISPATCH);
    high = StorPortQueueWorkItem(mini, nothing, worker, NULL);
    KeLowerIrql(old);
    check(high, STOR_STATUS_INVALID_IRQL, "the level comes before removal");
    check((ULONG)stor_control(device, 1, &returned), (ULONG)STATUS_NO_SUCH_DEVICE, "a request after that");
    kok(stor_frees == life.frees, "resources were freed");
    stor_quiet(&counters); /* or it might still be queued */
    check(StorPortFreeWorker(mini, worker), 0, "free");
    check((ULONG)stor_pnp(device, IRP_MN_REMOVE_DEVICE), 0, "removal");
    kok(stor_frees == life.frees + 1, "resources were freed %ld times", stor_frees - life.frees);
    check(StorPortQueueWorkItem(mini, nothing, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
          "queue without adapter");
    check(StorPortInitializeWorker(mini, &worker), STOR_STATUS_INVALID_PARAMETER,
          "initialise without adapter");
}

static void removal_waits_for_running(void)
{
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    PVOID worker = NULL;

    if (!mini)
        return;
    life_reset();
    check(StorPortInitializeWorker(mini, &worker), 0, "initialise");
    check(StorPortQueueWorkItem(mini, stay, worker, NULL), 0, "queue");
    ktest_wait(&life.gate.entered, "the callback");
    stor_in_callback = TRUE;
    check((ULONG)stor_pnp(device, IRP_MN_SURPRISE_REMOVAL), 0, "surprise removal");
    remove_and_open(mini, device);
    kok(life.runs == 1, "%ld runs", life.runs);
    check(life.inside[0], STOR_STATUS_INVALID_DEVICE_STATE, "queue from inside, during removal");
    check(life.inside[1], STOR_STATUS_SUCCESS, "free from inside, during removal");
    check(life.inside[2], STOR_STATUS_UNSUCCESSFUL, "free again");
}

static VOID NTAPI count(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
    life.early += stor_frees - life.frees;
    InterlockedIncrement(&life.runs);
}

/* What was queued before the removal runs. */
static void removal_runs_what_is_queued(void)
{
    struct ktest_gate gate;
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    PVOID workers[LEAKED];

    if (!mini || !ktest_block(&gate))
        return;
    life_reset();
    for (int i = 0; i < LEAKED; i++) {
        check(StorPortInitializeWorker(mini, &workers[i]), 0, "initialise");
        check(StorPortQueueWorkItem(mini, count, workers[i], NULL), 0, "queue");
    }
    ktest_thread(remove_thread, device);
    kok(!life.runs, "%ld runs while the worker is blocked", life.runs);
    ktest_unblock(&gate);
    ktest_wait(&life.done, "the removal");
    kok(life.runs == LEAKED && !life.early, "%ld runs, %ld of them too late", life.runs, life.early);
}

static void removal_reclaims(void)
{
    struct wqstor_counters before, after;
    PDEVICE_OBJECT device;
    struct mini *mini;
    PVOID handle;

    stor_counters(&before);
    mini = stor_second_started(&device);
    if (!mini)
        return;
    life_reset();
    for (int i = 0; i < LEAKED; i++) {
        check(StorPortInitializeWorker(mini, &handle), 0, "initialise");
        check(StorPortInitializeTimer(mini, &handle), 0, "initialise a timer");
        check(StorPortRequestTimer(mini, handle, nothing_timer, NULL, 3600000000ull, 0), 0, "request");
    }
    stor_second_remove(device);
    stor_counters(&after);
    kok(after.adapters == before.adapters && after.workers == before.workers && after.timers == before.timers,
        "%lu adapters, %lu workers, %lu timers; before %lu, %lu, %lu", after.adapters, after.workers,
        after.timers, before.adapters, before.workers, before.timers);
    /* and the one that HwInitialize made */
    kok(after.reclaimed == before.reclaimed + 2 * LEAKED + 1, "%lu were reclaimed",
        after.reclaimed - before.reclaimed);
}

static VOID NTAPI complete_held(PVOID extension, PVOID context, PVOID worker)
{
    struct mini *mini = extension;

    (void)context, (void)worker;
    ktest_gate_pass(&life.gate);
    mini->held->SrbStatus = SRB_STATUS_SUCCESS;
    stor_in_request = FALSE;
    StorPortNotification(RequestComplete, extension, mini->held);
}

/* Removal waits for the requests that the miniport has. */
static void removal_waits_for_requests(void)
{
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    struct stor_sent sent;
    PVOID worker = NULL;

    if (!mini)
        return;
    life_reset();
    mini->hold = TRUE;
    check((ULONG)stor_control_send(device, 1, &sent), (ULONG)STATUS_PENDING, "a request that is kept");
    ktest_wait(&mini->held_one, "HwStartIo");
    StorPortInitializeWorker(mini, &worker);
    check(StorPortQueueWorkItem(mini, complete_held, worker, NULL), 0, "queue");
    stor_in_request = TRUE;
    remove_and_open(mini, device);
    ktest_wait(&sent.done, "the request");
    check((ULONG)sent.io.Status, 0, "its status");
}

/* Adapters come and go while others use what is theirs: every call gets a status, and all is given back. */
#define CYCLES 10

static volatile LONG cycling, odd;
static struct mini *volatile cycled;

static void NTAPI pester(PVOID event)
{
    while (cycling) {
        struct mini *mini = cycled;
        PVOID worker = NULL;
        ULONG status = StorPortInitializeWorker(mini, &worker);

        if (!status) {
            status = StorPortQueueWorkItem(mini, nothing, worker, NULL);
            if (status && status != STOR_STATUS_INVALID_DEVICE_STATE &&
                status != STOR_STATUS_INVALID_PARAMETER)
                InterlockedIncrement(&odd);
            StorPortFreeWorker(mini, worker);
        } else if (status != STOR_STATUS_INVALID_PARAMETER && status != STOR_STATUS_INSUFFICIENT_RESOURCES) {
            InterlockedIncrement(&odd);
        }
    }
    KeSetEvent(event, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void removal_among_calls(void)
{
    struct wqstor_counters before, after;
    KEVENT ended[2];

    stor_counters(&before);
    cycling = TRUE;
    odd = 0;
    cycled = NULL;
    for (int i = 0; i < 2; i++) {
        KeInitializeEvent(&ended[i], NotificationEvent, FALSE);
        ktest_thread(pester, &ended[i]);
    }
    for (int i = 0; i < CYCLES; i++) {
        PDEVICE_OBJECT device;

        cycled = stor_second_started(&device);
        if (cycled)
            stor_second_remove(device);
    }
    cycling = FALSE;
    for (int i = 0; i < 2; i++)
        ktest_wait(&ended[i], "the threads");
    stor_counters(&after);
    kok(!odd, "%ld odd statuses", odd);
    kok(after.adapters == before.adapters && after.workers == before.workers,
        "%lu adapters, %lu workers left", after.adapters - before.adapters, after.workers - before.workers);
}

const struct ktest stor_life[] = {
    {"an adapter starts", starts, FALSE, POOL_ANY},
    {"passive initialisation is for HwInitialize only", passive_only_from_initialize, FALSE, POOL_ANY},
    {"StorPortInitialize refuses bad data", bad_data, FALSE, POOL_ANY},
    {"starts that fail", failing_starts, FALSE, POOL_ANY},
    {"requests", requests, FALSE, POOL_ANY},
    {"a request is completed once", completed_once, FALSE, POOL_ANY},
    {"logical units", unit_extensions, FALSE, POOL_ANY},
    {"an adapter stops and restarts", stops_and_restarts, FALSE, POOL_ANY},
    {"surprise removal", surprise_removal, FALSE, POOL_ANY},
    {"removal waits for running work items", removal_waits_for_running, FALSE, POOL_ANY},
    {"removal runs what is queued", removal_runs_what_is_queued, FALSE, POOL_SINGLE},
    {"removal takes back workers and timers", removal_reclaims, FALSE, POOL_ANY},
    {"removal waits for requests", removal_waits_for_requests, FALSE, POOL_ANY},
    {"removal among calls", removal_among_calls, FALSE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
