/*
 * rxtimer.h: RDBSS's timers, whose routines run on the dispatcher's CriticalWorkQueue.
 *
 * Time is counted in ticks of 55 ms: a routine is queued never before its interval has passed, and up to 110 ms
 * later. A device's timers are dropped when it is spun down (rxworkq.h). All functions: IRQL <= APC_LEVEL, any
 * thread, also from inside the routines.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQSHIM_RXTIMER_H
#define WQSHIM_RXTIMER_H

#include "rxworkq.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _RX_WORK_ITEM_ {
    RX_WORK_QUEUE_ITEM WorkQueueItem;
    ULONG LastTick; /* RDBSS's: when it is due */
    ULONG Options;  /* RDBSS's */
} RX_WORK_ITEM, *PRX_WORK_ITEM;

/* Calls Routine(pContext) once, TimeInterval (100 ns; 0 and less: the next tick) from now. pWorkItem: in
 * non-paged memory of the caller, zeroed; RDBSS's until Routine is called, the timer is cancelled or the device
 * spun down. Allocates nothing.
 *
 * STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES: the device or the dispatcher accepts no work any more;
 * STATUS_INVALID_PARAMETER: a NULL pointer, or the item waits for its time already. */
RXAPI NTSTATUS NTAPI RxPostOneShotTimerRequest(PRDBSS_DEVICE_OBJECT pDeviceObject, PRX_WORK_ITEM pWorkItem,
                                               PRX_WORKERTHREAD_ROUTINE Routine, PVOID pContext,
                                               LARGE_INTEGER TimeInterval);

/* Calls Routine(pContext) again and again, each time TimeInterval after it returned, until it is cancelled. As
 * above; also STATUS_INSUFFICIENT_RESOURCES: no memory. */
RXAPI NTSTATUS NTAPI RxPostRecurrentTimerRequest(PRDBSS_DEVICE_OBJECT pDeviceObject,
                                                 PRX_WORKERTHREAD_ROUTINE Routine, PVOID pContext,
                                                 LARGE_INTEGER TimeInterval);

/* Cancels the oldest timer of the device with that routine and context. STATUS_SUCCESS: it will not be called
 * any more, but a recurrent one may be running; STATUS_NOT_FOUND: there is none, or it is a one-shot one that
 * was queued to the dispatcher. */
RXAPI NTSTATUS NTAPI RxCancelTimerRequest(PRDBSS_DEVICE_OBJECT pDeviceObject,
                                          PRX_WORKERTHREAD_ROUTINE Routine, PVOID pContext);

#ifdef __cplusplus
}
#endif

#endif
