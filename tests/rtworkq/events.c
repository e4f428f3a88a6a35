/*
 * events.c: somebody who is told of the platform's events. Any thread may tell.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "events.h"

static struct events *events_from(IRtwqPlatformEvents *iface)
{
    return CONTAINING_RECORD(iface, struct events, iface);
}

static HRESULT WINAPI events_query(IRtwqPlatformEvents *iface, REFIID riid, void **out)
{
    (void)iface;
    (void)riid;
    *out = NULL;
    return E_NOINTERFACE;
}

static ULONG WINAPI events_add_ref(IRtwqPlatformEvents *iface)
{
    return (ULONG)InterlockedIncrement(&events_from(iface)->refs);
}

static ULONG WINAPI events_release(IRtwqPlatformEvents *iface)
{
    return (ULONG)InterlockedDecrement(&events_from(iface)->refs);
}

static HRESULT told(IRtwqPlatformEvents *iface, char what)
{
    struct events *events = events_from(iface);
    LONG n = InterlockedIncrement(&events->told) - 1;

    if (n < 31)
        events->log[n] = what;
    return events->fn ? events->fn(what) : S_OK;
}

static HRESULT WINAPI events_started(IRtwqPlatformEvents *iface)
{
    return told(iface, 'i');
}

static HRESULT WINAPI events_shutdown(IRtwqPlatformEvents *iface)
{
    return told(iface, 's');
}

static HRESULT WINAPI events_ended(IRtwqPlatformEvents *iface)
{
    return told(iface, 'e');
}

static IRtwqPlatformEventsVtbl events_vtbl = {
    events_query, events_add_ref, events_release, events_started, events_shutdown, events_ended,
};

void events_init(struct events *events, HRESULT (*fn)(char what))
{
    *events = (struct events){.iface = {&events_vtbl}, .refs = 1, .fn = fn};
}
