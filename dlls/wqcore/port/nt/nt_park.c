/*
 * nt_park.c: parking, waking, the exit rule and the alertable event on ntdll.
 *
 * Threads park with the alert-by-thread-id pair, the cheapest that Wine and Windows have: it needs no handle
 * and skips the address hash that RtlWaitOnAddress goes through. Alerts are per thread and other users of the
 * thread (SRW locks) leave stale ones, so the parker's word alone says whether there was a wake-up.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

#define TEB_THREAD_ID 9 /* index in TEB.Reserved1: ClientId.UniqueThread */

void port_parker_init(struct port_parker *parker)
{
    /* A waker of the thread that had the parker before may be late. */
    at_put(&parker->word, 0);
    at_put(&parker->thread, (uintptr_t)NtCurrentTeb()->Reserved1[TEB_THREAD_ID]);
}

bool port_park(struct port_parker *parker, uint64_t deadline_us)
{
    while (!at_load(&parker->word)) {
        LARGE_INTEGER left;
        uint64_t now;

        if (deadline_us == PORT_FOREVER) {
            NtWaitForAlertByThreadId(&parker->word, NULL);
            continue;
        }
        now = port_clock_us();
        if (now >= deadline_us)
            return at_exchange(&parker->word, 0) != 0;
        left.QuadPart = -(LONGLONG)(deadline_us - now) * 10;
        NtWaitForAlertByThreadId(&parker->word, &left);
    }
    at_publish(&parker->word, 0);
    return true;
}

void port_unpark(struct port_parker *parker)
{
    if (!at_exchange(&parker->word, 1))
        NtAlertThreadByThreadId((HANDLE)at_peek(&parker->thread));
}

void port_wait_word(uint32_t *word, uint32_t seen)
{
    RtlWaitOnAddress(word, &seen, sizeof(seen), NULL);
}

void port_wake_word(uint32_t *word)
{
    RtlWakeAddressSingle(word);
}

bool port_exiting(void)
{
    return RtlDllShutdownInProgress();
}

static bool event_create(struct port_event *event, ULONG type, BOOLEAN signalled)
{
    if (port_fault_hit(PORT_FAULT_MEMORY))
        return false;
    return !NtCreateEvent(&event->handle, EVENT_ALL_ACCESS, NULL, type, signalled);
}

bool port_event_init(struct port_event *event)
{
    const ULONG synchronization = 1; /* auto-reset */

    return event_create(event, synchronization, FALSE);
}

bool port_event_init_signalled(struct port_event *event)
{
    const ULONG notification = 0; /* not reset by waits */

    return event_create(event, notification, TRUE);
}

void port_event_close(struct port_event *event)
{
    NtClose(event->handle);
}

void port_event_set(struct port_event *event)
{
    NtSetEvent(event->handle, NULL);
}

void port_event_wait(struct port_event *event)
{
    NtWaitForSingleObject(event->handle, TRUE, NULL);
}
