/*
 * put.c: from putting a result on a queue to its callback.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "class.h"

#define STRIPES 13u
#define LINE    128 /* bytes */

struct wq_rtwq_counters rtwq_counters;

/* Two words that every thread writes for every item would cost more than all else, so each thread has its own, as
 * far as there are enough. */
static struct {
    LONG64 put;     /* atomic */
    LONG64 invoked; /* atomic */
    char apart[LINE - 2 * sizeof(LONG64)];
} stripes[STRIPES];

static unsigned stripe(void)
{
    return (unsigned)((UINT_PTR)NtCurrentTeb() >> 12) % STRIPES;
}

static IRtwqAsyncCallback *callback_of(IRtwqAsyncResult *result)
{
    return CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult)->pCallback;
}

void rtwq_ask(IRtwqAsyncResult *result, DWORD *flags, DWORD *queue)
{
    IRtwqAsyncCallback *callback = callback_of(result);

    *flags = *queue = 0;
    if (FAILED(callback->lpVtbl->GetParameters(callback, flags, queue)))
        *flags = *queue = 0;
}

/* In the implicit multithreaded apartment that the platform holds: entering it anew for each callback makes
 * workers queue up at COM's one lock. */
static void invoke(IRtwqAsyncResult *result, IRtwqAsyncResult *argument, bool blocking)
{
    IRtwqAsyncCallback *callback = callback_of(result);

    if (blocking)
        wq_blocking_begin();
    if (callback)
        callback->lpVtbl->Invoke(callback, argument);
    if (blocking)
        wq_blocking_end();
}

/* The queue's routine. The put is given back first, so that the callback may queue its result again without
 * an allocation. */
static void WQ_CALL put_run(void *param)
{
    struct rtwq_put put = *(struct rtwq_put *)param;
    struct rtwq_class *class = __atomic_load_n(&put.queue->class, __ATOMIC_ACQUIRE);
    bool blocking = (put.flags & RTWQ_BLOCKING_CALLBACK) || put.queue->long_running > 0;

    put.done(param);
    if (class)
        rtwq_boost(put.queue, class);
    if (put.receipt) {
        rtwq_receipt_arm(put.receipt, put.queue);
        invoke(put.result, &put.receipt->public.AsyncResult, blocking);
        put.receipt->public.AsyncResult.lpVtbl->Release(&put.receipt->public.AsyncResult);
    } else {
        invoke(put.result, put.result, blocking);
    }
    InterlockedIncrement64(&stripes[stripe()].invoked);
    put.result->lpVtbl->Release(put.result);
}

static unsigned level_of(LONG priority)
{
    if (!priority)
        return RTWQ_LEVEL_NORMAL;
    return priority > 0 ? RTWQ_LEVEL_HIGH : RTWQ_LEVEL_LOW;
}

HRESULT rtwq_put_submit(struct rtwq_put *put, struct rtwq_queue *queue, LONG priority, DWORD flags)
{
    put->receipt = NULL;
    if (queue->serial && (flags & RTWQ_REPLY_CALLBACK) && !(put->receipt = rtwq_receipt_create()))
        return E_OUTOFMEMORY;
    put->item.routine = put_run;
    put->item.param = put;
    put->flags = flags;
    put->queue = queue;
    put->result->lpVtbl->AddRef(put->result);
    InterlockedIncrement64(&stripes[stripe()].put);
    if (queue->window)
        rtwq_window_submit(queue->window, &put->item, level_of(priority));
    else /* a serial queue is strictly first in, first out */
        wq_queue_submit(queue->core, &put->item, level_of(queue->serial ? 0 : priority));
    return S_OK;
}

static void put_done_embedded(struct rtwq_put *put)
{
    __atomic_store_n(&CONTAINING_RECORD(put, struct rtwq_result, put)->put_used, 0, __ATOMIC_RELEASE);
}

static void put_done_heap(struct rtwq_put *put)
{
    wq_free(put);
}

/* Queues a result with the put that it carries or, if that is in use or the result is not ours, a new one. Drops the
 * caller's reference of the queue. */
static HRESULT put_result(struct rtwq_queue *queue, LONG priority, DWORD flags, IRtwqAsyncResult *result)
{
    struct rtwq_result *own = rtwq_result_from(result);
    struct rtwq_put *put;
    HRESULT hr;

    if (own && !InterlockedExchange(&own->put_used, 1)) {
        put = &own->put;
        put->done = put_done_embedded;
    } else if ((put = wq_alloc(sizeof(*put)))) {
        put->done = put_done_heap;
    } else {
        rtwq_queue_release(queue);
        return E_OUTOFMEMORY;
    }
    put->result = result;
    hr = rtwq_put_submit(put, queue, priority, flags);
    if (FAILED(hr))
        put->done(put);
    rtwq_queue_release(queue);
    return hr;
}

/* Has the result's callback invoked on a queue. priority: -1, 0 or 1; within the queue higher ones come
 * first. The callback's GetParameters is asked for its flags, not for its queue. Identifiers without private
 * bits that are no system queue stand for the standard queue. The result is referenced until the callback has
 * returned. Returns S_OK, E_POINTER (no result, or it has no callback), RTWQ_E_SHUTDOWN,
 * RTWQ_E_INVALID_WORKQUEUE, or E_OUTOFMEMORY, which can only be if the result is already queued. Any thread,
 * callbacks included. Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqPutWorkItem(DWORD id, LONG priority, IRtwqAsyncResult *result)
{
    struct rtwq_queue *queue;
    DWORD flags, unused;

    if (!result)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    if (rtwq_receipt_reply(result))
        return S_OK;
    if (!callback_of(result))
        return E_POINTER;
    queue = rtwq_queue_find(id);
    if (!queue)
        return RTWQ_E_INVALID_WORKQUEUE;
    rtwq_ask(result, &flags, &unused);
    return put_result(queue, priority, flags, result);
}

/* As RtwqPutWorkItem with priority 0 on the queue that the callback's GetParameters names: the standard one
 * if it fails, names 0 or a private queue that is gone. With the receipt that a reply callback was given:
 * lets its serial queue go on. */
HRESULT WINAPI RtwqInvokeCallback(IRtwqAsyncResult *result)
{
    DWORD flags, queue;

    if (!result)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    if (rtwq_receipt_reply(result))
        return S_OK;
    if (!callback_of(result))
        return E_POINTER;
    rtwq_ask(result, &flags, &queue);
    return put_result(rtwq_queue_or_standard(queue), 0, flags, result);
}

void WINAPI WqRtwqCountersRead(struct wq_rtwq_counters *counters)
{
    for (size_t i = 0; i < sizeof(*counters) / sizeof(UINT64); i++)
        ((LONG64 *)counters)[i] = InterlockedCompareExchange64((LONG64 *)&rtwq_counters + i, 0, 0);
    for (unsigned i = 0; i < STRIPES; i++)
        counters->invoked += (UINT64)InterlockedCompareExchange64(&stripes[i].invoked, 0, 0);
    for (unsigned i = 0; i < STRIPES; i++) /* afterwards, so that no more were invoked than put */
        counters->put += (UINT64)InterlockedCompareExchange64(&stripes[i].put, 0, 0);
}
