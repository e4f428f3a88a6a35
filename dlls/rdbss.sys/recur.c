/*
 * recur.c: recurrent timers: one-shot ones of ours that arm themselves again when the driver's routine has
 * returned. A cancelled one whose routine is queued or running is freed when that has ended.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

struct recurrent {
    RX_WORK_ITEM item;                /* Y while it waits for its time; must be first */
    RDBSS_DEVICE_OBJECT *device;      /* C */
    PRX_WORKERTHREAD_ROUTINE routine; /* C */
    PVOID context;                    /* C */
    LONGLONG interval;                /* C */
    bool cancelled;                   /* Y: it is in no list any more and is freed by its routine */
    struct recurrent *next;           /* Y */
};

static struct recurrent *all; /* Y: newest first, so that the last match is the oldest */

/* Takes it out of the list; frees it unless it is queued or running. Under the lock. */
static void recur_end(struct recurrent **link)
{
    struct recurrent *timer = *link;

    *link = timer->next;
    if (rx_timer_disarm(&timer->item))
        wq_free(timer);
    else
        timer->cancelled = true;
}

bool rx_recur_cancel(RDBSS_DEVICE_OBJECT *device, PRX_WORKERTHREAD_ROUTINE routine, PVOID context)
{
    struct recurrent **found = NULL;

    for (struct recurrent **link = &all; *link; link = &(*link)->next) {
        if ((*link)->device == device && (*link)->routine == routine && (*link)->context == context)
            found = link;
    }
    if (found)
        recur_end(found);
    return found != NULL;
}

void rx_recur_forget(RDBSS_DEVICE_OBJECT *device)
{
    for (struct recurrent **link = &all; *link;) {
        if (!device || (*link)->device == device)
            recur_end(link);
        else
            link = &(*link)->next;
    }
}

void rx_recur_drop(RX_WORK_ITEM *item)
{
    struct recurrent *timer = (struct recurrent *)item;
    struct recurrent **link = &all;

    while (*link != timer)
        link = &(*link)->next;
    *link = timer->next;
    wq_free(timer);
}

static void NTAPI recur_run(PVOID param);

/* Under the lock. */
static void recur_arm(struct recurrent *timer)
{
    timer->item.WorkQueueItem.WorkerRoutine = (PVOID)recur_run;
    timer->item.WorkQueueItem.Parameter = timer;
    timer->item.WorkQueueItem.pDeviceObject = timer->device;
    timer->item.Options = RX_RECURRENT;
    rx_item_claim(&timer->item.WorkQueueItem);
    rx_timer_arm(&timer->item, timer->interval);
}

/* Frees a cancelled timer. Under the lock. Returns whether it did. */
static bool recur_cancelled(struct recurrent *timer)
{
    bool cancelled = timer->cancelled;

    if (cancelled)
        wq_free(timer);
    return cancelled;
}

/* The dispatcher's routine. */
static void NTAPI recur_run(PVOID param)
{
    struct recurrent *timer = param;
    bool cancelled;

    wq_lock_take(&rx_timer_lock);
    cancelled = recur_cancelled(timer);
    wq_lock_drop(&rx_timer_lock);
    if (cancelled)
        return;
    timer->routine(timer->context);
    wq_lock_take(&rx_timer_lock);
    if (!recur_cancelled(timer))
        recur_arm(timer);
    wq_lock_drop(&rx_timer_lock);
}

NTSTATUS NTAPI RxPostRecurrentTimerRequest(RDBSS_DEVICE_OBJECT *device, PRX_WORKERTHREAD_ROUTINE routine,
                                           PVOID context, LARGE_INTEGER interval)
{
    struct recurrent *timer;
    NTSTATUS status;

    if (!device || !routine) {
        _RxLog("RxPostRecurrentTimerRequest: device %p, routine %p", device, routine);
        return STATUS_INVALID_PARAMETER;
    }
    timer = wq_alloc(sizeof(*timer));
    if (!timer) {
        _RxLog("RxPostRecurrentTimerRequest: device %p: no memory", device);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *timer = (struct recurrent){.device = device, .routine = routine, .context = context};
    timer->interval = interval.QuadPart;
    wq_lock_take(&rx_timer_lock);
    status = rx_timer_check(device);
    if (!status) {
        timer->next = all;
        all = timer;
        recur_arm(timer);
    }
    wq_lock_drop(&rx_timer_lock);
    if (status)
        wq_free(timer);
    return status;
}
