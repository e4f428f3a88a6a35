/*
 * timer.c: timers: one-shot ones, the tick that all of them share, cancelling.
 *
 * Items that wait for their time are claimed, as those that are posted, and in one list, linked by List.Blink. One
 * timer of the core is set to the earliest of them, on a tick's border; it posts what is due. So there is nothing to
 * be done, and no memory needed, while nothing is due. Posting is done under the lock: a device that is spun down takes the lock
 * after it was marked, and then finds its timers either here or counted as its work.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define TICK_US       55000u
#define INTERVAL_TICK (10 * TICK_US) /* 100 ns */
#define INTERVAL_MAX  0x3fffffffu    /* ticks that a timer may wait: so due times can be compared */

struct wq_lock rx_timer_lock;

static RX_WORK_ITEM *pending;                 /* Y: linked by next_of */
static RX_WORK_ITEM **pending_end = &pending; /* Y: where the next one is linked */
static struct wq_timer tick;                  /* Y */
static bool started;                          /* Y */

static ULONGLONG now_us(void)
{
    LARGE_INTEGER counter, frequency;
    ULONGLONG seconds, rest;

    NtQueryPerformanceCounter(&counter, &frequency);
    seconds = (ULONGLONG)counter.QuadPart / (ULONGLONG)frequency.QuadPart;
    rest = (ULONGLONG)counter.QuadPart % (ULONGLONG)frequency.QuadPart;
    return seconds * 1000000 + rest * 1000000 / (ULONGLONG)frequency.QuadPart;
}

/* How many ticks until then; not positive: it is due. */
static LONG ticks_left(const RX_WORK_ITEM *item, ULONG now)
{
    return (LONG)(item->LastTick - now);
}

static RX_WORK_ITEM **next_of(RX_WORK_ITEM *item)
{
    return (RX_WORK_ITEM **)&item->WorkQueueItem.List.Blink;
}

/* Takes the item out that the link leads to. */
static RX_WORK_ITEM *unlink_at(RX_WORK_ITEM **link)
{
    RX_WORK_ITEM *item = *link;

    *link = *next_of(item);
    if (!*link)
        pending_end = link;
    return item;
}

/* Sets the core's timer for what is due first. Under the lock. */
static void tick_set(void)
{
    ULONGLONG us = now_us();
    ULONG now = (ULONG)(us / TICK_US);
    LONG first = INTERVAL_MAX;

    if (!pending) {
        wq_timer_set(&tick, WQ_NEVER, 0, 0);
        return;
    }
    for (RX_WORK_ITEM *item = pending; item; item = *next_of(item)) {
        LONG left = ticks_left(item, now);

        first = left < first ? left : first;
    }
    wq_timer_set(&tick, first <= 0 ? 0 : (ULONGLONG)(ULONG)first * TICK_US - us % TICK_US, 0, 0);
}

static NTSTATUS item_post(RX_WORK_ITEM *item)
{
    RX_WORK_QUEUE_ITEM *work = &item->WorkQueueItem;

    return rx_post_claimed(work->pDeviceObject, CriticalWorkQueue, work,
                           (PRX_WORKERTHREAD_ROUTINE)work->WorkerRoutine, work->Parameter, "timer");
}

/* Posts what is due. */
static void WQ_CALL tick_run(void *param)
{
    RX_WORK_ITEM **link = &pending;
    ULONG now;

    (void)param;
    wq_lock_take(&rx_timer_lock);
    now = (ULONG)(now_us() / TICK_US);
    while (*link) {
        bool recurrent = (*link)->Options == RX_RECURRENT;
        RX_WORK_ITEM *item;

        if (ticks_left(*link, now) > 0) {
            link = next_of(*link);
            continue;
        }
        item = unlink_at(link);
        if (item_post(item) && recurrent)
            rx_recur_drop(item);
    }
    tick_set();
    wq_lock_drop(&rx_timer_lock);
}

