/*
 * dpc.c: DPCs and the adapter's locks.
 *
 * A KDPC's list entry, routine and context are, field for field, an item of the core, so a DPC is queued
 * without memory, in the driver's own. The queue is serial: a DPC never runs beside itself or beside another
 * of its adapter, as if they were all meant for one processor.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

_Static_assert(sizeof(struct wq_lock) <= sizeof(KSPIN_LOCK), "a lock fits");
_Static_assert(offsetof(KDPC, DeferredRoutine) - offsetof(KDPC, DpcListEntry) ==
                       offsetof(struct wq_item, routine) &&
                   offsetof(KDPC, DeferredContext) - offsetof(KDPC, DpcListEntry) ==
                       offsetof(struct wq_item, param),
               "part of a KDPC is a wq_item");

static struct wq_item *dpc_item(STOR_DPC *dpc)
{
    return (struct wq_item *)(void *)&dpc->Dpc.DpcListEntry;
}

void stor_dpc_initialize(struct stor_adapter *adapter, STOR_DPC *dpc, PHW_DPC_ROUTINE routine)
{
    memset(dpc, 0, sizeof(*dpc));
    dpc->Dpc.Importance = MediumImportance;
    dpc->Dpc.DeferredRoutine = (PKDEFERRED_ROUTINE)(void *)routine;
    dpc->Dpc.DeferredContext = adapter->extension;
}

bool stor_dpc_issue(struct stor_adapter *adapter, STOR_DPC *dpc, void *argument1, void *argument2)
{
    void *expected = NULL;

    if (!dpc->Dpc.DeferredRoutine || dpc->Dpc.DeferredContext != adapter->extension)
        return false;
    if (!stor_rundown_hold(&adapter->work))
        return false;
    if (!__atomic_compare_exchange_n((void **)(ULONG_PTR)&dpc->Dpc.DpcData, &expected, adapter, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        stor_rundown_drop(&adapter->work);
        return false;
    }
    dpc->Dpc.SystemArgument1 = argument1;
    dpc->Dpc.SystemArgument2 = argument2;
    wq_queue_submit(adapter->dpcs, dpc_item(dpc), 0);
    return true;
}

void WQ_CALL stor_dpc_run(struct wq_item *item)
{
    STOR_DPC *dpc = CONTAINING_RECORD(item, STOR_DPC, Dpc.DpcListEntry);
    PHW_DPC_ROUTINE routine = (PHW_DPC_ROUTINE)(void *)item->routine;
    struct stor_adapter *adapter = dpc->Dpc.DpcData;
    void *argument1 = dpc->Dpc.SystemArgument1, *argument2 = dpc->Dpc.SystemArgument2;
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);

    /* From here on it may be issued again. */
    __atomic_store_n((void **)(ULONG_PTR)&dpc->Dpc.DpcData, NULL, __ATOMIC_RELEASE);
    routine(dpc, adapter->extension, argument1, argument2);
    stor_level_check(DISPATCH_LEVEL, (void *)routine);
    KeLowerIrql(old);
    STOR_COUNT(dpcs_run);
    stor_rundown_drop(&adapter->work);
}

ULONG stor_dpc_cancel(struct stor_adapter *adapter, STOR_DPC *dpc)
{
    if (!dpc)
        return STOR_STATUS_INVALID_PARAMETER;
    if (__atomic_load_n((void **)(ULONG_PTR)&dpc->Dpc.DpcData, __ATOMIC_ACQUIRE) != adapter ||
        !wq_queue_cancel(adapter->dpcs, dpc_item(dpc)))
        return STOR_STATUS_UNSUCCESSFUL;
    __atomic_store_n((void **)(ULONG_PTR)&dpc->Dpc.DpcData, NULL, __ATOMIC_RELEASE);
    stor_rundown_drop(&adapter->work);
    return STOR_STATUS_SUCCESS;
}

/* A KSPIN_LOCK's word serves as a lock of the core: its waiters sleep. A spinning one, which on Windows the level
 * keeps short, would wait here for a holder, or in a queue for a next one, that has lost its processor. */
static void lock_take(KSPIN_LOCK *lock, KIRQL level, STOR_LOCK_HANDLE *handle)
{
    KIRQL old = KfRaiseIrql(level);

    wq_lock_take((struct wq_lock *)(void *)lock);
    handle->Context.LockQueue.Lock = lock;
    handle->Context.OldIrql = old;
}

ULONG stor_lock_acquire(struct stor_adapter *adapter, STOR_SPINLOCK lock, void *context,
                        STOR_LOCK_HANDLE *handle)
{
    if (!handle || (lock == DpcLock && !context))
        return STOR_STATUS_INVALID_PARAMETER;
    switch (lock) {
    case DpcLock:
        lock_take(&((STOR_DPC *)context)->Lock, DISPATCH_LEVEL, handle);
        break;
    case StartIoLock:
        lock_take(&adapter->start_lock, DISPATCH_LEVEL, handle);
        break;
    case InterruptLock:
        lock_take(&adapter->interrupt_lock, STOR_SYNCH_LEVEL, handle);
        break;
    default:
        return STOR_STATUS_INVALID_PARAMETER;
    }
    handle->Lock = lock;
    return STOR_STATUS_SUCCESS;
}

void stor_lock_release(STOR_LOCK_HANDLE *handle)
{
    KIRQL old = handle->Context.OldIrql;

    if (!handle->Context.LockQueue.Lock)
        return; /* it was refused */
    wq_lock_drop((struct wq_lock *)(void *)handle->Context.LockQueue.Lock);
    KeLowerIrql(old);
}

/* Calls routine(HwDeviceExtension, Context) with the interrupt lock held. At or below SYNCH_LEVEL. */
VOID NTAPI StorPortSynchronizeAccess(PVOID HwDeviceExtension,
                                     PSTOR_SYNCHRONIZED_ACCESS SynchronizedAccessRoutine, PVOID Context)
{
    struct stor_adapter *adapter = stor_adapter_find(HwDeviceExtension);
    STOR_LOCK_HANDLE handle;

    if (!adapter)
        return;
    stor_lock_acquire(adapter, InterruptLock, NULL, &handle);
    SynchronizedAccessRoutine(HwDeviceExtension, Context);
    stor_lock_release(&handle);
    stor_adapter_drop(adapter);
}
