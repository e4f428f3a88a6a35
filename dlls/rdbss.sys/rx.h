/*
 * rx.h: what the files of the RDBSS front share.
 *
 *   post.c    posting and running work       queues.c  the queues: made, used, torn down
 *   device.c  a device's outstanding work    timer.c   one-shot timers and the tick; cancelling
 *   recur.c   recurrent timers               log.c     the log
 *   main.c    the module's life, thread data
 *
 * The front knows RDBSS's rules and nothing about threads. The module stays loaded, so it may keep state.
 *
 * Guards: A is touched through __atomic builtins only, C is constant once the queues are made, L is guarded by
 * the lock of its file, Y by the timers' lock (rx_timer_lock), which is held while work is posted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_RX_FRONT_H
#define WQ_RX_FRONT_H

#define WQSHIM_RDBSS
#include "ddk/rxlog.h"
#include "ddk/rxtimer.h"
#include "ddk/rxworkq.h"
#include "wqcore.h"

/* ---- main.c ---- */

/* A routine that is running on this thread; they nest, should a routine run another one. */
struct rx_frame {
    RDBSS_DEVICE_OBJECT *device;
    struct rx_frame *below;
};

/* The innermost routine that runs on this thread, NULL if there is none; and sets it. */
struct rx_frame *rx_frame(void);
void rx_frame_set(struct rx_frame *frame);

/* ---- device.c ---- */

/* Counts work for the device. False, having counted nothing, if it accepts none. */
bool rx_device_enter(RDBSS_DEVICE_OBJECT *device);

/* The work has returned. The device may be gone when this returns. */
void rx_device_leave(RDBSS_DEVICE_OBJECT *device);

/* True if the device is spun down or just being spun down. */
bool rx_device_ended(RDBSS_DEVICE_OBJECT *device);

/* ---- queues.c ---- */

/* Why there is no queue. */
enum rx_refusal { RX_ACCEPTED, RX_INACTIVE, RX_NO_MEMORY };

/* Submits an item to a queue of this processor; the queues are made if this is the first time. */
enum rx_refusal rx_queues_submit(RX_WORK_QUEUE_ITEM *item, unsigned type);

/* True if the dispatcher accepts work; makes the queues as above. */
enum rx_refusal rx_queues_check(void);

/* ---- post.c ---- */

/* Makes the caller the only one who may post the item or set a timer with it, until rx_run or rx_item_unclaim. False if it
 * is posted or waits for its time. Its memory need not be initialised. */
bool rx_item_claim(RX_WORK_QUEUE_ITEM *item);
void rx_item_unclaim(RX_WORK_QUEUE_ITEM *item);

/* Posts an item that the caller has claimed. If that fails it is not claimed any more. what: for the log. */
NTSTATUS rx_post_claimed(RDBSS_DEVICE_OBJECT *device, unsigned type, RX_WORK_QUEUE_ITEM *item,
                         PRX_WORKERTHREAD_ROUTINE routine, PVOID context, const char *what);

/* The queues' runner. */
void WQ_CALL rx_run(struct wq_item *queued);

/* ---- timer.c ---- */

extern struct wq_lock rx_timer_lock; /* its own rules */

/* Lets the item be posted after that time. Under the lock; the item is filled in and claimed. */
void rx_timer_arm(RX_WORK_ITEM *item, LONGLONG interval);

/* Takes an item back that waits for its time; it is not claimed any more. Under the lock. False if it does not. */
bool rx_timer_disarm(RX_WORK_ITEM *item);

/* STATUS_SUCCESS if timers can be set for the device. Under the lock. */
NTSTATUS rx_timer_check(RDBSS_DEVICE_OBJECT *device);

/* Drops all timers of a device, of all devices if it is NULL. What they have posted still runs. */
void rx_timer_forget(RDBSS_DEVICE_OBJECT *device);

/* ---- recur.c ---- */

/* For RX_WORK_ITEM.Options. */
#define RX_ONE_SHOT  0u
#define RX_RECURRENT 1u

/* Cancels one, or those of the device (NULL: all). Under the timers' lock. */
bool rx_recur_cancel(RDBSS_DEVICE_OBJECT *device, PRX_WORKERTHREAD_ROUTINE routine, PVOID context);
void rx_recur_forget(RDBSS_DEVICE_OBJECT *device);

/* The item, a recurrent timer's, could not be posted when its time came: frees the timer. Under the lock. */
void rx_recur_drop(RX_WORK_ITEM *item);

/* ---- ntdll ---- */

NTSYSAPI NTSTATUS NTAPI LdrAddRefDll(ULONG flags, PVOID module);
NTSYSAPI NTSTATUS NTAPI RtlWaitOnAddress(const void *address, const void *compare, SIZE_T size,
                                         const LARGE_INTEGER *timeout);
NTSYSAPI void NTAPI RtlWakeAddressAll(const void *address);
NTSYSAPI NTSTATUS NTAPI NtYieldExecution(void);
NTSYSAPI NTSTATUS NTAPI NtQueryPerformanceCounter(LARGE_INTEGER *counter, LARGE_INTEGER *frequency);

#endif
