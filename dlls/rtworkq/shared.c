/*
 * shared.c: the shared queues: one multithreaded queue of the process for each scheduling class.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "class.h"

static struct wq_lock make_lock; /* one is looked for or made at a time */

/* Locks the class's queue if it has one. */
static bool lock_existing(struct rtwq_class *class, DWORD *id)
{
    if (!class->shared || FAILED(RtwqLockWorkQueue(class->shared)))
        return false;
    *id = class->shared;
    return true;
}

static HRESULT make(struct rtwq_class *class, LONG priority, DWORD task_id, DWORD *id)
{
    struct wq_queue *core = rtwq_class_core(class);
    struct rtwq_queue *queue = core ? rtwq_queue_create(core, WQ_UNLIMITED) : NULL;
    HRESULT hr;

    if (!queue)
        return E_OUTOFMEMORY;
    if (class->length) {
        queue->class = class;
        queue->priority = priority;
        queue->task_id = task_id ? task_id : rtwq_task_id();
    }
    hr = rtwq_queue_add(queue, id);
    if (SUCCEEDED(hr))
        class->shared = *id;
    return hr;
}

/* Locks the multithreaded queue of a scheduling class, which the first lock makes; the same identifier for
 * all who ask in this process, to be given back with RtwqUnlockWorkQueue. priority: AVRT_PRIORITY_*, -2 to 2;
 * that of the first lock counts. taskId: NULL, or in: task group or 0 for a new one, out: the queue's. The
 * class "" is the one of regular priority: priority must be 0 and taskId NULL. Returns S_OK, E_POINTER,
 * RTWQ_E_SHUTDOWN, ERROR_INVALID_TASK_NAME as HRESULT, E_INVALIDARG (also for DisplayPostProcessing),
 * E_OUTOFMEMORY, E_FAIL. Any thread. Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqLockSharedWorkQueue(const WCHAR *name, LONG priority, DWORD *task_id, DWORD *id)
{
    struct rtwq_class *class;
    HRESULT hr;

    if (!name || !id)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    hr = rtwq_class_find(name, &class);
    if (FAILED(hr))
        return hr;
    if (!class->for_shared || priority < -2 || priority > 2 || (!class->length && (task_id || priority)))
        return E_INVALIDARG;
    wq_lock_take(&make_lock);
    if (!lock_existing(class, id))
        hr = make(class, priority, task_id ? *task_id : 0, id);
    wq_lock_drop(&make_lock);
    if (SUCCEEDED(hr) && task_id)
        RtwqGetWorkQueueMMCSSTaskId(*id, task_id);
    return hr;
}
