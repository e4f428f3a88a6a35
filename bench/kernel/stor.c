/*
 * stor.c: StorPortQueueWorkItem, from a virtual miniport with one adapter and a worker for each item.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "kernel.h"

#include <ddk/wqstorport.h>

#include "wqstor.h"

static PVOID adapter; /* the miniport's extension of it */

static VOID NTAPI run(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)worker;
    kernel_ran(context);
}

static bool make(struct kernel_item *item)
{
    return StorPortInitializeWorker(adapter, &item->worker) == STOR_STATUS_SUCCESS;
}

static bool queue(struct kernel_item *item)
{
    return StorPortQueueWorkItem(adapter, run, item->worker, item) == STOR_STATUS_SUCCESS;
}

static void unmake(struct kernel_item *item)
{
    StorPortFreeWorker(adapter, item->worker);
}

const struct kernel_functions kernel_functions[] = {{KERNEL_STOR, make, queue, unmake},
                                                    {KERNEL_NONE, NULL, NULL, NULL}};

/* Nobody else has a WqStorQuery. */
bool kernel_ours(void)
{
    return true;
}

uint64_t kernel_counted(void)
{
    struct wqstor_counters counters;

    WqStorQuery(&counters);
    return counters.work_run;
}

/* ---- a miniport that does nothing ---- */

static ULONG NTAPI find_adapter(PVOID extension, PVOID context, PVOID device, PVOID lower, PCHAR arguments,
                                PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    (void)context, (void)device, (void)lower, (void)arguments;
    adapter = extension;
    config->VirtualDevice = TRUE;
    config->MaximumTransferLength = 0x10000;
    *again = FALSE;
    return SP_RETURN_FOUND;
}

static BOOLEAN NTAPI initialize(PVOID extension)
{
    (void)extension;
    return TRUE;
}

static BOOLEAN NTAPI start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    StorPortNotification(RequestComplete, extension, srb);
    return TRUE;
}

static BOOLEAN NTAPI build_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    (void)extension, (void)srb;
    return TRUE;
}

static BOOLEAN NTAPI reset_bus(PVOID extension, ULONG path)
{
    (void)extension, (void)path;
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS NTAPI adapter_control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type,
                                                         PVOID parameters)
{
    (void)extension, (void)parameters;
    return type == ScsiQuerySupportedControlTypes ? ScsiAdapterControlSuccess
                                                  : ScsiAdapterControlUnsuccessful;
}

static VOID NTAPI free_resources(PVOID extension)
{
    (void)extension;
}

NTSTATUS kernel_start(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    VIRTUAL_HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.HwInitialize = initialize;
    data.HwStartIo = start_io;
    data.HwFindAdapter = find_adapter;
    data.HwResetBus = reset_bus;
    data.HwAdapterControl = adapter_control;
    data.HwBuildIo = build_io;
    data.HwFreeAdapterResources = free_resources;
    data.DeviceExtensionSize = sizeof(ULONG_PTR);
    data.MultipleRequestPerLu = TRUE;
    return (NTSTATUS)StorPortInitialize(driver, path, (PHW_INITIALIZATION_DATA)&data, NULL);
}

void kernel_stop(void)
{
}
