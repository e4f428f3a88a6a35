/*
 * pending.c: what waits for its event or its time, and its keys.
 *
 * The key is a handle of the core's. Whoever deletes it (the event, the time, a cancel, a shutdown) decides
 * alone what becomes of the item; so of the callback and the cancellation exactly one happens.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define KIND            0x52747771u   /* of handles: "Rtwq" */
#define HANDLE_TAG_BITS ((UINT_PTR)3) /* which the system ignores: the program's own */

static struct wq_lock lock;        /* as K */
static struct rtwq_pending *first; /* K */

static void pending_free(struct rtwq_pending *pending)
{
    for (unsigned i = 0; i < pending->events; i++)
        NtClose(pending->event[i]);
    wq_free(pending);
}

/* True if the caller's handle was closed, and its value is that of a copy that was just made. */
static bool event_is_copy(const struct rtwq_pending *pending, HANDLE event)
{
    for (unsigned i = 0; i < pending->events; i++)
        if (!(((UINT_PTR)event ^ (UINT_PTR)pending->event[i]) & ~HANDLE_TAG_BITS))
            return true;
    return false;
}

/* Returns false if one of them is no handle. */
static bool events_copy(struct rtwq_pending *pending, DWORD count, const HANDLE *events)
{
    for (DWORD i = 0; i < count; i++) {
        if (!events[i])
            continue;
        if (event_is_copy(pending, events[i]) ||
            NtDuplicateObject(RTWQ_THIS_PROCESS, events[i], RTWQ_THIS_PROCESS,
                              &pending->event[pending->events], 0, 0, DUPLICATE_SAME_ACCESS))
            return false;
        pending->events++;
    }
    return true;
}

HRESULT rtwq_pending_create(enum rtwq_pending_kind kind, IRtwqAsyncResult *result, LONG priority, DWORD count,
                            const HANDLE *events, struct rtwq_pending **out)
{
    struct rtwq_pending *pending = wq_alloc(sizeof(*pending) + count * sizeof(HANDLE));

    if (!pending)
        return E_OUTOFMEMORY;
    *pending = (struct rtwq_pending){.kind = kind, .refs = 1, .priority = priority};
    if (!events_copy(pending, count, events)) {
        pending_free(pending);
        return HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE);
    }
    pending->put.result = result;
    result->lpVtbl->AddRef(result);
    rtwq_ask(result, &pending->flags, &pending->queue);
    *out = pending;
    return S_OK;
}

void rtwq_pending_release(struct rtwq_pending *pending)
{
    IRtwqAsyncResult *result = pending->put.result;

    if (InterlockedDecrement(&pending->refs))
        return;
    pending_free(pending);
    result->lpVtbl->Release(result);
}

HRESULT rtwq_pending_start(struct rtwq_pending *pending, void (*start)(struct rtwq_pending *pending),
                           RTWQWORKITEM_KEY *key)
{
    HRESULT hr = E_OUTOFMEMORY;

    wq_lock_take(&lock);
    if (!rtwq_started())
        hr = RTWQ_E_SHUTDOWN;
    else if ((pending->key = wq_handle_create(KIND, pending)) != NULL)
        hr = S_OK;
    if (hr == S_OK) {
        pending->next = first;
        if (first)
            first->prev = pending;
        first = pending;
        if (key)
            *key = (UINT_PTR)pending->key;
        start(pending);
    }
    wq_lock_drop(&lock);
    return hr; /* a started one may be gone by now */
}

/* Deletes a key. The pending's memory stays, because the key's reference is the caller's now. */
static struct rtwq_pending *key_take(const void *key)
{
    struct rtwq_pending *pending = wq_handle_delete(KIND, key);

    if (!pending)
        return NULL;
    wq_lock_take(&lock);
    if (pending->prev)
        pending->prev->next = pending->next;
    else
        first = pending->next;
    if (pending->next)
        pending->next->prev = pending->prev;
    wq_lock_drop(&lock);
    return pending;
}

bool rtwq_pending_take(struct rtwq_pending *pending)
{
    return key_take(pending->key) != NULL;
}

static void put_done(struct rtwq_put *put)
{
    rtwq_pending_release(CONTAINING_RECORD(put, struct rtwq_pending, put));
}

void rtwq_pending_fire(struct rtwq_pending *pending)
{
    struct rtwq_queue *queue = rtwq_queue_or_standard(pending->queue);

    pending->put.done = put_done;
    /* No memory for a receipt: the callback is more important than its order. */
    if (FAILED(rtwq_put_submit(&pending->put, queue, pending->priority, pending->flags)))
        rtwq_put_submit(&pending->put, queue, pending->priority, 0);
    rtwq_queue_release(queue);
}

static void WQ_CALL wait_closed(void *param)
{
    rtwq_pending_release(param);
}

/* Waits and expires no more. By who took the key. */
static void stop(struct rtwq_pending *pending)
{
    if (pending->kind == RTWQ_PENDING_TIMER)
        wq_timer_close(&pending->timer);
    else if (pending->wait)
        wq_wait_close(pending->wait, wait_closed, pending);
}

/* As on Windows the result of what never comes keeps its reference: programs that know this release it once more. */
void rtwq_pendings_end(void)
{
    for (;;) {
        struct rtwq_pending *pending;
        void *key = NULL;

        wq_lock_take(&lock);
        if (first)
            key = first->key;
        wq_lock_drop(&lock);
        if (!key)
            break;
        pending = key_take(key);
        if (pending) {
            stop(pending);
            rtwq_result_abandon(pending->put.result);
            rtwq_pending_release(pending);
        }
    }
}

/* Cancels a waiting item, whose callback is then invoked with the status RTWQ_E_OPERATION_CANCELLED, or a
 * scheduled item, whose callback is not invoked. Returns S_OK, RTWQ_E_SHUTDOWN or RTWQ_E_NOT_FOUND: it has
 * been cancelled or its callback is queued, runs or has run. Any thread, callbacks included. */
HRESULT WINAPI RtwqCancelWorkItem(RTWQWORKITEM_KEY key)
{
    struct rtwq_pending *pending = NULL;

    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    if ((RTWQWORKITEM_KEY)(UINT_PTR)key == key)
        pending = key_take((void *)(UINT_PTR)key);
    if (!pending)
        return RTWQ_E_NOT_FOUND;
    stop(pending);
    if (pending->kind == RTWQ_PENDING_WAIT) {
        IRtwqAsyncResult *result = pending->put.result;

        result->lpVtbl->SetStatus(result, RTWQ_E_OPERATION_CANCELLED);
        rtwq_pending_fire(pending);
    } else {
        rtwq_pending_release(pending);
    }
    return S_OK;
}
