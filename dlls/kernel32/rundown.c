/*
 * rundown.c: closing objects while their callbacks are queued or run, see rundown.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rundown.h"

#define CLOSED ((LONG)0x80000000)

void k32_rundown_init(struct k32_rundown *rundown, void (*release)(struct k32_rundown *rundown))
{
    rundown->holds = 1;
    rundown->done = NULL;
    rundown->event = NULL;
    rundown->release = release;
}

bool k32_rundown_hold(struct k32_rundown *rundown)
{
    LONG seen = rundown->holds;

    while (!(seen & CLOSED)) {
        LONG was = InterlockedCompareExchange(&rundown->holds, seen + 1, seen);

        if (was == seen)
            return true;
        seen = was;
    }
    return false;
}

/* The last hold of a closed object is gone. */
static void finish(struct k32_rundown *rundown)
{
    HANDLE event = rundown->event;
    LONG *done = rundown->done;

    rundown->release(rundown);
    if (event)
        NtSetEvent(event, NULL);
    if (done) {
        /* The closer may return as soon as it sees this; waking an address that nobody waits for is harmless.
         */
        InterlockedExchange(done, 1);
        RtlWakeAddressSingle(done);
    }
}

void k32_rundown_drop(struct k32_rundown *rundown)
{
    if (InterlockedDecrement(&rundown->holds) == CLOSED)
        finish(rundown);
}

static void wait_done(LONG *done)
{
    const LONG unset = 0;

    wq_blocking_begin();
    while (!InterlockedCompareExchange(done, 0, 0) && !RtlDllShutdownInProgress())
        RtlWaitOnAddress(done, &unset, sizeof(unset), NULL);
    wq_blocking_end();
}

/* Returns whether nothing was outstanding. */
static bool close(struct k32_rundown *rundown, HANDLE event, LONG *done)
{
    rundown->done = done;
    rundown->event = event;
    InterlockedOr(&rundown->holds, CLOSED); /* nobody can hold it anew, so the next step decides */
    if (InterlockedDecrement(&rundown->holds) != CLOSED)
        return false;
    finish(rundown);
    return true;
}

BOOL k32_rundown_close(struct k32_rundown *rundown, HANDLE completion)
{
    LONG done = 0;

    if (completion != INVALID_HANDLE_VALUE)
        return close(rundown, completion, NULL) || k32_fail(ERROR_IO_PENDING);
    if (!close(rundown, NULL, &done))
        wait_done(&done);
    return TRUE;
}

void k32_rundown_abandon(struct k32_rundown *rundown)
{
    close(rundown, NULL, NULL);
}
