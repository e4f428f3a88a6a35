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

static struct wq_lock change_lock; /* taken first: one start or shutdown at a time */
static LONG startups;              /* under change_lock; read anywhere */
static LONG locks;                 /* atomic */

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

/* Counts the platform as started. Returns 1 if it was not before, 0 if it was, -1 without memory. */
static int start(void)
{
    int first = 0;

    wq_lock_take(&change_lock);
    if (!startups)
        first = rtwq_queues_start() ? 1 : -1;
    if (first >= 0)
        __atomic_store_n(&startups, startups + 1, __ATOMIC_RELEASE);
    if (first > 0)
        rtwq_platform_hold();
    wq_lock_drop(&change_lock);
    return first;
}

/* Starts the platform, or counts one more start of it. The first one gives the process an implicit
 * multithreaded apartment. Returns S_OK or E_OUTOFMEMORY. Any thread, queue threads included, but not
 * DllMain. Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqStartup(void)
{
    int first = start();

    if (first < 0)
        return E_OUTOFMEMORY;
    if (first) {
        rtwq_os_apartment_hold();
        rtwq_events_tell(RTWQ_EVENT_STARTED);
    }
    return S_OK;
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

/* Undoes one RtwqStartup. With the last one no more work can be queued; what is queued still runs; waiting
 * and scheduled items and periodic callbacks never come and let go of their results; private queues lose
 * their identifiers. Then waits a short while until nobody else locks the platform. Returns S_OK, also
 * without a start to undo. Any thread but those that run queued work. */
HRESULT WINAPI RtwqShutdown(void)
{
    bool last;

    if (!rtwq_started())
        return S_OK;
    if (__atomic_load_n(&startups, __ATOMIC_ACQUIRE) == 1)
        rtwq_events_tell(RTWQ_EVENT_SHUTDOWN);
    wq_lock_take(&change_lock);
    last = startups == 1;
    if (startups > 0)
        __atomic_store_n(&startups, startups - 1, __ATOMIC_RELEASE);
    wq_lock_drop(&change_lock);
    if (!last)
        return S_OK;
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
