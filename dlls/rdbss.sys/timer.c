/*
 * timer.c: timers: one-shot ones, the tick that all of them share, cancelling.
 *
 * Items that wait for their time are in one list, linked by their List. One timer of the core is set to the
 * earliest of them, on a tick's border; it posts what is due. So there is nothing to be done, and no memory
 * needed, while nothing is due. Posting is done under the lock: a device that is spun down takes the lock
 * after it was marked, and then finds its timers either here or counted as its work.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define TICK_US       55000u
#define INTERVAL_TICK (10 * TICK_US) /* 100 ns */
#define INTERVAL_MAX  0x3fffffffu    /* ticks that a timer may wait: so due times can be compared */

struct wq_lock rx_timer_lock;

static LIST_ENTRY pending;   /* Y: linked by List; its links are NULL before the first use */
static struct wq_timer tick; /* Y */
static bool started;         /* Y */

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

static RX_WORK_ITEM *item_of(LIST_ENTRY *entry)
{
    return CONTAINING_RECORD(entry, RX_WORK_ITEM, WorkQueueItem.List);
}

static void item_unlink(RX_WORK_ITEM *item)
{
    LIST_ENTRY *list = &item->WorkQueueItem.List;

    list->Flink->Blink = list->Blink;
    list->Blink->Flink = list->Flink;
    list->Flink = list->Blink = NULL;
}

static bool item_pending(RX_WORK_ITEM *item)
{
    LIST_ENTRY *entry = pending.Flink;

    while (entry && entry != &pending && entry != &item->WorkQueueItem.List)
        entry = entry->Flink;
    return entry == &item->WorkQueueItem.List;
}

/* Sets the core's timer for what is due first. Under the lock. */
static void tick_set(void)
{
    ULONGLONG us = now_us();
    ULONG now = (ULONG)(us / TICK_US);
    LONG first = INTERVAL_MAX;

    if (pending.Flink == &pending) {
        wq_timer_set(&tick, WQ_NEVER, 0, 0);
        return;
    }
    for (LIST_ENTRY *entry = pending.Flink; entry != &pending; entry = entry->Flink) {
        LONG left = ticks_left(item_of(entry), now);

        first = left < first ? left : first;
    }
    wq_timer_set(&tick, first <= 0 ? 0 : (ULONGLONG)(ULONG)first * TICK_US - us % TICK_US, 0, 0);
}

/* Posts what is due. */
static void WQ_CALL tick_run(void *param)
{
    ULONG now;

    (void)param;
    wq_lock_take(&rx_timer_lock);
    now = (ULONG)(now_us() / TICK_US);
    for (LIST_ENTRY *entry = pending.Flink, *next; entry != &pending; entry = next) {
        RX_WORK_ITEM *item = item_of(entry);
        RX_WORK_QUEUE_ITEM *work = &item->WorkQueueItem;
        bool recurrent = item->Options == RX_RECURRENT;

        next = entry->Flink;
        if (ticks_left(item, now) > 0)
            continue;
        item_unlink(item);
        if (RxPostToWorkerThread(work->pDeviceObject, CriticalWorkQueue, work,
                                 (PRX_WORKERTHREAD_ROUTINE)work->WorkerRoutine, work->Parameter) &&
            recurrent)
            rx_recur_drop(item);
    }
    tick_set();
    wq_lock_drop(&rx_timer_lock);
}

void rx_timer_arm(RX_WORK_ITEM *item, LONGLONG interval)
{
    ULONGLONG ticks = interval > 0 ? ((ULONGLONG)interval + INTERVAL_TICK - 1) / INTERVAL_TICK : 0;
    LIST_ENTRY *list = &item->WorkQueueItem.List;

    if (!started) {
        started = true;
        pending.Flink = pending.Blink = &pending;
        wq_timer_init(&tick, WQ_CLASS_TIMER, tick_run, NULL, NULL);
    }
    /* The tick that we are in has begun already: one more. */
    item->LastTick =
        (ULONG)(now_us() / TICK_US) + (ULONG)(ticks < INTERVAL_MAX ? ticks : INTERVAL_MAX - 1) + 1;
    list->Flink = &pending;
    list->Blink = pending.Blink;
    pending.Blink->Flink = list;
    pending.Blink = list;
    tick_set();
}

bool rx_timer_disarm(RX_WORK_ITEM *item)
{
    if (!item_pending(item))
        return false;
    item_unlink(item);
    tick_set();
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
    wq_lock_take(&rx_timer_lock);
    rx_recur_forget(device);
    if (started) {
        for (LIST_ENTRY *entry = pending.Flink, *next; entry != &pending; entry = next) {
            next = entry->Flink;
            if (!device || item_of(entry)->WorkQueueItem.pDeviceObject == device)
                item_unlink(item_of(entry));
        }
        tick_set();
    }
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
    wq_lock_take(&rx_timer_lock);
    status = item_pending(item) ? STATUS_INVALID_PARAMETER : rx_timer_check(device);
    if (!status) {
        item->WorkQueueItem.WorkerRoutine = (PVOID)routine;
        item->WorkQueueItem.Parameter = context;
        item->WorkQueueItem.pDeviceObject = device;
        item->Options = RX_ONE_SHOT;
        rx_timer_arm(item, interval.QuadPart);
    }
    wq_lock_drop(&rx_timer_lock);
    return status;
}

static bool one_shot_cancel(RDBSS_DEVICE_OBJECT *device, PRX_WORKERTHREAD_ROUTINE routine, PVOID context)
{
    if (!started)
        return false;
    for (LIST_ENTRY *entry = pending.Flink; entry != &pending; entry = entry->Flink) {
        RX_WORK_QUEUE_ITEM *work = &item_of(entry)->WorkQueueItem;

        if (work->pDeviceObject != device || work->WorkerRoutine != (PVOID)routine ||
            work->Parameter != context)
            continue;
        item_unlink(item_of(entry));
        tick_set();
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
