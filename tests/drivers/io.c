/*
 * io.c: Io work items.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#define TAG 0x74737177 /* "wqst" */

/* What a routine saw. */
struct seen {
    KEVENT done;
    volatile LONG runs;
    PVOID object;
    PVOID item;
    KIRQL irql;
};

static void seen_init(struct seen *seen)
{
    RtlZeroMemory(seen, sizeof(*seen));
    KeInitializeEvent(&seen->done, NotificationEvent, FALSE);
}

static void NTAPI see(PDEVICE_OBJECT device, PVOID context)
{
    struct seen *seen = context;

    seen->object = device;
    if (ktest_ours)
        seen->irql = KeGetCurrentIrql();
    InterlockedIncrement(&seen->runs);
    KeSetEvent(&seen->done, 0, FALSE);
}

static void NTAPI see_ex(PVOID object, PVOID context, PIO_WORKITEM item)
{
    ((struct seen *)context)->item = item;
    see(object, context);
}

static void size(void)
{
    ULONG bytes = IoSizeofWorkItem();

    kok(bytes && bytes % 8 == 0 && bytes <= 0x100, "%lu bytes", bytes);
    kok(IoSizeofWorkItem() == bytes, "it changed");
}

static void queued_once(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    struct seen seen;

    seen_init(&seen);
    if (!kok(item != NULL, "no item"))
        return;
    IoQueueWorkItem(item, see, DelayedWorkQueue, &seen);
    ktest_wait(&seen.done, "the routine");
    kok(seen.object == ktest_device, "device %p, expected %p", seen.object, ktest_device);
    kok(seen.irql == PASSIVE_LEVEL, "level %u", seen.irql);
    kok(seen.runs == 1, "%ld runs", seen.runs);
    IoFreeWorkItem(item);
}

static void queued_ex(PVOID object)
{
    PIO_WORKITEM item = IoAllocateWorkItem(object);
    struct seen seen;

    seen_init(&seen);
    IoQueueWorkItemEx(item, see_ex, DelayedWorkQueue, &seen);
    ktest_wait(&seen.done, "the routine");
    kok(seen.object == object && seen.item == item, "object %p, item %p, expected %p, %p", seen.object,
        seen.item, object, item);
    IoFreeWorkItem(item);
}

static void queued_ex_device(void)
{
    queued_ex(ktest_device);
}

static void queued_ex_driver(void)
{
    queued_ex(ktest_driver);
}

/* NULL is passed on, and nothing is referenced. */
static void no_object(void)
{
    queued_ex(NULL);
}

static void every_type(void)
{
    static const LONG types[] = {0, 1, 2, 3, 4, 5, 6, 33, 39, 40, 44, 48, 63};
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    ULONG before = ktest_misuses();
    struct seen seen;

    for (ULONG i = 0; i < ARRAYSIZE(types); i++) {
        seen_init(&seen);
        IoQueueWorkItem(item, see, (WORK_QUEUE_TYPE)types[i], &seen);
        ktest_wait(&seen.done, "the routine");
        kok(seen.runs == 1, "type %ld: %ld runs", types[i], seen.runs);
    }
    kok(ktest_misuses() == before, "%lu reports", ktest_misuses() - before);
    IoFreeWorkItem(item);
}

/* ---- inside the own routine ---- */

struct own {
    KEVENT done;
    PIO_WORKITEM item;
    volatile LONG runs;
    LONG wanted;
};

static void NTAPI free_own(PDEVICE_OBJECT device, PVOID context)
{
    struct own *own = context;

    (void)device;
    IoFreeWorkItem(own->item);
    KeSetEvent(&own->done, 0, FALSE);
}

static void freed_inside(void)
{
    for (int i = 0; i < 100; i++) {
        struct own own = {.item = IoAllocateWorkItem(ktest_device)};

        KeInitializeEvent(&own.done, NotificationEvent, FALSE);
        IoQueueWorkItem(own.item, free_own, DelayedWorkQueue, &own);
        if (!ktest_wait(&own.done, "the routine that frees its item"))
            return;
    }
}

