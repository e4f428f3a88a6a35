/*
 * ramdisk.c: ramdisk.sys, a StorPort miniport with a disk in memory: target 0, unit 0 of bus 0.
 *
 * HwStartIo only puts a command on a list and queues the one worker; the work item serves all that is on the
 * list. That the worker is queued already is as good. With RAMDISK_PLAIN it is a miniport for an adapter of
 * its own kind, else one for a virtual adapter.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"

#include <ddk/wqstorport.h>
#include <ntddscsi.h>

#include "ramdisk.h"

#define DISK_BYTES (RAMDISK_BLOCKS * RAMDISK_BLOCK)

#define OP_TEST_UNIT_READY 0x00
#define OP_INQUIRY         0x12
#define OP_READ_CAPACITY   0x25
#define OP_READ            0x28
#define OP_WRITE           0x2a

#define STATUS_CHECK_CONDITION 0x02
#define SENSE_SIZE             18
#define SENSE_ILLEGAL_REQUEST  0x05
#define ASC_INVALID_OPCODE     0x20
#define ASC_BLOCK_OUT_OF_RANGE 0x21
#define ASC_INVALID_CDB        0x24

DRIVER_INITIALIZE DriverEntry;

struct disk {
    PUCHAR bytes;
    PVOID worker;
    KSPIN_LOCK lock;           /* guards the list and the report */
    PSCSI_REQUEST_BLOCK first; /* by NextSrb */
    PSCSI_REQUEST_BLOCK *last; /* where the next one goes */
    struct ramdisk_report report;
};

static void copy(PVOID to, const void *from, ULONG size)
{
    RtlCopyMemory(to, from, size);
}

static void put_big(PUCHAR to, ULONG value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (UCHAR)(value >> (24 - 8 * i));
}

static ULONG get_big(const UCHAR *from, int size)
{
    ULONG value = 0;

    for (int i = 0; i < size; i++)
        value = value << 8 | from[i];
    return value;
}

/* ---- commands ---- */

static UCHAR fail(PSCSI_REQUEST_BLOCK srb, UCHAR asc)
{
    PUCHAR sense = srb->SenseInfoBuffer;

    srb->ScsiStatus = STATUS_CHECK_CONDITION;
    srb->DataTransferLength = 0;
    if (!sense || srb->SenseInfoBufferLength < SENSE_SIZE)
        return SRB_STATUS_ERROR;
    RtlZeroMemory(sense, SENSE_SIZE);
    sense[0] = 0x70;
    sense[2] = SENSE_ILLEGAL_REQUEST;
    sense[7] = SENSE_SIZE - 8;
    sense[12] = asc;
    srb->SenseInfoBufferLength = SENSE_SIZE;
    return SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID;
}

/* Answers with as much of a block of data as the program has room for. */
static UCHAR answer(PSCSI_REQUEST_BLOCK srb, const UCHAR *data, ULONG size)
{
    if (srb->DataTransferLength > size)
        srb->DataTransferLength = size;
    copy(srb->DataBuffer, data, srb->DataTransferLength);
    return SRB_STATUS_SUCCESS;
}

static UCHAR inquiry(PSCSI_REQUEST_BLOCK srb)
{
    UCHAR data[36] = {0, 0, 5, 2, 31};

    if (srb->Cdb[1]) /* pages of vital product data */
        return fail(srb, ASC_INVALID_CDB);
    copy(data + 8, "wqshim  RAM disk        1.0 ", 28);
    return answer(srb, data, sizeof(data));
}

static UCHAR read_capacity(PSCSI_REQUEST_BLOCK srb)
{
    UCHAR data[8];

    put_big(data, RAMDISK_BLOCKS - 1);
    put_big(data + 4, RAMDISK_BLOCK);
    return answer(srb, data, sizeof(data));
}

static UCHAR transfer(struct disk *disk, PSCSI_REQUEST_BLOCK srb)
{
    ULONG block = get_big(srb->Cdb + 2, 4), count = get_big(srb->Cdb + 7, 2), size = count * RAMDISK_BLOCK;

    if (block >= RAMDISK_BLOCKS || count > RAMDISK_BLOCKS - block)
        return fail(srb, ASC_BLOCK_OUT_OF_RANGE);
    if (size > srb->DataTransferLength)
        return fail(srb, ASC_INVALID_CDB);
    srb->DataTransferLength = size;
    if (srb->Cdb[0] == OP_READ)
        copy(srb->DataBuffer, disk->bytes + block * RAMDISK_BLOCK, size);
    else
        copy(disk->bytes + block * RAMDISK_BLOCK, srb->DataBuffer, size);
    return SRB_STATUS_SUCCESS;
}

