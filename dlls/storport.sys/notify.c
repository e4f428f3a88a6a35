/*
 * notify.c: StorPortNotification, what a miniport tells its port driver and asks of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdarg.h>

#include "stor.h"

static void complete(struct stor_adapter *adapter, va_list args)
{
    SCSI_REQUEST_BLOCK *srb = va_arg(args, SCSI_REQUEST_BLOCK *);

    if (!stor_request_complete(adapter, srb))
        DbgPrint("wqshim: storport: a miniport completed SRB %p, which it does not have\n", srb);
}

static void enable_passive(struct stor_adapter *adapter, va_list args)
{
    PHW_PASSIVE_INITIALIZE_ROUTINE routine = va_arg(args, PHW_PASSIVE_INITIALIZE_ROUTINE);
    BOOLEAN *enabled = va_arg(args, BOOLEAN *);

    if (adapter->may_passive)
        adapter->passive = routine;
    if (enabled)
        *enabled = adapter->may_passive && routine;
}

static void issue_dpc(struct stor_adapter *adapter, va_list args)
{
    STOR_DPC *dpc = va_arg(args, STOR_DPC *);
    void *argument1 = va_arg(args, void *), *argument2 = va_arg(args, void *);
    BOOLEAN *queued = va_arg(args, BOOLEAN *);
    bool done = stor_dpc_issue(adapter, dpc, argument1, argument2);

    if (queued)
        *queued = done;
}

static void acquire(struct stor_adapter *adapter, va_list args)
{
    STOR_SPINLOCK lock = (STOR_SPINLOCK)va_arg(args, int);
    void *context = va_arg(args, void *);

    STOR_LOCK_HANDLE *handle = va_arg(args, STOR_LOCK_HANDLE *);

    if (!stor_lock_acquire(adapter, lock, context, handle))
        return;
    DbgPrint("wqshim: storport: there is no lock %d\n", (int)lock);
    if (handle)
        handle->Context.LockQueue.Lock = NULL; /* the caller will release it all the same */
}

static void tick_count(va_list args)
{
    LARGE_INTEGER *ticks = va_arg(args, LARGE_INTEGER *);

    if (ticks)
        KeQueryTickCount(ticks);
}

static void initialize_dpc(struct stor_adapter *adapter, va_list args)
{
    STOR_DPC *dpc = va_arg(args, STOR_DPC *);

    stor_dpc_initialize(adapter, dpc, va_arg(args, PHW_DPC_ROUTINE));
}

static void request_timer(struct stor_adapter *adapter, va_list args)
{
    PHW_TIMER callback = va_arg(args, PHW_TIMER);

    stor_timer_request_own(adapter, callback, va_arg(args, ULONG));
}

static void notify(ULONG type, struct stor_adapter *adapter, va_list args)
{
    switch (type) {
    case RequestComplete:
    case RequestDirectComplete:
        complete(adapter, args);
        break;
    case NextRequest: /* any number of requests may be outstanding */
    case NextLuRequest:
    case BusChangeDetected: /* no bus is enumerated */
    case ResetDetected:
        break;
    case RequestTimerCall:
        request_timer(adapter, args);
        break;
    case QueryTickCount:
        tick_count(args);
        break;
    case EnablePassiveInitialization:
        enable_passive(adapter, args);
        break;
    case InitializeDpc:
        initialize_dpc(adapter, args);
        break;
    case IssueDpc:
        issue_dpc(adapter, args);
        break;
    case AcquireSpinLock:
        acquire(adapter, args);
        break;
    case ReleaseSpinLock:
        stor_lock_release(va_arg(args, STOR_LOCK_HANDLE *));
        break;
    default:
        STOR_NOT_HERE("a type of StorPortNotification");
    }
}

/* Does what ddk/wqstorport.h says for the notifications that have a function there, completes SRBs
 * (RequestComplete), and sets the adapter's own timer (RequestTimerCall: callback, microseconds). cdecl also on
 * x86. Any IRQL that the single notification allows; an unknown HwDeviceExtension is ignored. */
VOID __cdecl StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType, PVOID HwDeviceExtension, ...)
{
    struct stor_adapter *adapter = stor_adapter_find(HwDeviceExtension);
    va_list args;

    if (!adapter)
        return;
    va_start(args, HwDeviceExtension);
    notify((ULONG)NotificationType, adapter, args);
    va_end(args);
    stor_adapter_drop(adapter);
}

/* As StorPortNotification: the old name. */
VOID __cdecl ScsiPortNotification(SCSIPORT_NOTIFICATION_TYPE NotificationType, PVOID HwDeviceExtension, ...)
{
    struct stor_adapter *adapter = stor_adapter_find(HwDeviceExtension);
    va_list args;

    if (!adapter)
        return;
    va_start(args, HwDeviceExtension);
    notify((ULONG)NotificationType, adapter, args);
    va_end(args);
    stor_adapter_drop(adapter);
}
