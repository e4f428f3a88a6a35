/*
 * timerq_util.c: what timerq.h promises.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "timerq.h"

void probe_init(struct probe *probe, LONG target)
{
    memset(probe, 0, sizeof(*probe));
    tally_init(&probe->started, target);
    tally_init(&probe->ended, target);
}

void CALLBACK probe_callback(void *param, BOOLEAN fired)
{
    struct probe *probe = param;
    LONG inside = InterlockedIncrement(&probe->inside), beside = probe->beside;

    while (inside > beside) {
        LONG seen = InterlockedCompareExchange(&probe->beside, inside, beside);

        if (seen == beside)
            break;
        beside = seen;
    }
    if (fired != TRUE || !probe->timer)
        InterlockedIncrement(&probe->bad);
    probe->thread = GetCurrentThreadId();
    tally_add(&probe->started, 1);
    if (probe->gate)
        handle_wait(probe->gate, "the gate of a callback");
    if (probe->body)
        probe->body(probe);
    InterlockedDecrement(&probe->inside);
    tally_add(&probe->ended, 1);
}

void probe_check_(int line, struct probe *probe, LONG count)
{
    ok_(__FILE__, line)(probe->started.count == count && probe->ended.count == count && !probe->bad,
                        "%ld callbacks began, %ld ended, expected %ld; %ld had wrong arguments\n",
                        probe->started.count, probe->ended.count, count, probe->bad);
}

void create_(int line, struct probe *probe, HANDLE queue, DWORD due, DWORD period, ULONG flags)
{
    BOOL ret;

    SetLastError(0xdeadbeef);
    ret = CreateTimerQueueTimer(&probe->timer, queue, probe_callback, probe, due, period, flags);
    ok_(__FILE__, line)(ret && probe->timer, "flags %lx: %d, error %lu\n", flags, ret, GetLastError());
    ok_(__FILE__, line)(GetLastError() == 0xdeadbeef, "last error became %lu\n", GetLastError());
}

void timer_thread_flush(HANDLE queue)
{
    static struct probe probe;

    probe_init(&probe, 1);
    create(&probe, queue, 1, 0, WT_EXECUTEINTIMERTHREAD);
    probe_wait(&probe);
    ok(DeleteTimerQueueTimer(queue, probe.timer, INVALID_HANDLE_VALUE), "error %lu\n", GetLastError());
}

HANDLE event_make(BOOL manual)
{
    HANDLE event = CreateEventA(NULL, manual, FALSE, NULL);

    ok(event != NULL, "no event: error %lu\n", GetLastError());
    return event;
}

double clock_ms(void)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (double)now.QuadPart * 1000.0 / (double)frequency.QuadPart;
}
