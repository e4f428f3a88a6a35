/*
 * worker.c: StorPort's work items.
 *
 * A worker is named by a handle of the core's table, so a freed, foreign or invented one is told from a good
 * one without touching it. Its item is part of it: queueing needs no memory. "Queued" ends before the callback
 * is called; so the callback may queue or free its worker, and nothing of a freed one is touched afterwards.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define WORKER_KIND 0x53574bu /* "SWK" */

struct stor_worker {
    struct wq_item item;
    struct stor_adapter *adapter; /* C */
    void *handle;                 /* C */
    LIST_ENTRY link;              /* S */
    PHW_WORKITEM callback;        /* S */
    void *context;                /* S */
    bool queued;                  /* S */
    bool freed;                   /* S */
    uint32_t references; /* A: the handle, each queued or running callback, each caller that found it */
};

static void WQ_CALL worker_hold(void *param)
{
    __atomic_add_fetch(&((struct stor_worker *)param)->references, 1, __ATOMIC_RELAXED);
}

static void worker_drop(struct stor_worker *worker)
{
    if (!__atomic_sub_fetch(&worker->references, 1, __ATOMIC_ACQ_REL))
        wq_free(worker);
}

/* The worker behind a handle, referenced, if it belongs to the adapter. */
static struct stor_worker *worker_find(struct stor_adapter *adapter, void *handle)
{
    struct stor_worker *worker = wq_handle_find(WORKER_KIND, handle, worker_hold);

    if (worker && worker->adapter != adapter) {
        worker_drop(worker);
        return NULL;
    }
    return worker;
}

static void WQ_CALL worker_run(void *param)
{
    struct stor_worker *worker = param;
    struct stor_adapter *adapter = worker->adapter;
    void *handle = worker->handle, *context;
    PHW_WORKITEM callback;

    wq_lock_take(&adapter->lock);
    callback = worker->callback;
    context = worker->context;
    worker->queued = false;
    wq_lock_drop(&adapter->lock);
    callback(adapter->extension, context, handle);
    stor_level_check(PASSIVE_LEVEL, (void *)callback);
    STOR_COUNT(work_run);
    worker_drop(worker);
    stor_rundown_drop(&adapter->work);
}

/* Adds the worker to the adapter's, unless that is gone. */
static bool worker_link(struct stor_adapter *adapter, struct stor_worker *worker)
{
    bool linked;

    wq_lock_take(&adapter->lock);
    linked = !adapter->gone;
    if (linked)
        InsertTailList(&adapter->worker_list, &worker->link);
    wq_lock_drop(&adapter->lock);
    return linked;
}

ULONG stor_worker_initialize(struct stor_adapter *adapter, void **handle)
{
    struct stor_worker *worker;

    if (!adapter || !handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (KeGetCurrentIrql() > DISPATCH_LEVEL)
        return STOR_STATUS_INVALID_IRQL;
    worker = wq_alloc(sizeof(*worker));
    if (!worker)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    *worker = (struct stor_worker){.adapter = adapter, .references = 1};
    worker->item.routine = worker_run;
    worker->item.param = worker;
    worker->handle = wq_handle_create(WORKER_KIND, worker);
    if (!worker->handle) {
        wq_free(worker);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!worker_link(adapter, worker)) {
        wq_handle_delete(WORKER_KIND, worker->handle);
        worker_drop(worker);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    STOR_COUNT(workers);
    *handle = worker->handle;
    return STOR_STATUS_SUCCESS;
}

/* Marks the worker as queued; the caller's reference goes over to the queued item. */
static ULONG worker_claim(struct stor_worker *worker, PHW_WORKITEM callback, void *context)
{
    struct stor_adapter *adapter = worker->adapter;
    ULONG status = STOR_STATUS_SUCCESS;

    wq_lock_take(&adapter->lock);
    if (worker->freed) {
        status = STOR_STATUS_INVALID_PARAMETER;
    } else if (__atomic_load_n(&adapter->removing, __ATOMIC_ACQUIRE)) {
        status = STOR_STATUS_INVALID_DEVICE_STATE;
    } else if (worker->queued) {
        status = STOR_STATUS_BUSY;
    } else if (!stor_rundown_hold(&adapter->work)) {
        status = STOR_STATUS_INVALID_DEVICE_STATE;
    } else {
        worker->queued = true;
        worker->callback = callback;
        worker->context = context;
    }
    wq_lock_drop(&adapter->lock);
    return status;
}

ULONG stor_worker_queue(struct stor_adapter *adapter, PHW_WORKITEM callback, void *handle, void *context)
{
    struct stor_worker *worker;
    ULONG status;

    if (!adapter || !callback || !handle)
        return STOR_STATUS_INVALID_PARAMETER;
    worker = worker_find(adapter, handle);
    if (!worker)
        return STOR_STATUS_INVALID_PARAMETER;
    status = KeGetCurrentIrql() > DISPATCH_LEVEL ? STOR_STATUS_INVALID_IRQL
                                                 : worker_claim(worker, callback, context);
    if (status) {
        worker_drop(worker);
        return status;
    }
    STOR_COUNT(work_queued);
    wq_queue_submit(adapter->workers, &worker->item, 0);
    return STOR_STATUS_SUCCESS;
}

static ULONG worker_unlink(struct stor_worker *worker)
{
    struct stor_adapter *adapter = worker->adapter;
    ULONG status = STOR_STATUS_SUCCESS;

    wq_lock_take(&adapter->lock);
    if (worker->freed) {
        status = STOR_STATUS_UNSUCCESSFUL;
    } else if (worker->queued) {
        status = STOR_STATUS_BUSY;
    } else {
        worker->freed = true;
        RemoveEntryList(&worker->link);
    }
    wq_lock_drop(&adapter->lock);
    return status;
}

ULONG stor_worker_free(struct stor_adapter *adapter, void *handle)
{
    struct stor_worker *worker;
    ULONG status;

    if (!adapter || !handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (KeGetCurrentIrql() > DISPATCH_LEVEL)
        return STOR_STATUS_INVALID_IRQL;
    worker = worker_find(adapter, handle);
    if (!worker)
        return STOR_STATUS_UNSUCCESSFUL;
    status = worker_unlink(worker);
    if (!status) {
        wq_handle_delete(WORKER_KIND, handle);
        STOR_UNCOUNT(workers);
        worker_drop(worker);
    }
    worker_drop(worker);
    return status;
}

void stor_worker_reclaim(struct stor_adapter *adapter)
{
    while (!IsListEmpty(&adapter->worker_list)) {
        struct stor_worker *worker =
            CONTAINING_RECORD(RemoveHeadList(&adapter->worker_list), struct stor_worker, link);

        wq_handle_delete(WORKER_KIND, worker->handle);
        worker_drop(worker);
        STOR_UNCOUNT(workers);
        STOR_COUNT(reclaimed);
    }
}
