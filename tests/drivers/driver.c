/*
 * driver.c: the test driver's entry points: makes the device, runs groups of tests on request.
 *
 * The device's dispatch routine runs the tests, DriverEntry and Unload queue something of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

DRIVER_INITIALIZE DriverEntry;

PDRIVER_OBJECT ktest_driver;
PDEVICE_OBJECT ktest_device;
BOOLEAN ktest_single;
BOOLEAN ktest_ours;

extern void ktest_run(const struct ktest *tests, struct ktest_result *result);

/* Where DriverEntry ran. In a dispatch routine Wine takes the caller's process for the current one. */
static HANDLE own_process;

static const struct ktest_group groups[] = {{"io", ktest_io},         {"ex", ktest_ex},
                                            {"irql", ktest_irql},     {"locks", ktest_locks},
                                            {"dpc", ktest_dpc},       {"dpc_work", ktest_dpc_work},
                                            {"places", ktest_places}, {"waits", ktest_waits},
                                            {"misuse", ktest_misuse}, {"misuse_state", ktest_misuse_state},
                                            {"timer", ktest_timer},   {"flood", ktest_flood}};

static void run_group(struct ktest_request *request, struct ktest_result *result)
{
    struct ktest_request wanted = *request;

    RtlZeroMemory(result, sizeof(*result));
    ktest_single = wanted.single != 0;
    for (ULONG i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        const char *a = groups[i].name, *b = wanted.group;

        while (*a && *a == *b) {
            a++;
            b++;
        }
        if (*a != *b)
            continue;
        result->known = 1;
        ktest_run(groups[i].tests, result);
    }
}

/* Returns the status and sets the number of bytes of output. */
static NTSTATUS control(PIO_STACK_LOCATION stack, PVOID buffer, ULONG_PTR *size)
{
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case KTEST_IOCTL_RUN:
        if (input < sizeof(struct ktest_request) || output < sizeof(struct ktest_result))
            return STATUS_BUFFER_TOO_SMALL;
        run_group(buffer, buffer);
        *size = sizeof(struct ktest_result);
        return STATUS_SUCCESS;
    case KTEST_IOCTL_PROCESS:
        if (output < sizeof(ULONG))
            return STATUS_BUFFER_TOO_SMALL;
        *(ULONG *)buffer = (ULONG)(ULONG_PTR)own_process;
        *size = sizeof(ULONG);
        return STATUS_SUCCESS;
    case KTEST_IOCTL_MISBEHAVE:
        ktest_misbehave();
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;

    (void)device;
    irp->IoStatus.Information = 0;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        status = control(stack, irp->AssociatedIrp.SystemBuffer, &irp->IoStatus.Information);
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* Nothing of ours is queued when it returns, nor what DriverEntry queued if nobody asked for that. */
static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = TEXT_STRING(KTEST_LINK_NAME);

    (void)driver;
    ktest_unload_place();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(ktest_device);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = TEXT_STRING(KTEST_DEVICE_NAME), link = TEXT_STRING(KTEST_LINK_NAME);
    UNICODE_STRING query = TEXT_STRING(L"WqNtMisuseQuery");
    NTSTATUS status;

    (void)path;
    ktest_driver = driver;
    own_process = PsGetCurrentProcessId();
    ktest_ours = MmGetSystemRoutineAddress(&query) != NULL;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &ktest_device);
    if (status)
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (status) {
        IoDeleteDevice(ktest_device);
        return status;
    }
    ktest_device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    ktest_place_begin(&ktest_entry_place);
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
