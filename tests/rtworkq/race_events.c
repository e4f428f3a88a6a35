/*
 * race_events.c: platform events, against starts and shutdowns by several threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "race.h"

struct events {
    IRtwqPlatformEvents iface;
    LONG refs, told;
    void (*fn)(char what);
    char log[32];
};

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
    if (events->fn)
        events->fn(what);
    return S_OK;
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

#define STARTERS 2

static DWORD WINAPI register_and_unregister(void *param)
{
    struct events events = {{&events_vtbl}, 1, 0, NULL, ""};
    LONG *ended = param; /* threads of start_often */

    wait_event(race_go);
    while (*ended < STARTERS) {
        LONG before = events.told;

        ok(RtwqRegisterPlatformEvents(&events.iface) == S_OK, "not registered\n");
        while (events.told == before && *ended < STARTERS)
            SwitchToThread();
        ok(RtwqUnregisterPlatformEvents(&events.iface) == S_OK, "not unregistered\n");
        wait_value(&events.refs, 1);
        ok(RtwqUnregisterPlatformEvents(&events.iface) == RTWQ_E_NOT_FOUND, "still registered\n");
    }
    return 0;
}

static DWORD WINAPI start_often(void *param)
{
    wait_event(race_go);
    for (int i = 0; i < 100; i++) {
        start();
        stop();
    }
    InterlockedIncrement(param);
    return 0;
}

/* Each start and each end is told once, however many threads cause them. */
static void test_events(void)
{
    struct events events = {{&events_vtbl}, 1, 0, NULL, ""};
    HANDLE threads[STARTERS];
    LONG ended = 0;

    ok(RtwqRegisterPlatformEvents(&events.iface) == S_OK, "not registered\n");
    for (int i = 0; i < STARTERS; i++)
        threads[i] = CreateThread(NULL, 0, start_often, &ended, 0, NULL);
    race_threads(register_and_unregister, &ended);
    for (int i = 0; i < STARTERS; i++) {
        wait_event(threads[i]);
        CloseHandle(threads[i]);
    }
    ok(events.told % 3 == 0 && events.told <= 600 && events.told >= 3, "told %ld times\n", events.told);
    for (LONG i = 0; i < 31 && i < events.told; i++)
        ok(events.log[i] == "ise"[i % 3], "told %s\n", events.log);
    ok(RtwqUnregisterPlatformEvents(&events.iface) == S_OK, "not unregistered\n");
    ok(events.refs == 1, "%ld references\n", events.refs);
}

/* Those who are told may start and shut down themselves. */
static void start_inside(char what)
{
    if (what == 'e')
        return;
    start();
    stop();
}

static void test_start_inside_events(void)
{
    struct events events = {{&events_vtbl}, 1, 0, start_inside, ""};

    RtwqRegisterPlatformEvents(&events.iface);
    start();
    queue_flush(RTWQ_CALLBACK_QUEUE_STANDARD);
    stop();
    ok(!strcmp(events.log, "ise"), "told %s\n", events.log);
    RtwqUnregisterPlatformEvents(&events.iface);
    ok(events.refs == 1, "%ld references\n", events.refs);
}

START_TEST(race_events)
{
    if (!race_begin())
        return;
    test_events();
    test_start_inside_events();
    race_end();
}
