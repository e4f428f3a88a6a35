/*
 * rxworkq.h: RDBSS's work queues, on which network mini-redirectors run their work: one set for each
 * processor, with a count of each device's work, so that a driver can be unloaded when its work has ended.
 *
 * All functions: IRQL <= APC_LEVEL, any thread, also from inside routines that they run unless said otherwise.
 * Where statuses are not documented, docs/compatibility-rdbss.md says what was chosen.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQSHIM_RXWORKQ_H
#define WQSHIM_RXWORKQ_H

#include "rxstruc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs at PASSIVE_LEVEL on a worker thread. It must return, and restore what it changed of the thread. */
typedef VOID(NTAPI RX_WORKERTHREAD_ROUTINE)(PVOID pContext);
typedef RX_WORKERTHREAD_ROUTINE *PRX_WORKERTHREAD_ROUTINE;

/* A work item with its device. Zeroed by its owner before its first use. */
typedef struct _RX_WORK_QUEUE_ITEM {
    __extension__ union {
        WORK_QUEUE_ITEM WorkQueueItem;
        __extension__ struct {
            LIST_ENTRY List;
            PVOID WorkerRoutine;
            PVOID Parameter;
        };
    };
    PRDBSS_DEVICE_OBJECT pDeviceObject;
} RX_WORK_QUEUE_ITEM, *PRX_WORK_QUEUE_ITEM;

typedef struct _RX_WORK_DISPATCH_ITEM {
    RX_WORK_QUEUE_ITEM WorkQueueItem;
    PRX_WORKERTHREAD_ROUTINE DispatchRoutine;
    PVOID DispatchRoutineParameter;
} RX_WORK_DISPATCH_ITEM, *PRX_WORK_DISPATCH_ITEM;

typedef enum _RX_WORK_QUEUE_STATE_ {
    RxWorkQueueActive,
    RxWorkQueueInactive,
    RxWorkQueueRundownInProgress
} RX_WORK_QUEUE_STATE,
    *PRX_WORK_QUEUE_STATE;

typedef enum _RX_DISPATCHER_STATE_ { RxDispatcherActive, RxDispatcherInactive } RX_DISPATCHER_STATE;

#define RxMaximumWorkQueue 3 /* CriticalWorkQueue, DelayedWorkQueue, HyperCriticalWorkQueue */

/* RDBSS's own; no mini-redirector looks into them, and wqshim's pool has others. */
typedef struct _RX_WORK_QUEUE_ RX_WORK_QUEUE, *PRX_WORK_QUEUE;
typedef struct _RX_WORK_QUEUE_DISPATCHER_ RX_WORK_QUEUE_DISPATCHER, *PRX_WORK_QUEUE_DISPATCHER;
typedef struct _RX_DISPATCHER_ RX_DISPATCHER, *PRX_DISPATCHER;

/* Queues Routine(pContext) for the device, on the processor that the caller runs on. Allocates nothing.
 *
 * WorkQueueType: a type's work starts in the order of posting; HyperCriticalWorkQueue before
 * CriticalWorkQueue before DelayedWorkQueue. Routines of HyperCriticalWorkQueue should not wait, and go on
 * when those of the other two types all wait. Other types count as DelayedWorkQueue.
 * pWorkQueueItem: in non-paged memory of the caller, zeroed, not posted nor with a timer. It is the caller's again
 * when Routine is called, which may free or post it.
 *
 * STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES: the device or the dispatcher accepts no work any more, or
 * there is no memory for the dispatcher's queues; STATUS_INVALID_PARAMETER: a NULL pointer, or the item is
 * posted or waits for its time; of callers that post one item at a time one succeeds. If it fails Routine is not called, and _RxLog told why. */
RXAPI NTSTATUS NTAPI RxPostToWorkerThread(PRDBSS_DEVICE_OBJECT pMRxDeviceObject,
                                          WORK_QUEUE_TYPE WorkQueueType, PRX_WORK_QUEUE_ITEM pWorkQueueItem,
                                          PRX_WORKERTHREAD_ROUTINE Routine, PVOID pContext);

/* As RxPostToWorkerThread with an item that is allocated here and freed before Routine is called; also
 * STATUS_INSUFFICIENT_RESOURCES if there is no memory for it. */
RXAPI NTSTATUS NTAPI RxDispatchToWorkerThread(PRDBSS_DEVICE_OBJECT pMRxDeviceObject,
                                              WORK_QUEUE_TYPE WorkQueueType, PRX_WORKERTHREAD_ROUTINE Routine,
                                              PVOID pContext);

/* Makes the queues of all processors. The first post or timer does it as well; after RxTearDownDispatcher it is
 * the only way. STATUS_SUCCESS, also if they are there; STATUS_INSUFFICIENT_RESOURCES: no memory. PASSIVE_LEVEL.
 */
RXAPI NTSTATUS NTAPI RxInitializeDispatcher(VOID);

/* Ends the dispatcher: nothing is accepted any more, timers are dropped, what is queued runs, and when all of
 * it has returned the queues are freed. STATUS_SUCCESS, also if there is none; STATUS_POSSIBLE_DEADLOCK, with
 * nothing done: called from inside of a routine. PASSIVE_LEVEL. */
RXAPI NTSTATUS NTAPI RxTearDownDispatcher(VOID);

/* Lets a device use the dispatcher, for the first time or again after RxSpinDownMRxDispatcher; not while
 * anything of the device is outstanding. STATUS_SUCCESS. */
RXAPI NTSTATUS NTAPI RxInitializeMRxDispatcher(PRDBSS_DEVICE_OBJECT pMRxDeviceObject);

/* Ends a device's use of the dispatcher: nothing more is accepted for it, also not from its routines that still
 * run; its timers are dropped; and the call returns when what was posted has run and returned. From then on
 * the device and the code of its routines may go. STATUS_SUCCESS; STATUS_POSSIBLE_DEADLOCK, with nothing done:
 * called from inside of a routine of this device. PASSIVE_LEVEL. */
RXAPI NTSTATUS NTAPI RxSpinDownMRxDispatcher(PRDBSS_DEVICE_OBJECT pMRxDeviceObject);

#ifdef __cplusplus
}
#endif

#endif
