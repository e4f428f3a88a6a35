/*
 * mmcss.c: putting queues into scheduling classes, and asking which they are in.
 *
 * Registering takes effect before the Begin function returns; its callback still is invoked asynchronously.
 * A class gives a queue's callbacks a thread priority (boost.c) and puts a queue that stands directly over a
 * multithreaded one over that of the class, among whose queues deadlines decide.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "class.h"

static const char registering, unregistering; /* operations of results */

struct rtwq_membership rtwq_queue_set_class(struct rtwq_queue *queue, struct rtwq_membership membership)
{
    bool moves = !queue->target && queue->core && queue->core != rtwq_queue_base();
    struct rtwq_class *class = membership.class;
    struct rtwq_membership before;

    wq_lock_take(&rtwq_lock);
    before = (struct rtwq_membership){queue->class, queue->priority, queue->task_id};
    __atomic_store_n(&queue->priority, membership.priority, __ATOMIC_RELAXED);
    queue->task_id = membership.task_id;
    InterlockedExchange(&queue->avrt_index, 0);
    __atomic_store_n(&queue->class, class, __ATOMIC_RELEASE);
    if (moves)
        wq_queue_move(queue->core, class ? class->core : rtwq_queue_base(), queue->level, queue->rank);
    wq_lock_drop(&rtwq_lock);
    return before;
}

/* Finds a class that a queue can be put into. */
static HRESULT find_class(const WCHAR *name, LONG priority, struct rtwq_class **class)
{
    HRESULT hr;

    if (!name)
        return E_POINTER;
    if (!name[0] || priority < -2 || priority > 2)
        return E_INVALIDARG;
    hr = rtwq_class_find(name, class);
    if (SUCCEEDED(hr) && !rtwq_class_core(*class))
        hr = E_OUTOFMEMORY;
    return hr;
}

/* A result for the outcome of an operation. NULL if there is no memory. */
static struct rtwq_result *answer_make(const void *operation, IRtwqAsyncCallback *callback, IUnknown *state)
{
    struct rtwq_result *result = rtwq_result_create(NULL, callback, state);

    if (result)
        result->operation = operation;
    return result;
}

/* Sends it to its callback. */
static HRESULT answer_send(struct rtwq_result *result, HRESULT status, DWORD task_id)
{
    HRESULT hr;

    result->task_id = task_id;
    result->public.hrStatusResult = status;
    hr = RtwqInvokeCallback(&result->public.AsyncResult);
    result->public.AsyncResult.lpVtbl->Release(&result->public.AsyncResult);
    return hr;
}

/* Puts a queue into a class, or takes it out of its one, and sends the answer. If that cannot be sent, the queue
 * stays where it was. */
static HRESULT change(struct rtwq_queue *queue, struct rtwq_membership membership,
                      IRtwqAsyncCallback *callback, IUnknown *state)
{
    struct rtwq_result *result =
        answer_make(membership.class ? &registering : &unregistering, callback, state);
    struct rtwq_membership before;
    HRESULT hr, status = S_OK;

    if (!result)
        return E_OUTOFMEMORY;
    before = rtwq_queue_set_class(queue, membership);
    if (!membership.class && !before.class)
        status = RTWQ_E_NOT_FOUND;
    hr = answer_send(result, status, membership.task_id);
    if (FAILED(hr))
        rtwq_queue_set_class(queue, before);
    return hr;
}

static HRESULT end(IRtwqAsyncResult *result, const void *operation)
{
    struct rtwq_result *own = result ? rtwq_result_from(result) : NULL;

    if (!result)
        return E_POINTER;
    return own && own->operation == operation ? own->public.hrStatusResult : E_INVALIDARG;
}

/* Puts a queue into a scheduling class, then has callback invoked, which calls
 * RtwqEndRegisterWorkQueueWithMMCSS. task_id: 0 for a new task group. priority: AVRT_PRIORITY_*, -2 to 2.
 * state may be NULL. Returns S_OK, E_POINTER, RTWQ_E_SHUTDOWN, RTWQ_E_INVALID_WORKQUEUE, E_INVALIDARG (class
 * "", priority), ERROR_INVALID_TASK_NAME as HRESULT or E_OUTOFMEMORY. Any thread. */
HRESULT WINAPI RtwqBeginRegisterWorkQueueWithMMCSS(DWORD id, const WCHAR *name, DWORD task_id, LONG priority,
                                                   IRtwqAsyncCallback *callback, IUnknown *state)
{
    struct rtwq_membership membership = {NULL, priority, task_id};
    struct rtwq_queue *queue;
    HRESULT hr;

    if (!name || !callback)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    hr = find_class(name, priority, &membership.class);
    if (FAILED(hr))
        return hr;
    queue = rtwq_queue_find(id);
    if (!queue)
        return RTWQ_E_INVALID_WORKQUEUE;
    if (!task_id)
        membership.task_id = rtwq_task_id();
    hr = change(queue, membership, callback, state);
    rtwq_queue_release(queue);
    return hr;
}

/* The outcome of RtwqBeginRegisterWorkQueueWithMMCSS, and the queue's task group. Returns what the
 * registration ended with, E_POINTER, or E_INVALIDARG for a result of something else. Any thread. */
