/*
 * stor_driver.c: wqstor.sys, a miniport that runs groups of tests on request: through a device of its own,
 * whose requests it takes before the port driver sees them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#include <ntddscsi.h>

#define STOR_DEVICE_NAME L"\\Device\\wqstor"
#define STOR_LINK_NAME   L"\\DosDevices\\wqstor"

DRIVER_INITIALIZE DriverEntry;

PDRIVER_OBJECT ktest_driver;
PDEVICE_OBJECT ktest_device;
BOOLEAN ktest_single;
BOOLEAN ktest_ours = TRUE;
PVOID stor_context = &stor_context;
struct mini *stor_mini;
volatile LONG stor_find = SP_RETURN_FOUND;
volatile LONG stor_fail;
ULONG stor_bad_size, stor_bad_routine;

extern struct ktest_result *ktest_current;
extern void ktest_run(const struct ktest *tests, struct ktest_result *result);

static struct mini *newest; /* the last adapter that was looked for */
static PDRIVER_DISPATCH port_dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
static PDRIVER_UNLOAD port_unload;

static const struct ktest_group groups[] = {
    {"worker", stor_worker}, {"timer", stor_timer},   {"dpc", stor_dpc},         {"helper", stor_helper},
    {"life", stor_life},     {"remove", stor_remove}, {"refused", stor_refused}, {"race", stor_race}};

/* ---- the miniport ---- */

static ULONG NTAPI find_adapter(PVOID extension, PVOID context, PVOID device, PVOID lower, PCHAR arguments,
                                PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    struct mini *mini = extension;

    (void)arguments;
    newest = mini;
    mini->found++;
    mini->level_find = KeGetCurrentIrql();
    mini->device = device;
    mini->context = context;
    mini->lower = lower;
    KeInitializeEvent(&mini->held_one, NotificationEvent, FALSE);
    config->VirtualDevice = TRUE;
    config->MaximumTransferLength = 0x10000;
    *again = FALSE;
    return (ULONG)stor_find;
}

static BOOLEAN NTAPI passive_initialize(PVOID extension)
{
    struct mini *mini = extension;

    mini->passive++;
    mini->level_passive = KeGetCurrentIrql();
    return TRUE;
}

static BOOLEAN NTAPI initialize(PVOID extension)
{
    struct mini *mini = extension;

    mini->initialized++;
    mini->level_initialize = KeGetCurrentIrql();
    mini->status_in_initialize = StorPortInitializeWorker(extension, &mini->worker);
    return StorPortEnablePassiveInitialization(extension, passive_initialize) && !stor_fail;
}

static void complete(struct mini *mini, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_IO_CONTROL) {
        PSRB_IO_CONTROL control = srb->DataBuffer;

        control->ReturnCode = control->ControlCode;
    }
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    StorPortNotification(RequestComplete, mini, srb);
}

static BOOLEAN NTAPI build_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    struct mini *mini = extension;

    mini->built++;
    mini->level_build = KeGetCurrentIrql();
    if (!mini->finish_early)
        return TRUE;
    complete(mini, srb);
    return FALSE;
}

volatile LONG stor_in_request, stor_in_callback, stor_early, stor_frees;

static void pnp(struct mini *mini, PSCSI_PNP_REQUEST_BLOCK srb)
{
    if (srb->PnPAction == StorRemoveDevice && stor_in_request)
        stor_early++;
    if (!(srb->SrbPnPFlags & SRB_PNP_FLAGS_ADAPTER_REQUEST))
        return;
    mini->pnp_remove += srb->PnPAction == StorRemoveDevice;
    mini->pnp_surprise += srb->PnPAction == StorSurpriseRemoval;
}

static BOOLEAN NTAPI start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    struct mini *mini = extension;

    if (srb->Function == SRB_FUNCTION_PNP) {
        pnp(mini, (PSCSI_PNP_REQUEST_BLOCK)srb);
        complete(mini, srb);
        return TRUE;
    }
    mini->started++;
    mini->level_start = KeGetCurrentIrql();
    if (mini->refuse)
        return FALSE;
    if (mini->hold) {
        mini->held = srb;
        KeSetEvent(&mini->held_one, 0, FALSE);
        return TRUE;
    }
    complete(mini, srb);
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
    struct mini *mini = extension;
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    switch (type) {
    case ScsiQuerySupportedControlTypes:
        list->SupportedTypeList[ScsiStopAdapter] = TRUE;
        list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter:
        mini->stopped++;
        return ScsiAdapterControlSuccess;
    case ScsiRestartAdapter:
        mini->restarted++;
        return ScsiAdapterControlSuccess;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
}

static VOID NTAPI free_resources(PVOID extension)
{
    struct mini *mini = extension;

    mini->freed++;
    stor_frees++;
    if (stor_in_callback)
        stor_early++;
}

/* ---- what the tests use ---- */

BOOLEAN stor_second(PDEVICE_OBJECT *device)
{
    NTSTATUS status = ktest_driver->DriverExtension->AddDevice(ktest_driver, NULL);

    *device = ktest_driver->DeviceObject;
    return kok(!status, "AddDevice returned %lx", status);
}

struct mini *stor_second_started(PDEVICE_OBJECT *device)
{
    NTSTATUS status;

    if (!stor_second(device))
        return NULL;
    status = stor_pnp(*device, IRP_MN_START_DEVICE);
    kok(!status, "starting returned %lx", status);
    return status ? NULL : newest;
}

