/*
 * driver.c: StorPortInitialize, adapters' device objects, and what the system calls.
 *
 * Where the registry lists a root-enumerated device for the driver's service, the system brings the adapter
 * (AddDevice). Wine enumerates nothing else; so without one the adapter is made at once, as port drivers did
 * before Plug and Play, and lives until the driver is unloaded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define NUMBERS      100 /* of adapters in names */
#define DRIVERS      64
#define DEVICE_MAGIC 0x524f5453 /* "STOR" */

/* A device object's extension. */
struct stor_device {
    ULONG magic;     /* C: miniports may have devices of their own */
    void *extension; /* C: the miniport's, by which the adapter is found */
};

/* Wine has no extensions of driver objects. */
static struct stor_driver *drivers[DRIVERS]; /* A */

bool stor_enumerated(const UNICODE_STRING *registry_path);

struct stor_driver *stor_driver_of(DRIVER_OBJECT *object)
{
    for (unsigned i = 0; i < DRIVERS; i++) {
        struct stor_driver *driver = __atomic_load_n(&drivers[i], __ATOMIC_ACQUIRE);

        if (driver && driver->object == object)
            return driver;
    }
    return NULL;
}

/* Keeps a copy of what a driver said. */
static NTSTATUS driver_keep(const struct stor_driver *filled, struct stor_driver **kept)
{
    struct stor_driver *driver;

    if (stor_driver_of(filled->object))
        return STATUS_OBJECT_NAME_COLLISION;
    driver = wq_alloc(sizeof(*driver));
    if (!driver)
        return STATUS_INSUFFICIENT_RESOURCES;
    *driver = *filled;
    for (unsigned i = 0; i < DRIVERS; i++) {
        struct stor_driver *expected = NULL;

        if (__atomic_compare_exchange_n(&drivers[i], &expected, driver, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
            *kept = driver;
            return STATUS_SUCCESS;
        }
    }
    wq_free(driver);
    return STATUS_INSUFFICIENT_RESOURCES;
}

static void driver_forget(struct stor_driver *driver)
{
    for (unsigned i = 0; i < DRIVERS; i++)
        if (__atomic_load_n(&drivers[i], __ATOMIC_RELAXED) == driver)
            __atomic_store_n(&drivers[i], NULL, __ATOMIC_RELEASE);
    wq_free(driver);
}

NTSTATUS stor_complete(IRP *irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* The adapter of a device, in use until stor_adapter_drop; NULL if it has none any more. */
static struct stor_adapter *adapter_of(DEVICE_OBJECT *device)
{
    const struct stor_device *own = device->DeviceExtension;

    return own && own->magic == DEVICE_MAGIC ? stor_adapter_find(own->extension) : NULL;
}

/* ---- device objects ---- */

struct name {
    UNICODE_STRING text;
    WCHAR buffer[40];
};

/* Makes a name of a prefix, a number and a suffix. */
static UNICODE_STRING *name_make(struct name *name, const WCHAR *prefix, ULONG number, const WCHAR *suffix)
{
    USHORT length = 0;

    while (*prefix)
        name->buffer[length++] = *prefix++;
    if (number >= 10)
        name->buffer[length++] = (WCHAR)(L'0' + number / 10);
    name->buffer[length++] = (WCHAR)(L'0' + number % 10);
    while (*suffix)
        name->buffer[length++] = *suffix++;
    name->text = (UNICODE_STRING){(USHORT)(length * sizeof(WCHAR)), sizeof(name->buffer), name->buffer};
    return &name->text;
}

static UNICODE_STRING *link_name(struct name *name, ULONG number)
{
    return name_make(name, L"\\DosDevices\\Scsi", number, L":");
}

/* Makes the device object under the first number whose names are free. */
static NTSTATUS device_make(DRIVER_OBJECT *driver, DEVICE_OBJECT **device, ULONG *number)
{
    struct name name, link;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    for (*number = 0; *number < NUMBERS; ++*number) {
        name_make(&name, L"\\Device\\RaidPort", *number, L"");
        status = IoCreateDevice(driver, sizeof(struct stor_device), &name.text, FILE_DEVICE_CONTROLLER, 0,
                                FALSE, device);
        if (!status) {
            status = IoCreateSymbolicLink(link_name(&link, *number), &name.text);
            if (!status)
                return STATUS_SUCCESS;
            IoDeleteDevice(*device);
        }
        if (status != STATUS_OBJECT_NAME_COLLISION && status != STATUS_OBJECT_NAME_EXISTS)
            break;
    }
    return status;
}

NTSTATUS stor_device_create(struct stor_driver *driver, DEVICE_OBJECT *physical, struct stor_adapter **made)
{
    DEVICE_OBJECT *device;
    struct stor_adapter *adapter;
    struct stor_device *own;
    struct name link;
    ULONG number;
    NTSTATUS status = device_make(driver->object, &device, &number);

    if (status)
        return status;
    adapter = stor_adapter_create(driver, device);
    if (!adapter) {
        IoDeleteSymbolicLink(link_name(&link, number));
        IoDeleteDevice(device);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    adapter->number = number;
    adapter->physical = physical;
    if (physical)
        adapter->lower = IoAttachDeviceToDeviceStack(device, physical);
    own = device->DeviceExtension;
    own->magic = DEVICE_MAGIC;
    own->extension = adapter->extension;
    device->Flags |= DO_BUFFERED_IO;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    *made = adapter;
    return STATUS_SUCCESS;
}

void stor_device_delete(struct stor_adapter *adapter)
{
    struct stor_driver *driver = adapter->driver;
    DEVICE_OBJECT *device = adapter->device, *lower = adapter->lower;
    struct name link;

    IoDeleteSymbolicLink(link_name(&link, adapter->number));
    if (driver->legacy == adapter)
        driver->legacy = NULL;
    stor_adapter_destroy(adapter);
    if (lower)
        IoDetachDevice(lower);
    IoDeleteDevice(device);
}

/* ---- entry points ---- */

static NTSTATUS NTAPI dispatch_open(DEVICE_OBJECT *device, IRP *irp)
{
    struct stor_adapter *adapter = adapter_of(device);

    if (!adapter)
        return stor_complete(irp, STATUS_NO_SUCH_DEVICE, 0);
    stor_adapter_drop(adapter);
    return stor_complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI dispatch_close(DEVICE_OBJECT *device, IRP *irp)
{
    (void)device;
    return stor_complete(irp, STATUS_SUCCESS, 0);
}

/* While the request is under way adapter->requests keeps the adapter. */
static NTSTATUS NTAPI dispatch_control(DEVICE_OBJECT *device, IRP *irp)
{
    struct stor_adapter *adapter = adapter_of(device);
    NTSTATUS status;

    if (!adapter)
        return stor_complete(irp, STATUS_NO_SUCH_DEVICE, 0);
    if (__atomic_load_n(&adapter->removing, __ATOMIC_ACQUIRE) ||
        __atomic_load_n(&adapter->state, __ATOMIC_ACQUIRE) != STOR_STARTED ||
        !stor_rundown_hold(&adapter->requests))
        status = stor_complete(irp, STATUS_NO_SUCH_DEVICE, 0);
    else
        status = stor_ioctl(adapter, irp);
    stor_adapter_drop(adapter);
    return status;
}

/* The request that removes a device waits for all users. */
static NTSTATUS NTAPI dispatch_pnp(DEVICE_OBJECT *device, IRP *irp)
{
    bool removes = IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE;
    struct stor_adapter *adapter = adapter_of(device);
    NTSTATUS status;

    if (!adapter)
        return stor_complete(irp, STATUS_NO_SUCH_DEVICE, 0);
    if (removes)
        stor_adapter_drop(adapter);
    status = stor_pnp(adapter, irp);
    if (!removes)
        stor_adapter_drop(adapter);
    return status;
}

static NTSTATUS pass_down(DEVICE_OBJECT *device, IRP *irp, NTSTATUS without)
{
    struct stor_adapter *adapter = adapter_of(device);
    DEVICE_OBJECT *lower = adapter ? adapter->lower : NULL;

    if (adapter)
        stor_adapter_drop(adapter);
    if (!lower)
        return stor_complete(irp, without, 0);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}

static NTSTATUS NTAPI dispatch_power(DEVICE_OBJECT *device, IRP *irp)
{
    return pass_down(device, irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI dispatch_system(DEVICE_OBJECT *device, IRP *irp)
{
    return pass_down(device, irp, STATUS_INVALID_DEVICE_REQUEST);
}

/* The system brings a device. */
NTSTATUS NTAPI stor_add_device(DRIVER_OBJECT *object, DEVICE_OBJECT *physical)
{
    struct stor_driver *driver = stor_driver_of(object); /* none if StorPortInitialize failed */
    struct stor_adapter *adapter;

    return driver ? stor_device_create(driver, physical, &adapter) : STATUS_NO_SUCH_DEVICE;
}

static void NTAPI unload(DRIVER_OBJECT *object)
{
    struct stor_driver *driver = stor_driver_of(object);
    struct stor_adapter *adapter = driver ? driver->legacy : NULL;

    if (adapter) {
        stor_remove(adapter);
        stor_device_delete(adapter);
    }
    if (driver)
        driver_forget(driver);
}

/* ---- StorPortInitialize ---- */

static NTSTATUS driver_fill(struct stor_driver *driver, DRIVER_OBJECT *object,
                            const HW_INITIALIZATION_DATA *data, void *context)
{
    ULONG size = data->HwInitializationDataSize;

    if (size < FIELD_OFFSET(HW_INITIALIZATION_DATA, HwFreeAdapterResources))
        return STATUS_REVISION_MISMATCH;
    memset(driver, 0, sizeof(*driver));
    memcpy(&driver->data, data, size < sizeof(driver->data) ? size : sizeof(driver->data));
    if (!data->HwInitialize || !data->HwStartIo || !data->HwFindAdapter)
        return STATUS_INVALID_PARAMETER;
    driver->object = object;
    driver->context = context;
    driver->is_virtual = size == sizeof(VIRTUAL_HW_INITIALIZATION_DATA);
    return STATUS_SUCCESS;
}

static void driver_hook(DRIVER_OBJECT *object)
{
    object->MajorFunction[IRP_MJ_CREATE] = dispatch_open;
    object->MajorFunction[IRP_MJ_CLOSE] = dispatch_close;
    object->MajorFunction[IRP_MJ_CLEANUP] = dispatch_close;
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_control;
    object->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    object->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    object->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_system;
    object->DriverExtension->AddDevice = stor_add_device;
    object->DriverUnload = unload;
}

static NTSTATUS legacy_start(struct stor_driver *driver)
{
    struct stor_adapter *adapter;
    NTSTATUS status = stor_device_create(driver, NULL, &adapter);

    if (status)
        return status;
    driver->legacy = adapter;
    status = stor_start(adapter);
    if (status) {
        stor_remove(adapter);
        stor_device_delete(adapter);
    }
    return status;
}

/* Makes the driver a miniport, once. Argument1 and Argument2 are those of DriverEntry, from which it is called at
 * PASSIVE_LEVEL; the data is copied. HwContext is passed to HwFindAdapter. The driver may replace
 * DriverUnload afterwards, but must call ours from its own.
 *
 * Returns an NTSTATUS: STATUS_REVISION_MISMATCH (the data is too small), STATUS_INVALID_PARAMETER (a routine is
 * missing), STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_COLLISION (it is one), or, where the adapter is made at once, what its start failed with. */
ULONG NTAPI StorPortInitialize(PVOID Argument1, PVOID Argument2, PHW_INITIALIZATION_DATA HwInitializationData,
                               PVOID HwContext)
{
    DRIVER_OBJECT *object = Argument1;
    struct stor_driver filled, *driver;
    NTSTATUS status;

    if (!object || !Argument2 || !HwInitializationData)
        return (ULONG)STATUS_INVALID_PARAMETER;
    status = driver_fill(&filled, object, HwInitializationData, HwContext);
    if (!status)
        status = driver_keep(&filled, &driver);
    if (status)
        return (ULONG)status;
    driver_hook(object);
    if (!stor_enumerated(Argument2))
        status = legacy_start(driver);
    if (status)
        driver_forget(driver);
    return (ULONG)status;
}
