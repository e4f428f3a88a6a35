/*
 * schedule.c: scheduled items: a callback when a time has passed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define LONGEST_MS (1ull << 42)

static void WQ_CALL hold(void *param)
{
    InterlockedIncrement(&((struct rtwq_pending *)param)->refs);
}

static void WQ_CALL expired(void *param)
{
    struct rtwq_pending *pending = param;

    if (rtwq_pending_take(pending))
        rtwq_pending_fire(pending);
    rtwq_pending_release(pending);
}

static void start_timer(struct rtwq_pending *pending)
{
    wq_timer_set(&pending->timer, pending->delay_us, 0, 0);
}

/* Has the result's callback invoked, on the queue that its GetParameters names now, when -timeout
 * milliseconds have passed; at once if timeout is not negative. key may be NULL; a key is never 0. The result
 * is referenced until the callback has returned. Returns S_OK, E_POINTER, RTWQ_E_SHUTDOWN or E_OUTOFMEMORY.
 * Any thread, callbacks included. Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqScheduleWorkItem(IRtwqAsyncResult *result, INT64 timeout, RTWQWORKITEM_KEY *key)
{
    struct rtwq_pending *pending;
    UINT64 ms = timeout < 0 ? 0 - (UINT64)timeout : 0;
    HRESULT hr;

    if (!result || !CONTAINING_RECORD(result, RTWQASYNCRESULT, AsyncResult)->pCallback)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    hr = rtwq_pending_create(RTWQ_PENDING_TIMER, result, 0, 0, NULL, &pending);
    if (FAILED(hr))
        return hr;
    pending->delay_us = ms < LONGEST_MS ? ms * 1000 : WQ_NEVER;
    wq_timer_init(&pending->timer, WQ_CLASS_TIMER, expired, pending, hold);
    hr = rtwq_pending_start(pending, start_timer, key);
    if (FAILED(hr))
        rtwq_pending_release(pending);
    return hr;
}