static void NTAPI requeue(PDEVICE_OBJECT device, PVOID context)
{
    struct own *own = context;

    (void)device;
    if (InterlockedIncrement(&own->runs) < own->wanted)
        IoQueueWorkItem(own->item, requeue, DelayedWorkQueue, own);
    else
        KeSetEvent(&own->done, 0, FALSE);
}

static void requeued_inside(void)
{
    struct own own = {.item = IoAllocateWorkItem(ktest_device), .wanted = 1000};
    ULONG before = ktest_misuses();

    KeInitializeEvent(&own.done, NotificationEvent, FALSE);
    IoQueueWorkItem(own.item, requeue, DelayedWorkQueue, &own);
    ktest_wait(&own.done, "1000 runs");
    kok(own.runs == 1000, "%ld runs", own.runs);
    kok(ktest_misuses() == before, "%lu reports", ktest_misuses() - before);
    IoFreeWorkItem(own.item);
}

/* ---- two runs at a time ---- */

struct overlap {
    struct ktest_gate gate;
    struct seen second;
    KEVENT first_left;
};

static void NTAPI overlap_first(PVOID object, PVOID context, PIO_WORKITEM item)
{
    struct overlap *overlap = context;

    (void)object;
    (void)item;
    ktest_gate_pass(&overlap->gate);
    KeSetEvent(&overlap->first_left, 0, FALSE);
}

/* As soon as the routine runs the item may be queued with another one, and freed after that one. */
static void requeued_while_running(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    struct overlap overlap;

    ktest_gate_init(&overlap.gate);
    seen_init(&overlap.second);
    KeInitializeEvent(&overlap.first_left, NotificationEvent, FALSE);
    IoQueueWorkItemEx(item, overlap_first, DelayedWorkQueue, &overlap);
    ktest_wait(&overlap.gate.entered, "the first run");
    IoQueueWorkItemEx(item, see_ex, CriticalWorkQueue, &overlap.second);
    ktest_wait(&overlap.second.done, "the second run beside the first");
    IoFreeWorkItem(item);
    KeSetEvent(&overlap.gate.open, 0, FALSE);
    ktest_wait(&overlap.first_left, "the end of the first run");
}

/* ---- memory of the caller ---- */

struct block {
    KEVENT *done;
    ULONG fill;
};

static void NTAPI end_block(PVOID object, PVOID context, PIO_WORKITEM item)
{
    struct block *block = context;
    KEVENT *done = block->done;

    (void)object;
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(block, TAG);
    KeSetEvent(done, 0, FALSE);
}

static void initialized(void)
{
    ULONG bytes = sizeof(struct block) + IoSizeofWorkItem(), before = ktest_misuses();
    KEVENT done;

    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    for (int i = 0; i < 100; i++) {
        struct block *block = ExAllocatePoolWithTag(NonPagedPool, bytes, TAG);
        PIO_WORKITEM item = (PIO_WORKITEM)(block + 1);

        block->done = &done;
        IoInitializeWorkItem(ktest_device, item);
        IoUninitializeWorkItem(item);
        IoInitializeWorkItem(ktest_device, item);
        IoQueueWorkItemEx(item, end_block, DelayedWorkQueue, block);
        if (!ktest_wait(&done, "the routine that frees its block"))
            return;
    }
    kok(ktest_misuses() == before, "%lu reports", ktest_misuses() - before);
}

/* ---- the object ---- */

struct deletion {
    struct ktest_gate gate;
    PDEVICE_OBJECT device;
    ULONG extension;
    KEVENT left;
};

static void NTAPI look_at_deleted(PDEVICE_OBJECT device, PVOID context)
{
    struct deletion *deletion = context;

    ktest_gate_pass(&deletion->gate);
    deletion->extension = *(ULONG *)device->DeviceExtension;
    KeSetEvent(&deletion->left, 0, FALSE);
}