static UCHAR execute(struct disk *disk, PSCSI_REQUEST_BLOCK srb)
{
    srb->ScsiStatus = 0;
    switch (srb->Cdb[0]) {
    case OP_TEST_UNIT_READY:
        srb->DataTransferLength = 0;
        return SRB_STATUS_SUCCESS;
    case OP_INQUIRY:
        return inquiry(srb);
    case OP_READ_CAPACITY:
        return read_capacity(srb);
    case OP_READ:
    case OP_WRITE:
        return transfer(disk, srb);
    default:
        return fail(srb, ASC_INVALID_OPCODE);
    }
}

/* ---- the work item ---- */

static PSCSI_REQUEST_BLOCK list_take(struct disk *disk)
{
    PSCSI_REQUEST_BLOCK all;
    KIRQL old;

    KeAcquireSpinLock(&disk->lock, &old);
    all = disk->first;
    disk->first = NULL;
    disk->last = &disk->first;
    KeReleaseSpinLock(&disk->lock, old);
    return all;
}

static void report_thread(struct ramdisk_report *report, ULONG thread)
{
    ULONG known = report->threads < RAMDISK_THREADS_SEEN ? report->threads : RAMDISK_THREADS_SEEN;

    for (ULONG i = 0; i < known; i++)
        if (report->thread[i] == thread)
            return;
    if (report->threads < RAMDISK_THREADS_SEEN)
        report->thread[report->threads] = thread;
    report->threads++;
}

static void report_run(struct disk *disk, ULONG served, KIRQL level)
{
    struct ramdisk_report *report = &disk->report;
    KIRQL old;

    KeAcquireSpinLock(&disk->lock, &old);
    report->commands += served;
    report->work_items++;
    if (served > report->longest)
        report->longest = served;
    report->bad_levels += level != PASSIVE_LEVEL;
    report_thread(report, (ULONG)(ULONG_PTR)PsGetCurrentThreadId());
    KeReleaseSpinLock(&disk->lock, old);
}

static void complete(struct disk *disk, PSCSI_REQUEST_BLOCK srb, UCHAR status)
{
    srb->SrbStatus = status;
    StorPortNotification(RequestComplete, disk, srb);
}

/* What is served is counted before it is completed, so that a program that asks afterwards finds it. */
static VOID NTAPI serve(PVOID extension, PVOID context, PVOID worker)
{
    struct disk *disk = extension;
    PSCSI_REQUEST_BLOCK all = list_take(disk), srb, next;
    KIRQL level = KeGetCurrentIrql();
    ULONG served = 0;

    (void)context, (void)worker;
    for (srb = all; srb; srb = srb->NextSrb) {
        srb->SrbStatus = execute(disk, srb);
        served++;
    }
    if (served) /* a run may find that the one before it took all */
        report_run(disk, served, level);
    for (srb = all; srb; srb = next) {
        next = srb->NextSrb;
        complete(disk, srb, srb->SrbStatus);
    }
}

/* ---- the miniport ---- */

static void put_on_list(struct disk *disk, PSCSI_REQUEST_BLOCK srb)
{
    ULONG status;
    KIRQL old;

    srb->NextSrb = NULL;
    KeAcquireSpinLock(&disk->lock, &old);
    *disk->last = srb;
    disk->last = &srb->NextSrb;
    KeReleaseSpinLock(&disk->lock, old);
    status = StorPortQueueWorkItem(disk, serve, disk->worker, NULL);
    if (status == STOR_STATUS_SUCCESS)
        return;
    if (status == STOR_STATUS_BUSY) {
        InterlockedIncrement((volatile LONG *)&disk->report.busy);
        return;
    }
    /* The adapter is being removed: nobody will come. */
    for (PSCSI_REQUEST_BLOCK all = list_take(disk), next; all; all = next) {
        next = all->NextSrb;
        complete(disk, all, SRB_STATUS_NO_DEVICE);
    }
}

