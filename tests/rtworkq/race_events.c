/*
 * race_events.c: platform events, against starts and shutdowns by several threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "events.h"
#include "race.h"

#define STARTERS 2

static DWORD WINAPI register_and_unregister(void *param)
{
    struct events events;
    LONG *ended = param; /* threads of start_often */

    events_init(&events, NULL);
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
    struct events events;
    HANDLE threads[STARTERS];
    LONG ended = 0;

    events_init(&events, NULL);
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
static HRESULT start_inside(char what)
{
    if (what != 'e') {
        start();
        stop();
    }
    return S_OK;
}

static void test_start_inside_events(void)
{
    struct events events;

    events_init(&events, start_inside);
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
