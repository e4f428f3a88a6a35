/*
 * wait.c: waiting items: a callback when an event, or one of several, is signalled. The core's wait thread hands it to its queue
 * itself, so between the signal and the queue there is one thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

static void WQ_CALL wait_closed(void *param)
{
    rtwq_pending_release(param);
}

static void WQ_CALL signalled(void *param, bool timed_out)
{
    struct rtwq_pending *pending = param;

    (void)timed_out;
    if (!rtwq_pending_take(pending))
        return;
    wq_wait_close(pending->wait, wait_closed, pending);
    rtwq_pending_fire(pending);
}

static void start_wait(struct rtwq_pending *pending)
{
    if (pending->wait)
        wq_wait_start(pending->wait);
}

/* Opens the wait, if there is anything to be waited for. */
static HRESULT open_wait(struct rtwq_pending *pending)
{
    enum wq_wait_result result;

    if (!pending->events)
        return S_OK;
    result = wq_wait_open_group(&pending->wait, pending->event, pending->events, signalled, pending,
                                WQ_WAIT_INLINE);
    if (result == WQ_WAIT_OK) {
        InterlockedIncrement(&pending->refs); /* until wait_closed */
        return S_OK;
    }
    pending->wait = NULL;
    if (result == WQ_WAIT_NO_MEMORY)
        return E_OUTOFMEMORY;
    return HRESULT_FROM_WIN32(result == WQ_WAIT_DENIED ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
}

static HRESULT put_waiting(DWORD count, const HANDLE *events, LONG priority, IRtwqAsyncResult *result,
                           RTWQWORKITEM_KEY *key)
{
    struct rtwq_pending *pending;
    HRESULT hr;

    if (!result || !CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult)->pCallback)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    hr = rtwq_pending_create(RTWQ_PENDING_WAIT, result, priority, count, events, &pending);
    if (FAILED(hr))
        return hr;
    hr = open_wait(pending);
    if (SUCCEEDED(hr)) {
        hr = rtwq_pending_start(pending, start_wait, key);
        if (FAILED(hr) && pending->wait)
            wq_wait_close(pending->wait, wait_closed, pending);
    }
    if (FAILED(hr))
        rtwq_pending_release(pending);
    return hr;
}

/* Has the result's callback invoked, on the queue that its GetParameters names now, once the event is
 * signalled; that consumes the signal of an auto-reset event. Without an event it can only be cancelled. The
 * caller may close its handle at once: a duplicate is waited for. key may be NULL, then it cannot be cancelled; a
 * key is never 0. The result is referenced until the callback has returned. Returns S_OK, E_POINTER,
 * RTWQ_E_SHUTDOWN, E_OUTOFMEMORY, or ERROR_INVALID_HANDLE or ERROR_ACCESS_DENIED as HRESULT. Any thread, callbacks
 * included: programs arm the next wait from the callback. Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqPutWaitingWorkItem(HANDLE event, LONG priority, IRtwqAsyncResult *result,
                                      RTWQWORKITEM_KEY *key)
{
    return put_waiting(1, &event, priority, result, key);
}

/* As RtwqPutWaitingWorkItem, for any of several events: the callback is invoked once, when one of them is
 * signalled, and no other signal is consumed. count: 1 to 63; events that are NULL are never signalled. Neither
 * the array nor the handles need stay. Returns as that function, or E_INVALIDARG (count). Nobody has published
 * this function: the parameters follow RtwqPutWaitingWorkItem. */
HRESULT WINAPI RtwqPutMultipleWaitingWorkItem(DWORD count, const HANDLE *events, LONG priority,
                                              IRtwqAsyncResult *result, RTWQWORKITEM_KEY *key)
{
    if (!events)
        return E_POINTER;
    if (!count || count > WQ_WAIT_GROUP_MAX)
        return E_INVALIDARG;
    return put_waiting(count, events, priority, result, key);
}

/* RtwqCancelWorkItem, which also takes the keys of RtwqPutMultipleWaitingWorkItem. */
HRESULT WINAPI RtwqCancelMultipleWaitingWorkItem(RTWQWORKITEM_KEY key)
{
    return RtwqCancelWorkItem(key);
}
