/*
 * platform.c: start-up, shutdown and locks of the platform.
 *
 * Two counters. The platform works while both are above zero: starts and shutdowns change one, locks and
 * unlocks the other, to which the first start adds a lock and every live or cached result one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define SHUTDOWN_WAIT_MS 300 /* for locks that others hold, results above all */

static void *changer;  /* atomic: thread (its TEB) that starts or shuts down, NULL = none */
static LONG changes;   /* atomic: how often one has ended */
static unsigned depth; /* by that thread: calls of its inside of each other */
static LONG startups;  /* likewise; read anywhere */
static LONG locks;     /* atomic */

bool rtwq_started(void)
{
    return __atomic_load_n(&startups, __ATOMIC_ACQUIRE) > 0;
}

bool rtwq_usable(void)
{
    return rtwq_started() && __atomic_load_n(&locks, __ATOMIC_ACQUIRE) > 0;
}

void rtwq_platform_hold(void)
{
    InterlockedIncrement(&locks);
}

void rtwq_platform_drop(void)
{
    InterlockedDecrement(&locks);
    RtlWakeAddressAll(&locks);
}

/* One thread at a time starts or shuts down, for as long as that takes: a start that came while the last shutdown
 * is under way would lose its queues and its apartment to it. Those who are told of it, and whose objects are
 * released meanwhile, may call both functions. */
static void change_begin(void)
{
    void *self = NtCurrentTeb(), *owner;

    for (;;) {
        LONG seen = InterlockedCompareExchange(&changes, 0, 0);

        owner = InterlockedCompareExchangePointer(&changer, self, NULL);
        if (!owner || owner == self || RtlDllShutdownInProgress())
            break;
        RtlWaitOnAddress(&changes, &seen, sizeof(seen), NULL);
    }
    depth++;
}

static void change_end(void)
{
    if (--depth)
        return;
    InterlockedExchangePointer(&changer, NULL);
    InterlockedIncrement(&changes);
    RtlWakeAddressAll(&changes);
}

/* Starts the platform, or counts one more start of it. The first one gives the process an implicit
 * multithreaded apartment. Returns S_OK or E_OUTOFMEMORY. Any thread, queue threads included, but not
 * DllMain. Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqStartup(void)
{
    HRESULT hr = S_OK;

    change_begin();
    if (startups) {
        __atomic_store_n(&startups, startups + 1, __ATOMIC_RELEASE);
    } else if (rtwq_queues_start()) {
        rtwq_os_apartment_hold();
        rtwq_platform_hold();
        __atomic_store_n(&startups, 1, __ATOMIC_RELEASE);
        rtwq_events_tell(RTWQ_EVENT_STARTED);
    } else {
        hr = E_OUTOFMEMORY;
    }
    change_end();
    return hr;
}

/* Waits until only cached results hold locks any more, not for ever: a lock may belong to a leaked result. */
static void wait_for_locks(void)
{
    LARGE_INTEGER start, now, left;
    LONG seen;

    NtQuerySystemTime(&start);
    while ((seen = __atomic_load_n(&locks, __ATOMIC_ACQUIRE)) > 0 && !RtlDllShutdownInProgress()) {
        NtQuerySystemTime(&now);
        left.QuadPart = now.QuadPart - start.QuadPart - SHUTDOWN_WAIT_MS * 10000ll;
        if (left.QuadPart >= 0 || now.QuadPart < start.QuadPart)
            break;
        RtlWaitOnAddress(&locks, &seen, sizeof(seen), &left);
    }
}

/* What the last shutdown does. Calls that came before it have added their items, or find under the lock of the list
 * that the platform has ended. */
static void end(void)
{
    rtwq_periodics_end();
    rtwq_pendings_end();
    rtwq_deadlines_end();
    rtwq_queues_end();
    rtwq_platform_drop();
    rtwq_results_end();
    wait_for_locks();
    rtwq_results_end();
    rtwq_os_apartment_drop();
    rtwq_events_tell(RTWQ_EVENT_ENDED);
}

/* Undoes one RtwqStartup. With the last one no more work can be queued. What is queued still runs. Waiting and
 * scheduled items and periodic callbacks never come; each such item leaves a reference of its result behind, as on
 * Windows. Private queues lose their identifiers. Then waits a short while until nobody else locks the platform.
 * Returns S_OK, also without a start to undo. Any thread but those that run queued work. */
HRESULT WINAPI RtwqShutdown(void)
{
    change_begin();
    if (startups == 1)
        rtwq_events_tell(RTWQ_EVENT_SHUTDOWN);
    if (startups) {
        __atomic_store_n(&startups, startups - 1, __ATOMIC_SEQ_CST);
        if (!startups)
            end();
    }
    change_end();
    return S_OK;
}

/* Keeps the platform usable until RtwqUnlockPlatform, but does not start it. S_OK. Any thread. */
HRESULT WINAPI RtwqLockPlatform(void)
{
    rtwq_platform_hold();
    return S_OK;
}

/* Undoes one RtwqLockPlatform. One too many makes the platform refuse work until it is locked again. S_OK.
 * Any thread. */
HRESULT WINAPI RtwqUnlockPlatform(void)
{
    rtwq_platform_drop();
    return S_OK;
}
