/*
 * pnp.c: Plug and Play: starting, stopping and removing an adapter's device; and whether the system will.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define ENUM_ROOT L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT"
#define NAME_SIZE 512 /* bytes of a key's name or a value, with what the system puts before it */

bool stor_enumerated(const UNICODE_STRING *registry_path);

/* ---- requests ---- */

static NTSTATUS NTAPI passed_down(DEVICE_OBJECT *device, IRP *irp, void *event)
{
    (void)device, (void)irp;
    KeSetEvent(event, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Lets the driver below have the request first. It still has to be completed. */
static NTSTATUS pass_and_wait(struct stor_adapter *adapter, IRP *irp)
{
    KEVENT event;

    if (!adapter->lower)
        return STATUS_SUCCESS;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, passed_down, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(adapter->lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

/* Passes a request on, or completes it with its status if there is nobody below. */
static NTSTATUS pass(DEVICE_OBJECT *lower, IRP *irp)
{
    if (!lower)
        return stor_complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}

static NTSTATUS start(struct stor_adapter *adapter, IRP *irp)
{
    NTSTATUS status = pass_and_wait(adapter, irp);

    if (NT_SUCCESS(status)) {
        bool stopped = __atomic_load_n(&adapter->state, __ATOMIC_ACQUIRE) == STOR_STOPPED;

        status = stopped ? stor_restart(adapter) : stor_start(adapter);
    }
    return stor_complete(irp, status, 0);
}

/* The driver below keeps its device as long as it is in our stack. */
static NTSTATUS remove_device(struct stor_adapter *adapter, IRP *irp)
{
    NTSTATUS status;

    stor_remove(adapter);
    irp->IoStatus.Status = STATUS_SUCCESS;
    if (!adapter->lower) {
        stor_device_delete(adapter);
        return stor_complete(irp, STATUS_SUCCESS, 0);
    }
    status = pass(adapter->lower, irp);
    stor_device_delete(adapter);
    return status;
}

static void surprise(struct stor_adapter *adapter)
{
    stor_remove_begin(adapter);
    if (__atomic_load_n(&adapter->state, __ATOMIC_ACQUIRE) == STOR_STARTED)
        stor_request_pnp(adapter, StorSurpriseRemoval);
}

NTSTATUS stor_pnp(struct stor_adapter *adapter, IRP *irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(adapter, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove_device(adapter, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        surprise(adapter);
        break;
    case IRP_MN_STOP_DEVICE:
        stor_stop(adapter);
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
        break;
    default:
        return pass(adapter->lower, irp);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass(adapter->lower, irp);
}

/* ---- will the system bring a device? ---- */

static HANDLE key_open(HANDLE parent, const WCHAR *name, ULONG bytes)
{
    UNICODE_STRING text = {(USHORT)bytes, (USHORT)bytes, (WCHAR *)name};
    OBJECT_ATTRIBUTES attributes;
    HANDLE key = NULL;

    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, parent, NULL);
    return ZwOpenKey(&key, KEY_READ, &attributes) ? NULL : key;
}

/* The index-th key below one, opened; NULL if there are no more. *more tells that from one that can't be. */
static HANDLE key_below(HANDLE parent, ULONG index, bool *more)
{
    union {
        KEY_BASIC_INFORMATION information;
        UCHAR room[NAME_SIZE];
    } key;
    ULONG size;

    *more = !ZwEnumerateKey(parent, index, KeyBasicInformation, &key, sizeof(key), &size);
    return *more ? key_open(parent, key.information.Name, key.information.NameLength) : NULL;
}

/* Whether a device's key names the service. */
static bool names_service(HANDLE device, const UNICODE_STRING *service)
{
    UNICODE_STRING name, value;
    union {
        KEY_VALUE_PARTIAL_INFORMATION information;
        UCHAR room[NAME_SIZE];
    } data;
    ULONG size;

    RtlInitUnicodeString(&name, L"Service");
    if (ZwQueryValueKey(device, &name, KeyValuePartialInformation, &data, sizeof(data), &size) ||
        data.information.Type != REG_SZ || data.information.DataLength < sizeof(WCHAR))
        return false;
    value.Buffer = (WCHAR *)(void *)data.information.Data;
    value.Length = value.MaximumLength = (USHORT)(data.information.DataLength - sizeof(WCHAR));
    return RtlEqualUnicodeString(&value, service, TRUE);
}

/* Looks depth levels below a key for a device of the service. */
static bool key_search(HANDLE parent, unsigned depth, const UNICODE_STRING *service)
{
    bool found = false, more = true;

    for (ULONG i = 0; more && !found; i++) {
        HANDLE key = key_below(parent, i, &more);

        if (!key)
            continue;
        found = depth > 1 ? key_search(key, depth - 1, service) : names_service(key, service);
        ZwClose(key);
    }
    return found;
}

/* Whether the registry lists a root-enumerated device for the service whose key that is. */
bool stor_enumerated(const UNICODE_STRING *registry_path)
{
    UNICODE_STRING service = *registry_path;
    HANDLE root = key_open(NULL, ENUM_ROOT, sizeof(ENUM_ROOT) - sizeof(WCHAR));
    bool found;

    if (!root)
        return false;
    for (USHORT i = 0; i < registry_path->Length / sizeof(WCHAR); i++)
        if (registry_path->Buffer[i] == L'\\') {
            service.Buffer = registry_path->Buffer + i + 1;
            service.Length = (USHORT)(registry_path->Length - (i + 1) * sizeof(WCHAR));
        }
    found = key_search(root, 2, &service);
    ZwClose(root);
    return found;
}