static UCHAR control(struct disk *disk, PSCSI_REQUEST_BLOCK srb)
{
    PSRB_IO_CONTROL asked = srb->DataBuffer;
    KIRQL old;

    if (RtlCompareMemory(asked->Signature, RAMDISK_SIGNATURE, 8) != 8 || asked->ControlCode != RAMDISK_QUERY)
        return SRB_STATUS_INVALID_REQUEST;
    if (asked->Length < sizeof(disk->report))
        return SRB_STATUS_DATA_OVERRUN;
    KeAcquireSpinLock(&disk->lock, &old);
    copy(asked + 1, &disk->report, sizeof(disk->report));
    KeReleaseSpinLock(&disk->lock, old);
    asked->ReturnCode = 0;
    return SRB_STATUS_SUCCESS;
}

static BOOLEAN NTAPI start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    struct disk *disk = extension;

    switch (srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        if (srb->PathId || srb->TargetId)
            complete(disk, srb, SRB_STATUS_NO_DEVICE);
        else if (srb->Lun)
            complete(disk, srb, SRB_STATUS_INVALID_LUN);
        else
            put_on_list(disk, srb);
        break;
    case SRB_FUNCTION_IO_CONTROL:
        complete(disk, srb, control(disk, srb));
        break;
    case SRB_FUNCTION_PNP:
        complete(disk, srb, SRB_STATUS_SUCCESS);
        break;
    default:
        complete(disk, srb, SRB_STATUS_INVALID_REQUEST);
    }
    return TRUE;
}

static ULONG found(struct disk *disk, PPORT_CONFIGURATION_INFORMATION config, ULONG is_virtual)
{
    if (StorPortAllocatePool(disk, DISK_BYTES, 0x6b736472, (PVOID *)&disk->bytes))
        return SP_RETURN_ERROR;
    RtlZeroMemory(disk->bytes, DISK_BYTES);
    KeInitializeSpinLock(&disk->lock);
    disk->last = &disk->first;
    disk->report.is_virtual = is_virtual;
    config->NumberOfBuses = 1;
    config->MaximumNumberOfTargets = 1;
    config->MaximumNumberOfLogicalUnits = 1;
    config->MaximumTransferLength = DISK_BYTES;
    return StorPortInitializeWorker(disk, &disk->worker) ? SP_RETURN_ERROR : SP_RETURN_FOUND;
}

#ifdef RAMDISK_PLAIN
static ULONG NTAPI find_adapter(PVOID extension, PVOID context, PVOID bus, PCHAR arguments,
                                PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN reserved)
{
    (void)context, (void)bus, (void)arguments, (void)reserved;
    return found(extension, config, FALSE);
}
#else
static ULONG NTAPI find_adapter(PVOID extension, PVOID context, PVOID device, PVOID lower, PCHAR arguments,
                                PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    (void)context, (void)device, (void)lower, (void)arguments;
    config->VirtualDevice = TRUE;
    *again = FALSE;
    return found(extension, config, TRUE);
}
#endif

static BOOLEAN NTAPI initialize(PVOID extension)
{
    (void)extension;
    return TRUE;
}

static BOOLEAN NTAPI reset_bus(PVOID extension, ULONG path)
{
    StorPortCompleteRequest(extension, (UCHAR)path, SP_UNTAGGED, SP_UNTAGGED, SRB_STATUS_BUS_RESET);
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS NTAPI adapter_control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type,
                                                         PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    (void)extension;
    if (type == ScsiQuerySupportedControlTypes) {
        list->SupportedTypeList[ScsiStopAdapter] = TRUE;
        list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
    }
    return ScsiAdapterControlSuccess;
}

static VOID NTAPI free_resources(PVOID extension)
{
    struct disk *disk = extension;

    StorPortFreeWorker(disk, disk->worker);
    StorPortFreePool(disk, disk->bytes);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
#ifdef RAMDISK_PLAIN
    HW_INITIALIZATION_DATA data;
#else
    VIRTUAL_HW_INITIALIZATION_DATA data;
#endif

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.HwInitialize = initialize;
    data.HwStartIo = start_io;
    data.HwFindAdapter = find_adapter;
    data.HwResetBus = reset_bus;
    data.HwAdapterControl = adapter_control;
    data.HwFreeAdapterResources = free_resources;
    data.DeviceExtensionSize = sizeof(struct disk);
    data.MapBuffers = STOR_MAP_ALL_BUFFERS;
    data.MultipleRequestPerLu = TRUE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    return (NTSTATUS)StorPortInitialize(driver, path, (PHW_INITIALIZATION_DATA)(PVOID)&data, NULL);
}
