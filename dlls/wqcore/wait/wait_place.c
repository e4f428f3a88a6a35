/*
 * wait_place.c: which thread serves a wait: places, slots and kicks.
 *
 * Threads that call routines themselves and threads that only post are kept apart, so that a routine which
 * takes long delays none but its own kind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "wait.h"

struct waits waits;

/* ---- the threads that have room ---- */

static void room_add(struct wait_thread *thread)
{
    struct wait_thread **first = &waits.room[thread->inlined];

    thread->has_room = true;
    thread->room_before = NULL;
    thread->room_next = *first;
    if (*first)
        (*first)->room_before = thread;
    *first = thread;
}

static void room_remove(struct wait_thread *thread)
{
    thread->has_room = false;
    if (thread->room_before)
        thread->room_before->room_next = thread->room_next;
    else
        waits.room[thread->inlined] = thread->room_next;
    if (thread->room_next)
        thread->room_next->room_before = thread->room_before;
}

static void threads_add(struct wait_thread *thread)
{
    thread->next = waits.threads;
    if (thread->next)
        thread->next->before = thread;
    waits.threads = thread;
    waits.thread_count++;
    room_add(thread);
}

void wait_thread_forget(struct wait_thread *thread)
{
    if (thread->has_room)
        room_remove(thread);
    if (thread->before)
        thread->before->next = thread->next;
    else
        waits.threads = thread->next;
    if (thread->next)
        thread->next->before = thread->before;
    waits.thread_count--;
}

/* ---- places ---- */

bool waits_provide(void)
{
    bool have;

    if (!at_load(&pool_default.ready) && !pool_start())
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
    wait->thread = thread;
    thread->used += wait->count;
    if (thread->used == WAIT_SLOTS)
        room_remove(thread);
    waits.count++;
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
    started = have_event && port_thread_start(wait_thread_main, thread, &thread->thread);
    port_lock_take(&pool_default.lock);
    if (started)
        thread_count(1);
    else
        pool_default.start_failed++;
    port_lock_drop(&pool_default.lock);
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
        threads_add(thread);
        thread->pins--;
        placed = place_take(wait);
        port_lock_drop(&waits.lock);
    }
    port_lock_drop(&waits.start_lock);
    return placed;
}

struct wait_thread *wait_leave(struct wq_wait *wait)
{
    struct wait_thread *thread = wait->thread;

    if (!thread)
        return NULL;
    wait->thread = NULL;
    thread->used -= wait->count;
    if (thread->ended)
        return thread->used ? NULL : thread;
    if (!thread->has_room)
        room_add(thread);
    return NULL;
}

/* ---- slots ---- */

void wait_arm_until(struct wq_wait *wait, uint64_t deadline)
{
    struct wait_thread *thread = wait->thread;

    if (!thread || thread->ended || wait->closing)
        return;
    wait->slot = thread->armed;
    wait->armed = true;
    thread->armed += wait->count;
    at_store(&thread->changes, thread->changes + 1);
    for (unsigned i = wait->slot; i < thread->armed; i++) {
        thread->slots[i].wait = wait;
        thread->slots[i].deadline = deadline;
    }
}

void wait_arm(struct wq_wait *wait)
{
    bool forever = wait->ms == WQ_WAIT_FOREVER;

    wait_arm_until(wait, forever ? PORT_FOREVER : port_clock_us() + wait->ms * UINT64_C(1000));
}

void wait_disarm(struct wq_wait *wait)
{
    struct wait_thread *thread = wait->thread;
    unsigned count = wait->count;

    wait->armed = false;
    thread->armed -= count;
    at_store(&thread->changes, thread->changes + 1);
    for (unsigned i = wait->slot; i < thread->armed; i++) {
        struct wq_wait *other = thread->slots[i + count].wait;

        if (other->slot == i + count)
            other->slot = i;
        thread->slots[i] = thread->slots[i + count];
    }
}

/* ---- kicks ---- */

struct wait_thread *wait_interrupt(struct wait_thread *thread)
{
    if (!thread || !thread->waiting || thread->kicked)
        return NULL;
    thread->kicked = true;
    thread->pins++;
    return thread;
}

void wait_kick(struct wait_thread *thread)
{
    if (!thread)
        return;
    port_event_set(&thread->kick);
    port_lock_take(&waits.lock);
    thread->pins--;
    port_lock_drop(&waits.lock);
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
            port_park(&(struct port_parker){0}, port_clock_us() + 1000);
    }
}

void waits_stop(void)
{
    unsigned count;

    threads_stop();
    if (waits.have_ended)
        port_thread_join(&waits.ended);
    if (waits.have_signalled)
        port_event_close(&waits.signalled);
    count = waits.count; /* those that are still open may be closed later */
    memset(&waits, 0, sizeof(waits));
    waits.count = count;
}
