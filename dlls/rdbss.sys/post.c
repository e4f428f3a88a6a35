/*
 * post.c: posting work and running it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

_Static_assert(sizeof(RX_WORK_QUEUE_ITEM) == 5 * sizeof(void *), "");
_Static_assert(offsetof(RX_WORK_QUEUE_ITEM, WorkerRoutine) == offsetof(struct wq_item, routine), "");
_Static_assert(offsetof(RX_WORK_QUEUE_ITEM, Parameter) == offsetof(struct wq_item, param), "");
_Static_assert(offsetof(RX_WORK_QUEUE_ITEM, pDeviceObject) == sizeof(struct wq_item), "");
_Static_assert(sizeof(RX_WORK_DISPATCH_ITEM) == 7 * sizeof(void *), "");

/* Where the link of a claimed item points until it is queued, and while it waits for its time. */
static struct wq_item claimed;

/* A queued item's link is not NULL and looks so that the core knows it; a free one's is NULL, or anything if its owner has
 * not zeroed it. */
bool rx_item_claim(RX_WORK_QUEUE_ITEM *item)
{
    struct wq_item *queued = (struct wq_item *)item, *seen = __atomic_load_n(&queued->link, __ATOMIC_RELAXED);

    while (seen != &claimed && !wq_item_looks_queued(queued)) {
        if (__atomic_compare_exchange_n(&queued->link, &seen, &claimed, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

void rx_item_unclaim(RX_WORK_QUEUE_ITEM *item)
{
    __atomic_store_n(&((struct wq_item *)item)->link, NULL, __ATOMIC_RELEASE);
}

/* What was posted as one item of caller-owned memory is copied out of it before anybody may use it again. */
void WQ_CALL rx_run(struct wq_item *queued)
{
    RX_WORK_QUEUE_ITEM *item = (RX_WORK_QUEUE_ITEM *)queued;
    PRX_WORKERTHREAD_ROUTINE routine = (PRX_WORKERTHREAD_ROUTINE)item->WorkerRoutine;
    PVOID context = item->Parameter;
    struct rx_frame frame = {item->pDeviceObject, rx_frame()};

    item->WorkerRoutine = NULL;
    item->Parameter = NULL;
    item->pDeviceObject = NULL;
    /* The last one: from here on it may be posted by others. */
    __atomic_store_n(&queued->link, NULL, __ATOMIC_RELEASE);
    rx_frame_set(&frame);
    routine(context);
    rx_frame_set(frame.below);
    rx_device_leave(frame.device);
}

static const char *refusal_text(enum rx_refusal refusal)
{
    return refusal == RX_INACTIVE ? "the dispatcher is torn down" : "no memory for the queues";
}

static NTSTATUS refuse(RX_WORK_QUEUE_ITEM *item)
{
    item->pDeviceObject = NULL;
    rx_item_unclaim(item);
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS rx_post_claimed(RDBSS_DEVICE_OBJECT *device, unsigned type, RX_WORK_QUEUE_ITEM *item,
                         PRX_WORKERTHREAD_ROUTINE routine, PVOID context, const char *what)
{
    enum rx_refusal refusal;

    if (!rx_device_enter(device)) {
        _RxLog("%s: device %p is spun down", what, device);
        return refuse(item);
    }
    item->WorkerRoutine = (PVOID)routine;
    item->Parameter = context;
    item->pDeviceObject = device;
    refusal = rx_queues_submit(item, type < RxMaximumWorkQueue ? type : DelayedWorkQueue);
    if (refusal == RX_ACCEPTED)
        return STATUS_SUCCESS;
    refuse(item);
    rx_device_leave(device);
    _RxLog("%s: device %p: %s", what, device, refusal_text(refusal));
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI RxPostToWorkerThread(RDBSS_DEVICE_OBJECT *device, WORK_QUEUE_TYPE type,
                                    RX_WORK_QUEUE_ITEM *item, PRX_WORKERTHREAD_ROUTINE routine, PVOID context)
{
    if (!device || !item || !routine) {
        _RxLog("RxPostToWorkerThread: device %p, item %p, routine %p", device, item, routine);
        return STATUS_INVALID_PARAMETER;
    }
    if (!rx_item_claim(item)) {
        _RxLog("RxPostToWorkerThread: device %p: item %p is posted already", device, item);
        return STATUS_INVALID_PARAMETER;
    }
    return rx_post_claimed(device, type, item, routine, context, "RxPostToWorkerThread");
}

/* ---- items of our own ---- */

static void NTAPI dispatch_run(PVOID param)
{
    RX_WORK_DISPATCH_ITEM item = *(RX_WORK_DISPATCH_ITEM *)param;

    wq_free(param);
    item.DispatchRoutine(item.DispatchRoutineParameter);
}

NTSTATUS NTAPI RxDispatchToWorkerThread(RDBSS_DEVICE_OBJECT *device, WORK_QUEUE_TYPE type,
                                        PRX_WORKERTHREAD_ROUTINE routine, PVOID context)
{
    RX_WORK_DISPATCH_ITEM *item;
    NTSTATUS status;

    if (!device || !routine) {
        _RxLog("RxDispatchToWorkerThread: device %p, routine %p", device, routine);
        return STATUS_INVALID_PARAMETER;
    }
    item = wq_alloc(sizeof(*item));
    if (!item) {
        _RxLog("RxDispatchToWorkerThread: device %p: no memory for the item", device);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    item->DispatchRoutine = routine;
    item->DispatchRoutineParameter = context;
    status =
        rx_post_claimed(device, type, &item->WorkQueueItem, dispatch_run, item, "RxDispatchToWorkerThread");
    if (status)
        wq_free(item);
    return status;
}
