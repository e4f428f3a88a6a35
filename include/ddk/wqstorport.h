/*
 * wqstorport.h: what a StorPort miniport includes: the structures (ddk/wqstorsrb.h), the status codes, and the
 * functions that reach storport.sys through StorPortExtendedFunction and StorPortNotification: workers, timers,
 * DPCs, locks and helpers. mingw-w64's storport.h has none of these.
 *
 * Link with libstorport (pkg-config wqshim-storport). Rules that hold for all functions here, if the comment
 * says nothing else: HwDeviceExtension is the one that the port driver gave the miniport; the return value is
 * a STOR_STATUS; IRQL <= DISPATCH_LEVEL. Documented at learn.microsoft.com, storport.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_STORPORT_H
#define WQ_STORPORT_H

#include <ddk/wqstorsrb.h>
#include <ddk/wqstorcodes.h>

#ifdef __cplusplus
extern "C" {
#endif

STORPORTAPI ULONG __cdecl StorPortExtendedFunction(STORPORT_FUNCTION_CODE FunctionCode,
                                                   PVOID HwDeviceExtension, ...);

/* ---- workers ---- */

/* Called at PASSIVE_LEVEL on a worker thread, with no lock of StorPort held. Mind the order: it differs from
 * that of StorPortQueueWorkItem. */
typedef VOID(NTAPI HW_WORKITEM)(PVOID HwDeviceExtension, PVOID Context, PVOID Worker);
typedef HW_WORKITEM *PHW_WORKITEM;

/* Makes a worker, which belongs to the adapter until StorPortFreeWorker, or until the adapter is removed.
 * SUCCESS, INVALID_PARAMETER (a NULL, or no adapter's extension), INVALID_IRQL, INSUFFICIENT_RESOURCES. */
static inline ULONG StorPortInitializeWorker(PVOID HwDeviceExtension, PVOID *Worker)
{
    return StorPortExtendedFunction(ExtFunctionInitializeWorker, HwDeviceExtension, Worker);
}

/* Queues a worker: WorkItemCallback(HwDeviceExtension, Context, Worker) will be called once. From before that
 * call the worker may be queued again, by the callback too. SUCCESS, INVALID_PARAMETER (a NULL but for Context,
 * or no worker of this adapter), INVALID_IRQL, INVALID_DEVICE_STATE (the adapter is being removed), BUSY (it
 * is queued), looked at in this order. */
static inline ULONG StorPortQueueWorkItem(PVOID HwDeviceExtension, PHW_WORKITEM WorkItemCallback,
                                          PVOID Worker, PVOID Context)
{
    return StorPortExtendedFunction(ExtFunctionQueueWorkItem, HwDeviceExtension, WorkItemCallback, Worker,
                                    Context);
}

/* Frees a worker, also from inside and while its callback runs. SUCCESS, INVALID_PARAMETER (a NULL, or no
 * adapter's extension), INVALID_IRQL, UNSUCCESSFUL (freed before, or no worker of this adapter), BUSY (it is
 * queued). */
static inline ULONG StorPortFreeWorker(PVOID HwDeviceExtension, PVOID Worker)
{
    return StorPortExtendedFunction(ExtFunctionFreeWorker, HwDeviceExtension, Worker);
}

/* ---- timers ---- */

/* Called at DISPATCH_LEVEL. */
typedef VOID(NTAPI HW_TIMER_EX)(PVOID HwDeviceExtension, PVOID Context);
typedef HW_TIMER_EX *PHW_TIMER_EX;

/* Makes a timer, which belongs to the adapter as a worker does. SUCCESS, INVALID_PARAMETER, INVALID_IRQL,
 * INSUFFICIENT_RESOURCES. */
static inline ULONG StorPortInitializeTimer(PVOID HwDeviceExtension, PVOID *TimerHandle)
{
    return StorPortExtendedFunction(ExtFunctionInitializeTimer, HwDeviceExtension, TimerHandle);
}

/* Lets TimerCallback(HwDeviceExtension, CallbackContext) be called once, TimerValue microseconds from now, up
 * to TolerableDelay later; below 32 that counts as 0. TimerValue 0 takes an earlier request back. Any IRQL.
 * SUCCESS, INVALID_PARAMETER (a NULL but for the context, or no timer of this adapter), BUSY (an earlier
 * request's callback has not been called yet), INVALID_DEVICE_STATE (the adapter is gone). */
static inline ULONG StorPortRequestTimer(PVOID HwDeviceExtension, PVOID TimerHandle,
                                         PHW_TIMER_EX TimerCallback, PVOID CallbackContext,
                                         ULONGLONG TimerValue, ULONGLONG TolerableDelay)
{
    return StorPortExtendedFunction(ExtFunctionRequestTimer, HwDeviceExtension, TimerHandle, TimerCallback,
                                    CallbackContext, TimerValue, TolerableDelay);
}

