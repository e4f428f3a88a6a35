/*
 * rdbss.c: a driver outside of the tree that hands work to RDBSS's queues and waits for its end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <ddk/rxtimer.h>
#include <ddk/rxworkq.h>

DRIVER_INITIALIZE DriverEntry;

/* As public as the DDK's: sizes that binary drivers rely on. */
_Static_assert(sizeof(RX_WORK_QUEUE_ITEM) == 5 * sizeof(void *), "");
_Static_assert(sizeof(RX_WORK_DISPATCH_ITEM) == 7 * sizeof(void *), "");
_Static_assert(sizeof(RX_WORK_ITEM) == 5 * sizeof(void *) + 8, "");

static RDBSS_DEVICE_OBJECT *device;
static RX_WORK_QUEUE_ITEM item;

static VOID NTAPI work(PVOID context)
{
    (void)context;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    RxSpinDownMRxDispatcher(device);
    IoDeleteDevice(&device->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT made;
    NTSTATUS status =
        IoCreateDevice(driver, sizeof(*device) - sizeof(made[0]), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &made);

    (void)path;
    if (status)
        return status;
    device = CONTAINING_RECORD(made, RDBSS_DEVICE_OBJECT, DeviceObject);
    driver->DriverUnload = unload;
    RxInitializeMRxDispatcher(device);
    return RxPostToWorkerThread(device, DelayedWorkQueue, &item, work, NULL);
}