/* A device that is deleted while its routine runs stays until the routine has returned. */
static void deleted_while_running(void)
{
    PIO_WORKITEM item;
    struct deletion deletion = {.device = NULL};
    NTSTATUS status = IoCreateDevice(ktest_driver, 64, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &deletion.device);

    if (!kok(!status, "IoCreateDevice returned %lx", status))
        return;
    *(ULONG *)deletion.device->DeviceExtension = 0x12345678;
    ktest_gate_init(&deletion.gate);
    KeInitializeEvent(&deletion.left, NotificationEvent, FALSE);
    item = IoAllocateWorkItem(deletion.device);
    IoQueueWorkItem(item, look_at_deleted, DelayedWorkQueue, &deletion);
    ktest_wait(&deletion.gate.entered, "the routine");
    IoDeleteDevice(deletion.device);
    KeSetEvent(&deletion.gate.open, 0, FALSE);
    ktest_wait(&deletion.left, "the routine's end");
    kok(deletion.extension == 0x12345678, "the extension holds %lx", deletion.extension);
    IoFreeWorkItem(item);
}

/* ---- trials ---- */

static void try_idle(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    LARGE_INTEGER millisecond = {.QuadPart = -10000};
    struct seen seen;
    BOOLEAN taken = FALSE;

    /* The worker of the test before may not be idle yet. */
    seen_init(&seen);
    for (int i = 0; i < 30000 && !taken; i++) {
        taken = IoTryQueueWorkItem(item, see_ex, DelayedWorkQueue, &seen);
        if (!taken)
            KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
    }
    if (kok(taken, "refused although nothing runs"))
        ktest_wait(&seen.done, "the routine");
    kok(seen.item == item && seen.runs == 1, "item %p, %ld runs", seen.item, seen.runs);
    IoFreeWorkItem(item);
}

static void try_blocked(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    struct ktest_gate gate;
    struct seen seen;

    seen_init(&seen);
    ktest_block(&gate);
    kok(!IoTryQueueWorkItem(item, see_ex, DelayedWorkQueue, &seen), "taken although the worker is blocked");
    IoQueueWorkItemEx(item, see_ex, DelayedWorkQueue, &seen); /* no misuse: it is not queued */
    ktest_unblock(&gate);
    ktest_wait(&seen.done, "the routine");
    kok(seen.runs == 1, "%ld runs", seen.runs);
    IoFreeWorkItem(item);
}

const struct ktest ktest_io[] = {
    {"an item's size is a multiple of 8, at most 256", size, BUILTIN_ENDS, POOL_ANY},
    {"the routine gets the device and runs once", queued_once, BUILTIN_PASSES, POOL_ANY},
    {"an extended routine gets the item", queued_ex_device, BUILTIN_ENDS, POOL_ANY},
    {"the object may be a driver", queued_ex_driver, BUILTIN_ENDS, POOL_ANY},
    {"the object may be NULL", no_object, BUILTIN_ENDS, POOL_ANY},
    {"every queue type is served", every_type, BUILTIN_PASSES, POOL_ANY},
    {"a routine may free its item", freed_inside, BUILTIN_PASSES, POOL_ANY},
    {"a routine may queue its item again", requeued_inside, BUILTIN_PASSES, POOL_ANY},
    {"an item may be queued while its routine runs", requeued_while_running, BUILTIN_ENDS, POOL_SEVERAL},
    {"items in memory of the caller", initialized, BUILTIN_ENDS, POOL_ANY},
    {"a deleted device stays while its routine runs", deleted_while_running, BUILTIN_PASSES, POOL_ANY},
    {"a trial is taken when a worker is idle", try_idle, BUILTIN_ENDS, POOL_ANY},
    {"a trial is refused when none is, and leaves nothing behind", try_blocked, BUILTIN_ENDS, POOL_SINGLE},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
