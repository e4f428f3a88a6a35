/*
 * stor_life.c: adapters: starting, requests, stopping.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

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
    stor_check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), 0, "start");
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
    stor_check(mini->status_in_initialize, 0, "InitializeWorker from HwInitialize");
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
    stor_check(stor_bad_size, (ULONG)STATUS_REVISION_MISMATCH, "StorPortInitialize, too small");
    stor_check(stor_bad_routine, (ULONG)STATUS_INVALID_PARAMETER, "StorPortInitialize, no HwStartIo");
    stor_check(StorPortInitialize(NULL, NULL, NULL, NULL), (ULONG)STATUS_INVALID_PARAMETER,
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
        stor_check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), (ULONG)cases[i].status,
                   "a start that finds nothing");
        stor_find = SP_RETURN_FOUND;
        stor_second_remove(device);
    }
    if (!stor_second(&device))
        return;
    stor_fail = TRUE;
    stor_check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), (ULONG)STATUS_ADAPTER_HARDWARE_ERROR,
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
    stor_check((ULONG)stor_control(device, 42, &returned), 0, "a request");
    kok(returned == 42, "the miniport gave back %lu", returned);
    kok(mini->built == 1 && mini->started == 1, "built %ld, started %ld", mini->built, mini->started);
    kok(mini->level_build == DISPATCH_LEVEL && mini->level_start == DISPATCH_LEVEL, "at levels %u, %u",
        mini->level_build, mini->level_start);
    mini->finish_early = TRUE;
    stor_check((ULONG)stor_control(device, 43, &returned), 0, "a request that HwBuildIo completes");
    kok(returned == 43 && mini->built == 2 && mini->started == 1, "built %ld, started %ld", mini->built,
        mini->started);
    mini->finish_early = FALSE;
    mini->refuse = TRUE;
    stor_check((ULONG)stor_control(device, 44, &returned), (ULONG)STATUS_DEVICE_BUSY,
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
    stor_check((ULONG)status, (ULONG)STATUS_PENDING, "a request that is kept");
    ktest_wait(&mini->held_one, "HwStartIo");
    kok(StorPortGetSrb(mini, 0, 0, 0, 0) == mini->held, "StorPortGetSrb finds another one");
    StorPortCompleteRequest(mini, 0, 0, 0, SRB_STATUS_ABORTED);
    StorPortNotification(RequestComplete, mini, mini->held);
    ktest_wait(&sent.done, "its completion");
    stor_check((ULONG)sent.io.Status, (ULONG)STATUS_IO_DEVICE_ERROR, "its status");
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
    stor_check((ULONG)stor_pnp(device, IRP_MN_QUERY_STOP_DEVICE), 0, "query stop");
    stor_check((ULONG)stor_pnp(device, IRP_MN_STOP_DEVICE), 0, "stop");
    kok(mini->stopped == 1, "stopped %ld times", mini->stopped);
    stor_check((ULONG)stor_control(device, 1, &returned), (ULONG)STATUS_NO_SUCH_DEVICE,
               "a request while stopped");
    stor_check((ULONG)stor_pnp(device, IRP_MN_START_DEVICE), 0, "start again");
    kok(mini->restarted == 1 && mini->found == 1, "restarted %ld, found %ld", mini->restarted, mini->found);
    stor_check((ULONG)stor_control(device, 7, &returned), 0, "a request after that");
    kok(returned == 7, "the miniport gave back %lu", returned);
    stor_second_remove(device);
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
    {NULL, NULL, FALSE, POOL_ANY}};