static NTSTATUS NTAPI sent_back(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    (void)device, (void)irp;
    KeSetEvent(event, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS stor_pnp(PDEVICE_OBJECT device, UCHAR minor)
{
    PIRP irp = IoAllocateIrp((CCHAR)(device->StackSize + 1), FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    NTSTATUS status;
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack->MajorFunction = IRP_MJ_PNP;
    stack->MinorFunction = minor;
    IoSetCompletionRoutine(irp, sent_back, &event, TRUE, TRUE, TRUE);
    IoCallDriver(device, irp);
    ktest_wait(&event, "a PnP request");
    status = irp->IoStatus.Status;
    IoFreeIrp(irp);
    return status;
}

void stor_second_remove(PDEVICE_OBJECT device)
{
    NTSTATUS status = stor_pnp(device, IRP_MN_SURPRISE_REMOVAL);

    kok(!status, "surprise removal returned %lx", status);
    status = stor_pnp(device, IRP_MN_REMOVE_DEVICE);
    kok(!status, "removal returned %lx", status);
}

NTSTATUS stor_control_send(PDEVICE_OBJECT device, ULONG code, struct stor_sent *sent)
{
    PIRP irp;

    RtlZeroMemory(&sent->control, sizeof(sent->control));
    sent->control.HeaderLength = sizeof(sent->control);
    sent->control.ControlCode = code;
    KeInitializeEvent(&sent->done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_SCSI_MINIPORT, device, &sent->control, sizeof(sent->control),
                                        &sent->control, sizeof(sent->control), FALSE, &sent->done, &sent->io);
    return irp ? IoCallDriver(device, irp) : STATUS_NO_MEMORY;
}

NTSTATUS stor_control(PDEVICE_OBJECT device, ULONG code, ULONG *returned)
{
    struct stor_sent sent;
    NTSTATUS status = stor_control_send(device, code, &sent);

    if (status == STATUS_PENDING) {
        ktest_wait(&sent.done, "a control request");
        status = sent.io.Status;
    }
    *returned = sent.control.ReturnCode;
    return status;
}

void stor_counters(struct wqstor_counters *counters)
{
    WqStorQuery(counters);
}

void stor_quiet(struct wqstor_counters *counters)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};

    stor_counters(counters);
    for (int i = 0; i < 30000 && counters->work_run != counters->work_queued; i++) {
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
        stor_counters(counters);
    }
    kok(counters->work_run == counters->work_queued, "deadline passed: %lu of %lu work items ran",
        counters->work_run, counters->work_queued);
}

/* ---- the driver ---- */

static BOOLEAN same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static void run_group(struct ktest_request *request, struct ktest_result *result)
{
    struct ktest_request wanted = *request;

    RtlZeroMemory(result, sizeof(*result));
    wanted.group[sizeof(wanted.group) - 1] = 0;
    ktest_single = wanted.single != 0;
    for (ULONG i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (same(groups[i].name, wanted.group)) {
            result->known = 1;
            ktest_run(groups[i].tests, result);
        }
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG_PTR size = 0;

    if (device != ktest_device)
        return port_dispatch[stack->MajorFunction](device, irp);
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        if (stack->Parameters.DeviceIoControl.IoControlCode != KTEST_IOCTL_RUN ||
            stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(struct ktest_request) ||
            stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(struct ktest_result)) {
            status = STATUS_INVALID_PARAMETER;
        } else {
            run_group(irp->AssociatedIrp.SystemBuffer, irp->AssociatedIrp.SystemBuffer);
            size = sizeof(struct ktest_result);
        }
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = size;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = TEXT_STRING(STOR_LINK_NAME);

    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(ktest_device);
    port_unload(driver);
}

/* What StorPortInitialize says to data that is not right. */
static void initialize_badly(PDRIVER_OBJECT driver, PUNICODE_STRING path, VIRTUAL_HW_INITIALIZATION_DATA data)
{
    data.HwInitializationDataSize = 40;
    stor_bad_size = StorPortInitialize(driver, path, (PHW_INITIALIZATION_DATA)&data, NULL);
    data.HwInitializationDataSize = sizeof(data);
    data.HwStartIo = NULL;
    stor_bad_routine = StorPortInitialize(driver, path, (PHW_INITIALIZATION_DATA)&data, NULL);
}

static void take_requests(PDRIVER_OBJECT driver)
{
    static const UCHAR taken[] = {IRP_MJ_CREATE, IRP_MJ_CLOSE, IRP_MJ_CLEANUP, IRP_MJ_DEVICE_CONTROL};

    for (ULONG i = 0; i < sizeof(taken); i++) {
        port_dispatch[taken[i]] = driver->MajorFunction[taken[i]];
        driver->MajorFunction[taken[i]] = dispatch;
    }
    port_unload = driver->DriverUnload;
    driver->DriverUnload = unload;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = TEXT_STRING(STOR_DEVICE_NAME), link = TEXT_STRING(STOR_LINK_NAME);
    VIRTUAL_HW_INITIALIZATION_DATA data;
    NTSTATUS status;

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
    data.DeviceExtensionSize = sizeof(struct mini);
    data.MultipleRequestPerLu = TRUE;
    ktest_driver = driver;
    initialize_badly(driver, path, data);
    status = (NTSTATUS)StorPortInitialize(driver, path, (PHW_INITIALIZATION_DATA)&data, stor_context);
    if (status)
        return status;
    stor_mini = newest;
    take_requests(driver);
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &ktest_device);
    if (!status)
        status = IoCreateSymbolicLink(&link, &name);
    if (status)
        return status;
    ktest_device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
