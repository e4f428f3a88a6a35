/*
 * stor_remove.c: all that the removal of an adapter promises.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define LEAKED 5

static struct {
    struct ktest_gate gate;
    KEVENT done;
    volatile LONG runs, early;
    LONG frees;
    ULONG inside[4];
    PVOID worker;
} removal;

static void removal_reset(void)
{
    RtlZeroMemory(&removal, sizeof(removal));
    ktest_gate_init(&removal.gate);
    KeInitializeEvent(&removal.done, NotificationEvent, FALSE);
    removal.frees = stor_frees;
    stor_in_request = stor_in_callback = stor_early = FALSE;
}

static VOID NTAPI stay(PVOID extension, PVOID context, PVOID worker)
{
    (void)context;
    ktest_gate_pass(&removal.gate);
    removal.inside[0] = StorPortQueueWorkItem(extension, stay, worker, NULL);
    removal.inside[1] = StorPortFreeWorker(extension, worker);
    removal.inside[2] = StorPortFreeWorker(extension, worker);
    InterlockedIncrement(&removal.runs);
    stor_in_callback = FALSE;
}

static void NTAPI remove_thread(PVOID device)
{
    stor_pnp(device, IRP_MN_REMOVE_DEVICE);
    KeSetEvent(&removal.done, 0, FALSE);
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
    stor_check(status, STOR_STATUS_INVALID_DEVICE_STATE, "queue during removal");
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    KeSetEvent(&removal.gate.open, 0, FALSE);
    ktest_wait(&removal.done, "the removal");
    kok(!stor_early, "the removal did not wait");
    kok(stor_frees == removal.frees + 1, "resources were freed %ld times", stor_frees - removal.frees);
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
    stor_check(StorPortInitializeWorker(mini, &worker), 0, "initialise");
    stor_check((ULONG)stor_pnp(device, IRP_MN_QUERY_REMOVE_DEVICE), 0, "query remove");
    stor_check((ULONG)stor_pnp(device, IRP_MN_CANCEL_REMOVE_DEVICE), 0, "cancel remove");
    removal_reset();
    KeSetEvent(&removal.gate.open, 0, FALSE);
    stor_check(StorPortQueueWorkItem(mini, nothing, worker, NULL), 0, "queue before removal");
    stor_check((ULONG)stor_pnp(device, IRP_MN_SURPRISE_REMOVAL), 0, "surprise removal");
    kok(mini->pnp_surprise == 1, "the miniport heard of it %ld times", mini->pnp_surprise);
    stor_check(StorPortQueueWorkItem(mini, nothing, worker, NULL), STOR_STATUS_INVALID_DEVICE_STATE,
               "queue after that");
    stor_check(StorPortQueueWorkItem(mini, NULL, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
               "parameters come before removal");
    old = KfRaiseIrql(ABOVE_DISPATCH);
    high = StorPortQueueWorkItem(mini, nothing, worker, NULL);
    KeLowerIrql(old);
    stor_check(high, STOR_STATUS_INVALID_IRQL, "the level comes before removal");
    stor_check((ULONG)stor_control(device, 1, &returned), (ULONG)STATUS_NO_SUCH_DEVICE,
               "a request after that");
    kok(stor_frees == removal.frees, "resources were freed");
    stor_quiet(&counters); /* or it might still be queued */
    stor_check(StorPortFreeWorker(mini, worker), 0, "free");
    stor_check((ULONG)stor_pnp(device, IRP_MN_REMOVE_DEVICE), 0, "removal");
    kok(stor_frees == removal.frees + 1, "resources were freed %ld times", stor_frees - removal.frees);
    stor_check(StorPortQueueWorkItem(mini, nothing, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue without adapter");
    stor_check(StorPortInitializeWorker(mini, &worker), STOR_STATUS_INVALID_PARAMETER,
               "initialise without adapter");
}

static void removal_waits_for_running(void)
{
    PDEVICE_OBJECT device;
    struct mini *mini = stor_second_started(&device);
    PVOID worker = NULL;

    if (!mini)
        return;
    removal_reset();
    stor_check(StorPortInitializeWorker(mini, &worker), 0, "initialise");
    stor_check(StorPortQueueWorkItem(mini, stay, worker, NULL), 0, "queue");
    ktest_wait(&removal.gate.entered, "the callback");
    stor_in_callback = TRUE;
    stor_check((ULONG)stor_pnp(device, IRP_MN_SURPRISE_REMOVAL), 0, "surprise removal");
    remove_and_open(mini, device);
    kok(removal.runs == 1, "%ld runs", removal.runs);
    stor_check(removal.inside[0], STOR_STATUS_INVALID_DEVICE_STATE, "queue from inside, during removal");
    stor_check(removal.inside[1], STOR_STATUS_SUCCESS, "free from inside, during removal");
    stor_check(removal.inside[2], STOR_STATUS_UNSUCCESSFUL, "free again");
}

static VOID NTAPI count(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
    removal.early += stor_frees - removal.frees;
    InterlockedIncrement(&removal.runs);
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
    removal_reset();
    for (int i = 0; i < LEAKED; i++) {
        stor_check(StorPortInitializeWorker(mini, &workers[i]), 0, "initialise");
        stor_check(StorPortQueueWorkItem(mini, count, workers[i], NULL), 0, "queue");
    }
    ktest_thread(remove_thread, device);
    kok(!removal.runs, "%ld runs while the worker is blocked", removal.runs);
    ktest_unblock(&gate);
    ktest_wait(&removal.done, "the removal");
    kok(removal.runs == LEAKED && !removal.early, "%ld runs, %ld of them too late", removal.runs,
        removal.early);
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
    removal_reset();
    for (int i = 0; i < LEAKED; i++) {
        stor_check(StorPortInitializeWorker(mini, &handle), 0, "initialise");
        stor_check(StorPortInitializeTimer(mini, &handle), 0, "initialise a timer");
        stor_check(StorPortRequestTimer(mini, handle, nothing_timer, NULL, 3600000000ull, 0), 0, "request");
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
    ktest_gate_pass(&removal.gate);
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
    removal_reset();
    mini->hold = TRUE;
    stor_check((ULONG)stor_control_send(device, 1, &sent), (ULONG)STATUS_PENDING, "a request that is kept");
    ktest_wait(&mini->held_one, "HwStartIo");
    StorPortInitializeWorker(mini, &worker);
    stor_check(StorPortQueueWorkItem(mini, complete_held, worker, NULL), 0, "queue");
    stor_in_request = TRUE;
    remove_and_open(mini, device);
    ktest_wait(&sent.done, "the request");
    stor_check((ULONG)sent.io.Status, 0, "its status");
}

const struct ktest stor_remove[] = {
    {"surprise removal", surprise_removal, FALSE, POOL_ANY},
    {"removal waits for running work items", removal_waits_for_running, FALSE, POOL_ANY},
    {"removal runs what is queued", removal_runs_what_is_queued, FALSE, POOL_SINGLE},
    {"removal takes back workers and timers", removal_reclaims, FALSE, POOL_ANY},
    {"removal waits for requests", removal_waits_for_requests, FALSE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
