/*
 * driver.c: a measuring driver's entry points: a device that takes one kind of request.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "kernel.h"

#define TEXT_STRING(text)                                                                                    \
    {                                                                                                        \
        sizeof(text) - sizeof(WCHAR), sizeof(text), (PWSTR)(text)                                            \
    }
#define NAME L"\\Device\\" KERNEL_NAME
#define LINK L"\\DosDevices\\" KERNEL_NAME

DRIVER_INITIALIZE DriverEntry;

PDEVICE_OBJECT kernel_device;

/* A port driver has its own, for its devices. */
static PDRIVER_DISPATCH others[IRP_MJ_MAXIMUM_FUNCTION + 1];
static PDRIVER_UNLOAD others_unload;

static NTSTATUS answer(const struct kernel_request *request, struct kernel_answer *answer)
{
    const struct kernel_functions *functions = kernel_functions;

    RtlZeroMemory(answer, sizeof(*answer));
    answer->ours = kernel_ours();
    if (request->api == KERNEL_NONE)
        return STATUS_SUCCESS;
    while (functions->api != request->api && functions->api != KERNEL_NONE)
        functions++;
    if (functions->api == KERNEL_NONE || !request->items || request->items > KERNEL_ITEMS ||
        !request->producers || request->producers > KERNEL_PRODUCERS)
        return STATUS_INVALID_PARAMETER;
    kernel_pass(functions, request, answer);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PIO_STACK_LOCATION stack, PVOID buffer, ULONG_PTR *size)
{
    struct kernel_request request;

    if (stack->Parameters.DeviceIoControl.IoControlCode != KERNEL_IOCTL_PASS ||
        stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(request) ||
        stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(struct kernel_answer))
        return STATUS_INVALID_PARAMETER;
    request = *(struct kernel_request *)buffer; /* the answer goes to the same place */
    *size = sizeof(struct kernel_answer);
    return answer(&request, buffer);
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG_PTR size = 0;

    if (device != kernel_device)
        return others[stack->MajorFunction](device, irp);
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        status = control(stack, irp->AssociatedIrp.SystemBuffer, &size);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = size;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = TEXT_STRING(LINK);

    kernel_stop();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(kernel_device);
    if (others_unload)
        others_unload(driver);
}

static void take_requests(PDRIVER_OBJECT driver)
{
    static const UCHAR taken[] = {IRP_MJ_CREATE, IRP_MJ_CLOSE, IRP_MJ_CLEANUP, IRP_MJ_DEVICE_CONTROL};

    for (ULONG i = 0; i < sizeof(taken); i++) {
        others[taken[i]] = driver->MajorFunction[taken[i]];
        driver->MajorFunction[taken[i]] = dispatch;
    }
    others_unload = driver->DriverUnload;
    driver->DriverUnload = unload;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = TEXT_STRING(NAME), link = TEXT_STRING(LINK);
    NTSTATUS status = kernel_start(driver, path);

    if (status)
        return status;
    take_requests(driver);
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &kernel_device);
    if (!status)
        status = IoCreateSymbolicLink(&link, &name);
    if (status)
        return status;
    kernel_device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