/* Frees a timer, taking a request back; also from inside its callback. SUCCESS, INVALID_PARAMETER,
 * INVALID_IRQL, UNSUCCESSFUL (freed before, or no timer of this adapter). */
static inline ULONG StorPortFreeTimer(PVOID HwDeviceExtension, PVOID TimerHandle)
{
    return StorPortExtendedFunction(ExtFunctionFreeTimer, HwDeviceExtension, TimerHandle);
}

/* The same for timers of high resolution, which have no tolerance; cancelling has a function of its own, which
 * always succeeds for a timer. The arguments are not confirmed by a primary source. */
static inline ULONG StorPortInitializeHighResolutionTimer(PVOID HwDeviceExtension, PVOID *TimerHandle)
{
    return StorPortExtendedFunction(ExtFunctionInitializeHighResolutionTimer, HwDeviceExtension, TimerHandle);
}

static inline ULONG StorPortRequestHighResolutionTimer(PVOID HwDeviceExtension, PVOID TimerHandle,
                                                       PHW_TIMER_EX TimerCallback, PVOID CallbackContext,
                                                       ULONGLONG TimerValue)
{
    return StorPortExtendedFunction(ExtFunctionRequestHighResolutionTimer, HwDeviceExtension, TimerHandle,
                                    TimerCallback, CallbackContext, TimerValue);
}

static inline ULONG StorPortCancelHighResolutionTimer(PVOID HwDeviceExtension, PVOID TimerHandle)
{
    return StorPortExtendedFunction(ExtFunctionCancelHighResolutionTimer, HwDeviceExtension, TimerHandle);
}

static inline ULONG StorPortFreeHighResolutionTimer(PVOID HwDeviceExtension, PVOID TimerHandle)
{
    return StorPortExtendedFunction(ExtFunctionFreeHighResolutionTimer, HwDeviceExtension, TimerHandle);
}

/* ---- DPCs, locks and passive initialisation ---- */

/* In the driver's memory, which must stay while it is queued. */
typedef struct _STOR_DPC {
    KDPC Dpc;
    KSPIN_LOCK Lock;
} STOR_DPC, *PSTOR_DPC;

/* Called at DISPATCH_LEVEL; one DPC of an adapter at a time. No lock is held. */
typedef VOID(NTAPI HW_DPC_ROUTINE)(PSTOR_DPC Dpc, PVOID HwDeviceExtension, PVOID SystemArgument1,
                                   PVOID SystemArgument2);
typedef HW_DPC_ROUTINE *PHW_DPC_ROUTINE;

/* To be taken in this order. DpcLock is that of the STOR_DPC in LockContext. */
typedef enum _STOR_SPINLOCK {
    DpcLock = 1,
    StartIoLock,
    InterruptLock,
    ThreadedDpcLock,
    DpcLevelLock
} STOR_SPINLOCK;

typedef struct _STOR_LOCK_HANDLE {
    STOR_SPINLOCK Lock;
    KLOCK_QUEUE_HANDLE Context;
} STOR_LOCK_HANDLE, *PSTOR_LOCK_HANDLE;

static inline VOID StorPortInitializeDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PHW_DPC_ROUTINE HwDpcRoutine)
{
    StorPortNotification(InitializeDpc, DeviceExtension, Dpc, HwDpcRoutine);
}

/* Queues a DPC. FALSE if it is queued, or the adapter is gone. Any IRQL. */
static inline BOOLEAN StorPortIssueDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PVOID SystemArgument1,
                                       PVOID SystemArgument2)
{
    BOOLEAN Successful = FALSE;

    StorPortNotification(IssueDpc, DeviceExtension, Dpc, SystemArgument1, SystemArgument2, &Successful);
    return Successful;
}

/* Raises to DISPATCH_LEVEL (InterruptLock: SYNCH_LEVEL) and takes the lock; *LockHandle keeps the level. */
static inline VOID StorPortAcquireSpinLock(PVOID DeviceExtension, STOR_SPINLOCK SpinLock, PVOID LockContext,
                                           PSTOR_LOCK_HANDLE LockHandle)
{
    StorPortNotification(AcquireSpinLock, DeviceExtension, SpinLock, LockContext, LockHandle);
}

static inline VOID StorPortReleaseSpinLock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE LockHandle)
{
    StorPortNotification(ReleaseSpinLock, DeviceExtension, LockHandle);
}

/* From HwStorInitialize: lets the routine be called at PASSIVE_LEVEL after that. */
static inline BOOLEAN StorPortEnablePassiveInitialization(
    PVOID DeviceExtension, PHW_PASSIVE_INITIALIZE_ROUTINE HwPassiveInitializeRoutine)
{
    BOOLEAN Successful = FALSE;

    StorPortNotification(EnablePassiveInitialization, DeviceExtension, HwPassiveInitializeRoutine,
                         &Successful);
    return Successful;
}

#ifdef __cplusplus
}
#endif

#include <ddk/wqstorhelp.h>

#endif
