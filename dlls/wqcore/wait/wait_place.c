/*
 * wait_place.c: which thread serves a wait: finding one with room, or starting one.
 *
 * Threads that call routines themselves and threads that only post are kept apart, so that a routine which
 * takes long delays none but its own kind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "pool/face.h"
#include "wait/wait.h"
#include "wait/waits.h"

bool waits_provide(void)
{
    bool have;

    if (!pool_start())
        return false;
    port_lock_take(&waits.start_lock);
    if (!waits.have_signalled)
        waits.have_signalled = port_event_init_signalled(&waits.signalled);
    have = waits.have_signalled;
    port_lock_drop(&waits.start_lock);
    return have;
}

/* Takes places with a thread that has room. Under the waits' lock. */
static bool place_take(struct wq_wait *wait)
{
    struct wait_thread *thread = waits.room[(wait->flags & WQ_WAIT_INLINE) != 0];

    while (thread && thread->used + wait->count > WAIT_SLOTS) /* of one object: the first has room */
        thread = thread->room_next;
    if (!thread)
        return false;
    wait_join(wait, thread);
    return true;
}

/* Starts a thread. It is pinned until its handle is filled in. Under start_lock. */
static struct wait_thread *start_thread(bool inlined)
{
    struct wait_thread *thread = port_heap_alloc(sizeof(*thread));
    bool have_event, started;

    if (!thread)
        return NULL;
    memset(thread, 0, sizeof(*thread));
    thread->inlined = inlined;
    thread->pins = 1;
    have_event = port_event_init(&thread->kick);
    started = have_event && thread_start(wait_thread_main, thread, NULL, &thread->thread);
    if (started)
        return thread;
    if (have_event)
        port_event_close(&thread->kick);
    port_heap_free(thread);
    return NULL;
}

bool wait_place(struct wq_wait *wait)
{
    struct wait_thread *thread;
    bool placed;

    port_lock_take(&waits.lock);
    placed = place_take(wait);
    port_lock_drop(&waits.lock);
    if (placed)
        return true;
    port_lock_take(&waits.start_lock);
    port_lock_take(&waits.lock);
    placed = place_take(wait); /* somebody else may have started one meanwhile */
    port_lock_drop(&waits.lock);
    thread = placed ? NULL : start_thread(wait->flags & WQ_WAIT_INLINE);
    if (thread) {
        port_lock_take(&waits.lock);
        wait_thread_add(thread);
        thread->pins--;
        placed = place_take(wait);
        port_lock_drop(&waits.lock);
    }
    port_lock_drop(&waits.start_lock);
    return placed;
}

/* ---- counters and end ---- */

void waits_count(struct wq_counters *counters)
{
    port_lock_take(&waits.lock);
    counters->waits = waits.count;
    counters->wait_threads = waits.thread_count;
    counters->waits_fired = waits.fired;
    counters->wait_run = waits.run;
    port_lock_drop(&waits.lock);
}

/* Gets the threads out of the system's waits and waits until they have ended. */
static void threads_stop(void)
{
    for (;;) {
        struct wait_thread *kick = NULL;
        unsigned left;

        port_lock_take(&waits.lock);
        waits.stopping = true;
        left = waits.thread_count;
        for (struct wait_thread *each = waits.threads; each && !kick; each = each->next)
            kick = wait_interrupt(each);
        port_lock_drop(&waits.lock);
        if (!left)
            return;
        if (kick)
            wait_kick(kick);
        else
            port_rest(1000);
    }
}

void waits_stop(void)
{
    unsigned count;

    threads_stop();
    if (waits.have_signalled)
        port_event_close(&waits.signalled);
    count = waits.count; /* those that are still open may be closed later */
    memset(&waits, 0, sizeof(waits));
    waits.count = count;
}