HRESULT WINAPI RtwqEndRegisterWorkQueueWithMMCSS(IRtwqAsyncResult *result, DWORD *task_id)
{
    HRESULT hr = task_id ? end(result, &registering) : E_POINTER;

    if (SUCCEEDED(hr))
        *task_id = rtwq_result_from(result)->task_id;
    return hr;
}

/* Takes a queue out of its scheduling class, then has callback invoked, which calls
 * RtwqEndUnregisterWorkQueueWithMMCSS: RTWQ_E_NOT_FOUND if it was in none. Returns as the function above. */
HRESULT WINAPI RtwqBeginUnregisterWorkQueueWithMMCSS(DWORD id, IRtwqAsyncCallback *callback, IUnknown *state)
{
    struct rtwq_queue *queue;
    HRESULT hr;

    if (!callback)
        return E_POINTER;
    hr = rtwq_queue_open(id, &queue);
    if (FAILED(hr))
        return hr;
    hr = change(queue, (struct rtwq_membership){NULL, 0, 0}, callback, state);
    rtwq_queue_release(queue);
    return hr;
}

/* As RtwqEndRegisterWorkQueueWithMMCSS. */
HRESULT WINAPI RtwqEndUnregisterWorkQueueWithMMCSS(IRtwqAsyncResult *result)
{
    return end(result, &unregistering);
}

static void set_membership(struct rtwq_queue *queue, void *param)
{
    rtwq_queue_set_class(queue, *(struct rtwq_membership *)param);
}

/* Puts all standard queues into a scheduling class, in place of the one they are in. *task_id: in: task group
 * or 0 for a new one, out: the group. Returns S_OK, E_POINTER, RTWQ_E_SHUTDOWN, E_INVALIDARG (class "",
 * priority) or ERROR_INVALID_TASK_NAME as HRESULT. Any thread. */
HRESULT WINAPI RtwqRegisterPlatformWithMMCSS(const WCHAR *name, DWORD *task_id, LONG priority)
{
    struct rtwq_membership membership = {NULL, priority, 0};
    HRESULT hr;

    if (!name || !task_id)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    hr = find_class(name, priority, &membership.class);
    if (FAILED(hr))
        return hr;
    if (!*task_id)
        *task_id = rtwq_task_id();
    membership.task_id = *task_id;
    rtwq_queues_system(set_membership, &membership);
    return S_OK;
}

/* Takes all standard queues out of their scheduling class. Returns S_OK or RTWQ_E_SHUTDOWN. Any thread. */
HRESULT WINAPI RtwqUnregisterPlatformFromMMCSS(void)
{
    struct rtwq_membership membership = {NULL, 0, 0};

    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    rtwq_queues_system(set_membership, &membership);
    return S_OK;
}

static HRESULT get_membership(DWORD id, struct rtwq_membership *membership)
{
    struct rtwq_queue *queue;
    HRESULT hr;

    hr = rtwq_queue_open(id, &queue);
    if (FAILED(hr))
        return hr;
    wq_lock_take(&rtwq_lock);
    *membership = (struct rtwq_membership){queue->class, queue->priority, queue->task_id};
    wq_lock_drop(&rtwq_lock);
    rtwq_queue_release(queue);
    return S_OK;
}

/* The name of a queue's scheduling class, "" if it has none. *length: in: characters that name has room for,
 * out: characters of the name, its zero included. name may be NULL to ask for that. Returns S_OK, E_POINTER,
 * RTWQ_E_SHUTDOWN, RTWQ_E_INVALID_WORKQUEUE or RTWQ_E_BUFFERTOOSMALL. Any thread. */
HRESULT WINAPI RtwqGetWorkQueueMMCSSClass(DWORD id, WCHAR *name, DWORD *length)
{
    struct rtwq_membership membership;
    DWORD needed, room;
    HRESULT hr;

    if (!length)
        return E_POINTER;
    hr = get_membership(id, &membership);
    if (FAILED(hr))
        return hr;
    room = *length;
    needed = membership.class ? membership.class->length + 1u : 1;
    *length = needed;
    if (!name || room < needed)
        return RTWQ_E_BUFFERTOOSMALL;
    for (DWORD i = 0; i < needed; i++)
        name[i] = membership.class ? membership.class->name[i] : 0;
    return S_OK;
}

/* A queue's task group, 0 if it is in no scheduling class. Returns S_OK, E_POINTER, RTWQ_E_SHUTDOWN or
 * RTWQ_E_INVALID_WORKQUEUE. Any thread. */
HRESULT WINAPI RtwqGetWorkQueueMMCSSTaskId(DWORD id, DWORD *task_id)
{
    struct rtwq_membership membership;
    HRESULT hr = task_id ? get_membership(id, &membership) : E_POINTER;

    if (SUCCEEDED(hr))
        *task_id = membership.task_id;
    return hr;
}

/* A queue's priority within its scheduling class, 0 if it is in none. Returns as the function above. */
HRESULT WINAPI RtwqGetWorkQueueMMCSSPriority(DWORD id, LONG *priority)
{
    struct rtwq_membership membership;
    HRESULT hr = priority ? get_membership(id, &membership) : E_POINTER;

    if (SUCCEEDED(hr))
        *priority = membership.priority;
    return hr;
}