void rx_timer_arm(RX_WORK_ITEM *item, LONGLONG interval)
{
    ULONGLONG ticks = interval > 0 ? ((ULONGLONG)interval + INTERVAL_TICK - 1) / INTERVAL_TICK : 0;

    if (!started) {
        started = true;
        wq_timer_init(&tick, WQ_CLASS_TIMER, tick_run, NULL, NULL);
    }
    /* The tick that we are in has begun already: one more. */
    item->LastTick =
        (ULONG)(now_us() / TICK_US) + (ULONG)(ticks < INTERVAL_MAX ? ticks : INTERVAL_MAX - 1) + 1;
    *next_of(item) = NULL;
    *pending_end = item;
    pending_end = next_of(item);
    tick_set();
}

/* Takes a timer back: the item that the link leads to. */
static void disarm_at(RX_WORK_ITEM **link)
{
    rx_item_unclaim(&unlink_at(link)->WorkQueueItem);
    tick_set();
}

bool rx_timer_disarm(RX_WORK_ITEM *item)
{
    RX_WORK_ITEM **link = &pending;

    while (*link && *link != item)
        link = next_of(*link);
    if (!*link)
        return false;
    disarm_at(link);
    return true;
}

NTSTATUS rx_timer_check(RDBSS_DEVICE_OBJECT *device)
{
    if (!rx_device_ended(device) && rx_queues_check() == RX_ACCEPTED)
        return STATUS_SUCCESS;
    _RxLog("timer: device %p or the dispatcher accepts none", device);
    return STATUS_INSUFFICIENT_RESOURCES;
}

void rx_timer_forget(RDBSS_DEVICE_OBJECT *device)
{
    RX_WORK_ITEM **link = &pending;

    wq_lock_take(&rx_timer_lock);
    rx_recur_forget(device);
    while (*link) {
        if (!device || (*link)->WorkQueueItem.pDeviceObject == device)
            rx_item_unclaim(&unlink_at(link)->WorkQueueItem);
        else
            link = next_of(*link);
    }
    if (started)
        tick_set();
    wq_lock_drop(&rx_timer_lock);
}

NTSTATUS NTAPI RxPostOneShotTimerRequest(RDBSS_DEVICE_OBJECT *device, RX_WORK_ITEM *item,
                                         PRX_WORKERTHREAD_ROUTINE routine, PVOID context,
                                         LARGE_INTEGER interval)
{
    NTSTATUS status;

    if (!device || !item || !routine) {
        _RxLog("RxPostOneShotTimerRequest: device %p, item %p, routine %p", device, item, routine);
        return STATUS_INVALID_PARAMETER;
    }
    if (!rx_item_claim(&item->WorkQueueItem)) {
        _RxLog("RxPostOneShotTimerRequest: device %p: item %p is posted, or waits for its time", device,
               item);
        return STATUS_INVALID_PARAMETER;
    }
    wq_lock_take(&rx_timer_lock);
    status = rx_timer_check(device);
    if (!status) {
        item->WorkQueueItem.WorkerRoutine = (PVOID)routine;
        item->WorkQueueItem.Parameter = context;
        item->WorkQueueItem.pDeviceObject = device;
        item->Options = RX_ONE_SHOT;
        rx_timer_arm(item, interval.QuadPart);
    } else {
        rx_item_unclaim(&item->WorkQueueItem);
    }
    wq_lock_drop(&rx_timer_lock);
    return status;
}

static bool one_shot_cancel(RDBSS_DEVICE_OBJECT *device, PRX_WORKERTHREAD_ROUTINE routine, PVOID context)
{
    for (RX_WORK_ITEM **link = &pending; *link; link = next_of(*link)) {
        RX_WORK_QUEUE_ITEM *work = &(*link)->WorkQueueItem;

        if (work->pDeviceObject != device || work->WorkerRoutine != (PVOID)routine ||
            work->Parameter != context)
            continue;
        disarm_at(link);
        return true;
    }
    return false;
}

NTSTATUS NTAPI RxCancelTimerRequest(RDBSS_DEVICE_OBJECT *device, PRX_WORKERTHREAD_ROUTINE routine,
                                    PVOID context)
{
    bool found;

    wq_lock_take(&rx_timer_lock);
    found = one_shot_cancel(device, routine, context) || rx_recur_cancel(device, routine, context);
    wq_lock_drop(&rx_timer_lock);
    return found ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}
