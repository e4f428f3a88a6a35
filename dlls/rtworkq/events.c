/*
 * events.c: who is told of the platform's start and end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

struct listener {
    struct listener *next;       /* R */
    IRtwqPlatformEvents *events; /* C: referenced */
    LONG refs;                   /* R: the list's, and one while it is called */
    UINT64 number;               /* C: later ones have higher numbers */
};

static struct listener *listeners; /* R: oldest first */
static UINT64 last_number;         /* R */

static void release(struct listener *listener)
{
    LONG refs;

    wq_lock_take(&rtwq_lock);
    refs = --listener->refs;
    wq_lock_drop(&rtwq_lock);
    if (refs)
        return;
    listener->events->lpVtbl->Release(listener->events);
    wq_free(listener);
}

/* References the first listener after one with a number, if it is not later than `last`. */
static struct listener *listener_after(UINT64 number, UINT64 last)
{
    struct listener *each;

    wq_lock_take(&rtwq_lock);
    for (each = listeners; each && each->number <= number; each = each->next) {}
    if (each && each->number > last)
        each = NULL;
    if (each)
        each->refs++;
    wq_lock_drop(&rtwq_lock);
    return each;
}

static void tell(IRtwqPlatformEvents *events, enum rtwq_event event)
{
    if (event == RTWQ_EVENT_STARTED)
        events->lpVtbl->InitializationComplete(events);
    else if (event == RTWQ_EVENT_SHUTDOWN)
        events->lpVtbl->ShutdownStart(events);
    else
        events->lpVtbl->ShutdownComplete(events);
}

/* Those that come while the others are told are not; those that go are not any more. */
void rtwq_events_tell(enum rtwq_event event)
{
    struct listener *listener;
    UINT64 number = 0, last;

    wq_lock_take(&rtwq_lock);
    last = last_number;
    wq_lock_drop(&rtwq_lock);
    while ((listener = listener_after(number, last)) != NULL) {
        number = listener->number;
        tell(listener->events, event);
        release(listener);
    }
}

/* Lets events be told, on the threads that cause it, when the platform has been started, begins to shut down
 * and has been shut down: the first start and the last shutdown only. Works before RtwqStartup. The object is
 * referenced until it is unregistered. Returns S_OK, E_POINTER or E_OUTOFMEMORY. Any thread. */
HRESULT WINAPI RtwqRegisterPlatformEvents(IRtwqPlatformEvents *events)
{
    struct listener *listener, **end;

    if (!events)
        return E_POINTER;
    listener = wq_alloc(sizeof(*listener));
    if (!listener)
        return E_OUTOFMEMORY;
    *listener = (struct listener){.events = events, .refs = 1};
    events->lpVtbl->AddRef(events);
    wq_lock_take(&rtwq_lock);
    listener->number = ++last_number;
    for (end = &listeners; *end; end = &(*end)->next) {}
    *end = listener;
    wq_lock_drop(&rtwq_lock);
    return S_OK;
}

/* Undoes one RtwqRegisterPlatformEvents. Returns S_OK, E_POINTER or RTWQ_E_NOT_FOUND. Any thread, the
 * object's methods included. */
HRESULT WINAPI RtwqUnregisterPlatformEvents(IRtwqPlatformEvents *events)
{
    struct listener **at, *listener;

    if (!events)
        return E_POINTER;
    wq_lock_take(&rtwq_lock);
    for (at = &listeners; *at && (*at)->events != events; at = &(*at)->next) {}
    listener = *at;
    if (listener)
        *at = listener->next;
    wq_lock_drop(&rtwq_lock);
    if (!listener)
        return RTWQ_E_NOT_FOUND;
    release(listener);
    return S_OK;
}
