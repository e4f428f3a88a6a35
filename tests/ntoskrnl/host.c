/*
 * host.c: what winedevice does for a driver, in small: makes objects, calls entry points, sends requests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "../drivers/ddk.h"
#define KTEST_DRIVER
#include "../drivers/ktest.h"

typedef int BOOL;
#include "host.h"
#include "wqcore.h"

__declspec(dllimport) PDRIVER_OBJECT NTAPI HostDriver(void);
__declspec(dllimport) LONG NTAPI HostReferences(void *object);
__declspec(dllimport) void NTAPI HostDelete(void *object);

DRIVER_INITIALIZE DriverEntry;
extern struct ktest_result *ktest_current;

static PDRIVER_OBJECT driver;

LONG host_start(void)
{
    UNICODE_STRING path = TEXT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\wqtest");

    driver = HostDriver();
    return DriverEntry(driver, &path);
}

LONG host_run(const char *group, BOOL single, struct ktest_result *result)
{
    struct ktest_request *request = (struct ktest_request *)result; /* METHOD_BUFFERED */
    IO_STACK_LOCATION stack;
    IRP irp;

    memset(&irp, 0, sizeof(irp));
    memset(&stack, 0, sizeof(stack));
    memset(result, 0, sizeof(*result));
    request->single = (ULONG)single;
    memcpy(request->group, group, strlen(group) + 1);
    irp.StackCount = irp.CurrentLocation = 1;
    irp.Tail.Overlay.CurrentStackLocation = &stack;
    irp.AssociatedIrp.SystemBuffer = result;
    stack.MajorFunction = IRP_MJ_DEVICE_CONTROL;
    stack.Parameters.DeviceIoControl.IoControlCode = KTEST_IOCTL_RUN;
    stack.Parameters.DeviceIoControl.InputBufferLength = sizeof(*request);
    stack.Parameters.DeviceIoControl.OutputBufferLength = sizeof(*result);
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL](ktest_device, &irp);
    return irp.IoStatus.Status;
}

LONG host_references_settled(void *object, LONG expected)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};

    for (int i = 0; i < 30000 && HostReferences(object) != expected; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
    return HostReferences(object);
}

LONG host_stop(void)
{
    LONG left;

    ObfReferenceObject(ktest_device);
    driver->DriverUnload(driver);
    left = host_references_settled(ktest_device, 1) - 1 + host_references_settled(driver, 1) - 1;
    HostDelete(ktest_device);
    HostDelete(driver);
    return left;
}

/* ---- references ---- */

static void NTAPI pass(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    ktest_gate_pass(context);
}

const char *host_references(void)
{
    static struct ktest_result ignored;
    PDRIVER_OBJECT own = HostDriver();
    const char *wrong = NULL;
    PDEVICE_OBJECT device;
    struct ktest_gate gate;
    PIO_WORKITEM item;

    ktest_current = &ignored;
    ktest_gate_init(&gate);
    if (IoCreateDevice(own, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device))
        return "no device";
    ObfReferenceObject(device); /* ours, to look at it */
    item = IoAllocateWorkItem(device);
    if (HostReferences(device) != 2)
        wrong = "allocating took a reference";
    IoQueueWorkItem(item, pass, DelayedWorkQueue, &gate);
    if (HostReferences(device) != 3)
        wrong = "no reference was taken by queueing";
    ktest_wait(&gate.entered, "the routine");
    IoDeleteDevice(device);
    if (HostReferences(device) != 2)
        wrong = "the reference was dropped before the routine returned";
    KeSetEvent(&gate.open, 0, FALSE);
    if (host_references_settled(device, 1) != 1)
        wrong = "the reference was not dropped after the routine";
    IoFreeWorkItem(item);
    HostDelete(device);
    HostDelete(own);
    return ignored.failures ? "the routine did not run" : wrong;
}

/* ---- memory ---- */

const char *host_no_memory(void)
{
    static struct ktest_result ignored;
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    const char *wrong = NULL;
    struct ktest_gate gate;

    ktest_current = &ignored;
    ktest_gate_init(&gate);
    KeSetEvent(&gate.open, 0, FALSE);
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    if (IoAllocateWorkItem(ktest_device))
        wrong = "an item was allocated without memory";
    for (int i = 0; i < 1000 && !ignored.failures; i++) {
        LONG before = gate.count;

        IoQueueWorkItem(item, pass, DelayedWorkQueue, &gate);
        ktest_wait_value(&gate.count, before + 1, "an item that is queued without memory");
    }
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    IoFreeWorkItem(item);
    return ignored.failures ? "an item did not run without memory" : wrong;
}

static void NTAPI nothing(PVOID context)
{
    (void)context;
}

void host_misuse(void)
{
    static WORK_QUEUE_ITEM item;

    ExInitializeWorkItem(&item, nothing, NULL);
    ExQueueWorkItem(&item, (WORK_QUEUE_TYPE)MaximumWorkQueue);
}
