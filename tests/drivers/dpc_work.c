/*
 * dpc_work.c: work items that are queued from deferred procedure calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

/* ---- from a timer's ---- */

/* A device's time-out: the DPC queues the work, as drivers have it. */
struct timeout {
    KDPC dpc;
    KTIMER timer;
    WORK_QUEUE_ITEM item;
    volatile LONG queued; /* the driver's own guard */
    volatile LONG runs;
    KIRQL level;
    KEVENT done;
};

static void NTAPI timeout_work(PVOID context)
{
    struct timeout *timeout = context;

    timeout->level = ktest_ours ? KeGetCurrentIrql() : PASSIVE_LEVEL;
    InterlockedExchange(&timeout->queued, 0);
    if (InterlockedIncrement(&timeout->runs) == 5)
        KeSetEvent(&timeout->done, 0, FALSE);
}

static void NTAPI timeout_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct timeout *timeout = context;

    if (!InterlockedExchange(&timeout->queued, 1))
        ExQueueWorkItem(&timeout->item, DelayedWorkQueue);
}

static void timer_queues_work(void)
{
    static struct timeout timeout;
    LARGE_INTEGER due = {.QuadPart = -10000};

    RtlZeroMemory(&timeout, sizeof(timeout));
    KeInitializeEvent(&timeout.done, NotificationEvent, FALSE);
    KeInitializeDpc(&timeout.dpc, timeout_dpc, &timeout);
    KeInitializeTimerEx(&timeout.timer, SynchronizationTimer);
    ExInitializeWorkItem(&timeout.item, timeout_work, &timeout);
    KeSetTimerEx(&timeout.timer, due, 1, &timeout.dpc);
    ktest_wait(&timeout.done, "five time-outs");
    KeCancelTimer(&timeout.timer);
    KeFlushQueuedDpcs();
    ktest_wait_value(&timeout.queued, 0, "the last work");
    kok(timeout.level == PASSIVE_LEVEL, "level %u", timeout.level);
}

/* ---- of all kinds ---- */

struct handed {
    KDPC dpc;
    PIO_WORKITEM io, io_ex, io_try;
    WORK_QUEUE_ITEM ex;
    volatile LONG runs;
    LONG expected;
    KIRQL highest;
    KEVENT queued;
};

static void handed_count(struct handed *handed)
{
    KIRQL level = KeGetCurrentIrql();

    if (level > handed->highest)
        handed->highest = level;
    InterlockedIncrement(&handed->runs);
}

static void NTAPI handed_ex(PVOID context)
{
    handed_count(context);
}

static void NTAPI handed_io(PDEVICE_OBJECT device, PVOID context)
{
    handed_count(context);
}

static void NTAPI handed_io_ex(PVOID object, PVOID context, PIO_WORKITEM item)
{
    handed_count(context);
}

static void NTAPI hand(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct handed *handed = context;

    IoQueueWorkItem(handed->io, handed_io, DelayedWorkQueue, handed);
    IoQueueWorkItemEx(handed->io_ex, handed_io_ex, CriticalWorkQueue, handed);
    ExQueueWorkItem(&handed->ex, CustomPriorityWorkQueue + 10);
    handed->expected = 3 + IoTryQueueWorkItem(handed->io_try, handed_io_ex, DelayedWorkQueue, handed);
    kok_level(DISPATCH_LEVEL);
    KeSetEvent(&handed->queued, 0, FALSE);
}

static void work_from_dpc(void)
{
    struct handed handed;

    RtlZeroMemory(&handed, sizeof(handed));
    KeInitializeEvent(&handed.queued, NotificationEvent, FALSE);
    handed.io = IoAllocateWorkItem(ktest_device);
    handed.io_ex = IoAllocateWorkItem(ktest_device);
    handed.io_try = IoAllocateWorkItem(ktest_device);
    ExInitializeWorkItem(&handed.ex, handed_ex, &handed);
    KeInitializeDpc(&handed.dpc, hand, &handed);
    KeInsertQueueDpc(&handed.dpc, NULL, NULL);
    ktest_wait(&handed.queued, "the DPC");
    ktest_wait_value(&handed.runs, handed.expected, "what the DPC queued");
    kok(handed.highest == PASSIVE_LEVEL, "a work routine ran at level %u", handed.highest);
    KeFlushQueuedDpcs();
    IoFreeWorkItem(handed.io);
    IoFreeWorkItem(handed.io_ex);
    IoFreeWorkItem(handed.io_try);
}

const struct ktest ktest_dpc_work[] = {
    {"a timer's DPC queues work", timer_queues_work, BUILTIN_ENDS, POOL_ANY},
    {"a DPC queues work items of all kinds", work_from_dpc, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
