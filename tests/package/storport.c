/*
 * storport.c: a miniport outside of the tree: it queues a work item as soon as it has an adapter.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <ddk/wqstorport.h>

#include <wqstor.h>

DRIVER_INITIALIZE DriverEntry;

static VOID NTAPI work(PVOID extension, PVOID context, PVOID worker)
{
    (void)context;
    StorPortFreeWorker(extension, worker);
}

static ULONG NTAPI find_adapter(PVOID extension, PVOID context, PVOID device, PVOID lower, PCHAR arguments,
                                PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    PVOID worker;

    (void)context, (void)device, (void)lower, (void)arguments;
    config->VirtualDevice = TRUE;
    *again = FALSE;
    if (StorPortInitializeWorker(extension, &worker) || StorPortQueueWorkItem(extension, work, worker, NULL))
        return SP_RETURN_ERROR;
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

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    VIRTUAL_HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.HwInitialize = initialize;
    data.HwStartIo = start_io;
    data.HwFindAdapter = find_adapter;
    return (NTSTATUS)StorPortInitialize(driver, path, (PHW_INITIALIZATION_DATA)&data, NULL);
}
