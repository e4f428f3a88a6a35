/*
 * periodic.c: periodic callbacks, every 10 ms on the timer queue.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define PERIOD_US 10000u

struct periodic {
    struct wq_item item; /* the core's while queued is 1 */
    struct wq_timer timer;
    RTWQPERIODICCALLBACK callback; /* C */
    IUnknown *context;             /* C: referenced */
    struct rtwq_queue *queue;      /* C: referenced */
    DWORD key;                     /* C */
    LONG refs;                     /* atomic: the list's, each expiry's, the queued item's */
    LONG queued;                   /* atomic */
    LONG removed;                  /* atomic */
    struct periodic *next;         /* K */
};

static struct wq_lock lock;        /* as K */
static struct periodic *periodics; /* K */
static DWORD last_key;             /* K */

static void release(struct periodic *periodic)
{
    IUnknown *context = periodic->context;

    if (InterlockedDecrement(&periodic->refs))
        return;
    rtwq_queue_release(periodic->queue);
    wq_free(periodic);
    if (context)
        context->lpVtbl->Release(context);
}

static void WQ_CALL run(void *param)
{
    struct periodic *periodic = param;

    InterlockedExchange(&periodic->queued, 0);
    if (!InterlockedCompareExchange(&periodic->removed, 0, 0))
        periodic->callback(periodic->context);
    release(periodic);
}

static void WQ_CALL hold(void *param)
{
    InterlockedIncrement(&((struct periodic *)param)->refs);
}

/* On the timer thread. A callback that is still queued stands for this expiry, too. */
static void WQ_CALL expired(void *param)
{
    struct periodic *periodic = param;

    if (InterlockedExchange(&periodic->queued, 1))
        release(periodic);
    else /* with the expiry's reference */
        wq_queue_submit(periodic->queue->core, &periodic->item, RTWQ_LEVEL_NORMAL);
}

static void stop(struct periodic *periodic)
{
    InterlockedExchange(&periodic->removed, 1);
    wq_timer_close(&periodic->timer);
    release(periodic);
}

/* Takes one out of the list: the one with the key, or any if key is 0. */
static struct periodic *take(DWORD key)
{
    struct periodic **at, *periodic;

    wq_lock_take(&lock);
    for (at = &periodics; *at && key && (*at)->key != key; at = &(*at)->next) {}
    periodic = *at;
    if (periodic)
        *at = periodic->next;
    wq_lock_drop(&lock);
    return periodic;
}

void rtwq_periodics_end(void)
{
    struct periodic *periodic;

    while ((periodic = take(0)))
        stop(periodic);
}

/* Gives it a key and starts its timer. Returns false if the platform has ended. */
static bool start(struct periodic *periodic, DWORD *key)
{
    bool started;

    wq_lock_take(&lock);
    started = rtwq_started();
    if (started) {
        if (!++last_key)
            last_key = 1;
        periodic->key = last_key;
        periodic->next = periodics;
        periodics = periodic;
        if (key)
            *key = periodic->key;
        wq_timer_set(&periodic->timer, PERIOD_US, PERIOD_US, 0);
    }
    wq_lock_drop(&lock);
    return started;
}

/* Calls callback(context) every 10 ms on the timer queue, one call at a time; calls that would pile up are
 * left out. context may be NULL; it is referenced until the callback is removed. *key, which may be NULL, is
 * never 0. Returns S_OK, E_POINTER (no callback), RTWQ_E_SHUTDOWN or E_OUTOFMEMORY. Any thread. */
HRESULT WINAPI RtwqAddPeriodicCallback(RTWQPERIODICCALLBACK callback, IUnknown *context, DWORD *key)
{
    struct periodic *periodic;

    if (!callback)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    periodic = wq_alloc(sizeof(*periodic));
    if (!periodic)
        return E_OUTOFMEMORY;
    *periodic = (struct periodic){.callback = callback, .context = context, .refs = 1};
    periodic->item.routine = run;
    periodic->item.param = periodic;
    periodic->queue = rtwq_queue_find(RTWQ_CALLBACK_QUEUE_TIMER);
    if (context)
        context->lpVtbl->AddRef(context);
    wq_timer_init(&periodic->timer, WQ_CLASS_TIMER, expired, periodic, hold);
    if (start(periodic, key))
        return S_OK;
    release(periodic);
    return RTWQ_E_SHUTDOWN;
}

/* Ends a periodic callback; one that runs now may still run on. Returns S_OK, RTWQ_E_SHUTDOWN or
 * RTWQ_E_NOT_FOUND. Any thread, the callback itself included. */
HRESULT WINAPI RtwqRemovePeriodicCallback(DWORD key)
{
    struct periodic *periodic;

    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    periodic = key ? take(key) : NULL;
    if (!periodic)
        return RTWQ_E_NOT_FOUND;
    stop(periodic);
    return S_OK;
}
