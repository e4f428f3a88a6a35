/*
 * wait_slot.c: the slots of a wait thread: who has a place there, who is in the system's wait, and who gets the thread out of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wait/wait.h"

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

void wait_thread_add(struct wait_thread *thread)
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

void wait_join(struct wq_wait *wait, struct wait_thread *thread)
{
    wait->thread = thread;
    thread->used += wait->count;
    if (thread->used == WAIT_SLOTS)
        room_remove(thread);
    waits.count++;
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
