/*
 * wait_thread.c: what a wait thread does: wait for all its objects, then see which signal or time it was.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wait/wait.h"

#define IDLE_US        10000000u /* without waits for so long, a wait thread ends */
#define BURST_US       1000u     /* two kicks within this time are part of a burst */
#define BURST_PAUSE_US 10000u    /* after so long without a kick, earlier bursts say nothing about the next */
#define OUTSIDE_US     100u      /* in a burst: until the next wait, so that more comes without a kick */
#define OUTSIDE_PAYS   2u        /* if so many waits come or go meanwhile */
#define OUTSIDE_DOUBT  64u       /* kicks, at most, that a burst needs after others that did not pay */

/* What is to be done once the lock is dropped. */
struct round {
    struct wq_wait *post[WAIT_SLOTS]; /* to be delivered */
    unsigned posts;
    uint32_t *wake[WAIT_SLOTS]; /* gone words whose waits may be freed already: only addresses */
    unsigned wakes;
};

/* Takes the wait of slot i out and tells whoever waits for that. Under the waits' lock. */
static void drop_slot(struct wait_thread *thread, unsigned i, struct round *round)
{
    struct wq_wait *wait = thread->slots[i].wait;

    wait_disarm(wait);
    if (!wait->closing)
        return;
    thread->closing--;
    at_store(&wait->gone, 1);
    round->wake[round->wakes++] = &wait->gone;
}

/* The signal of slot i was consumed, or its time is up. The wait goes on at the end of the slots, so that
 * objects which stay signalled take turns with the others. Under the waits' lock. */
static void fire_slot(struct wait_thread *thread, unsigned i, bool timed_out, struct round *round)
{
    struct wq_wait *wait = thread->slots[i].wait;

    drop_slot(thread, i, round);
    if (wait->watch) {
        watch_fire(wait, timed_out);
        round->post[round->posts++] = wait;
        return;
    }
    wait->results |= (uint64_t)timed_out << wait->queued++;
    if (!wait->item_out) {
        wait->item_out = true;
        round->post[round->posts++] = wait;
    }
    if (wait->flags & WQ_WAIT_ONCE)
        wait_leave(wait);
    else if (!thread->inlined && wait->queued < WAIT_QUEUED_MAX)
        wait_arm(wait);
}

/* Under the waits' lock. */
static bool is_due(struct wait_thread *thread, unsigned i, uint64_t now)
{
    struct wait_slot *slot = &thread->slots[i];

    return slot->deadline <= now && (!slot->wait->watch || watch_due(slot->wait, &slot->deadline));
}

/* All that was waited for is not signalled: fires what is due. Under the waits' lock. */
static void slots_expire(struct wait_thread *thread, struct round *round)
{
    uint64_t now = port_clock_us();

    for (unsigned i = 0, left = thread->waited; left; left--) {
        if (!is_due(thread, i, now)) {
            i++;
            continue;
        }
        fire_slot(thread, i, true, round);
        if (thread->inlined)
            return; /* its routine may close the others */
    }
}

static void *waited_by(struct wait_thread *thread, unsigned i)
{
    struct wq_wait *wait = thread->slots[i].wait;

    return wait->objects[i - wait->slot];
}

/* Looks at slot i alone. Under the waits' lock, which is dropped meanwhile. */
static int look_at_slot(struct wait_thread *thread, unsigned i)
{
    void *object = waited_by(thread, i);
    int got;

    port_lock_drop(&waits.lock);
    got = port_wait_any(&object, 1, 0);
    port_lock_take(&waits.lock);
    return got;
}

/* One of the objects is no object any more: finds it and gives it up, so that the others can be waited for.
 * Under the waits' lock. */
static void slots_check(struct wait_thread *thread, struct round *round)
{
    for (unsigned i = 0, end = thread->waited; i < end;) {
        int got = look_at_slot(thread, i);
        struct wq_wait *wait;

        if (got == PORT_WAIT_TIMEOUT) {
            i++;
            continue;
        }
        if (got != 0 && got != PORT_WAIT_BAD && got != PORT_WAIT_DENIED)
            return; /* an APC may have changed the slots */
        wait = thread->slots[i].wait;
        i = wait->slot; /* where the next wait will be */
        end -= wait->count;
        if (got == 0) {
            fire_slot(thread, i, false, round);
            if (thread->inlined)
                return;
        } else {
            drop_slot(thread, i, round);
            if (!wait->watch)
                wait_leave(wait);
        }
    }
}

/* Takes out the slots that somebody wants closed. Under the waits' lock. */
static void slots_purge(struct wait_thread *thread, struct round *round)
{
    for (unsigned i = 0; thread->closing && i < thread->armed;) {
        if (thread->slots[i].wait->closing)
            drop_slot(thread, i, round);
        else
            i++;
    }
}

/* The slot with the earliest deadline; thread->armed if there is none. Under the waits' lock. */
static unsigned next_slot(struct wait_thread *thread)
{
    uint64_t earliest = PORT_FOREVER;
    unsigned next = thread->armed;

    for (unsigned i = 0; i < thread->armed; i++) {
        if (thread->slots[i].deadline < earliest) {
            earliest = thread->slots[i].deadline;
            next = i;
        }
    }
    return next;
}

/* Waits for all slots. Under the waits' lock, which is dropped meanwhile. */
static int slots_wait(struct wait_thread *thread, uint64_t deadline)
{
    void *objects[PORT_WAIT_MAX] = {thread->kick.handle};
    unsigned count = thread->armed;
    int got;

    for (unsigned i = 0; i < count; i++)
        objects[i + 1] = waited_by(thread, i);
    port_lock_drop(&waits.lock);
    got = port_wait_any(objects, count + 1, deadline);
    port_lock_take(&waits.lock);
    return got;
}

/* A kick costs its sender and us several server calls. While many waits are registered or closed one after
 * the other, we stay out of the system's wait for a moment: then they need none. */
static void kick_seen(struct wait_thread *thread)
{
    uint64_t now = port_clock_us(), gap = now - thread->kicked_at;

    thread->kicked_at = now;
    if (gap > BURST_PAUSE_US || !thread->patience)
        thread->patience = 1;
    thread->kicks = gap < BURST_US ? thread->kicks + 1 : 0;
    thread->linger = thread->kicks >= thread->patience;
}

/* Stays out of the system's wait. If hardly anything came of it, each registration is waiting for the signal of
 * the one before, which we only delay: then the next time takes more kicks. Not under the waits' lock. */
static void linger_outside(struct wait_thread *thread)
{
    uint32_t before = at_load(&thread->changes);

    port_park(&(struct port_parker){0}, thread->kicked_at + OUTSIDE_US);
    if (at_load(&thread->changes) - before >= OUTSIDE_PAYS)
        thread->patience = 1;
    else if (thread->patience < OUTSIDE_DOUBT)
        thread->patience *= 2;
    thread->kicks = 0;
    thread->linger = false;
}

/* Waits once and collects what came of it. Under the waits' lock. */
static void await_once(struct wait_thread *thread, struct round *round)
{
    unsigned next = next_slot(thread);
    uint64_t deadline = next < thread->armed ? thread->slots[next].deadline : PORT_FOREVER;
    int got;

    if (!thread->used) {
        if (!thread->idle_deadline)
            thread->idle_deadline = port_clock_us() + IDLE_US;
        deadline = thread->idle_deadline;
    }
    thread->waiting = true;
    thread->waited = thread->armed;
    if (thread->signals && next < thread->armed && is_due(thread, next, port_clock_us())) {
        /* While others keep being signalled the system never gets to report a timeout. */
        thread->signals = false;
        got = look_at_slot(thread, next);
        if (got == 0 || got == PORT_WAIT_TIMEOUT)
            fire_slot(thread, next, got != 0, round);
    } else {
        got = slots_wait(thread, deadline);
        thread->signals = got > 0;
        if (got == 0)
            kick_seen(thread);
        else if (got > 0)
            fire_slot(thread, (unsigned)got - 1, false, round);
        else if (got == PORT_WAIT_TIMEOUT)
            slots_expire(thread, round);
        else if (got == PORT_WAIT_BAD || got == PORT_WAIT_DENIED)
            slots_check(thread, round);
    }
    thread->waiting = false;
    thread->kicked = false;
    slots_purge(thread, round);
}

static void round_deliver(struct wait_thread *thread, struct round *round)
{
    for (unsigned i = 0; i < round->wakes; i++)
        port_wake_word(round->wake[i]);
    for (unsigned i = 0; i < round->posts; i++) {
        if (round->post[i]->watch)
            watch_call(round->post[i]);
        else if (thread->inlined)
            wait_run(round->post[i]);
        else
            wait_post(round->post[i]);
    }
}

/* Whether the thread may end now. Under the waits' lock. */
static bool may_end(struct wait_thread *thread)
{
    if (waits.stopping)
        return !thread->armed && !thread->pins;
    if (thread->used) {
        thread->idle_deadline = 0;
        return false;
    }
    return !thread->pins && thread->idle_deadline && port_clock_us() >= thread->idle_deadline;
}

/* At the end of the core: what is still open is not waited for any more. Under the waits' lock, which is
 * dropped meanwhile. */
static void abandon(struct wait_thread *thread, struct round *round)
{
    while (thread->armed) {
        struct wq_wait *wait = thread->slots[0].wait;

        drop_slot(thread, 0, round);
        wait_leave(wait);
    }
    if (thread->pins) /* somebody is about to kick us */
        slots_wait(thread, port_clock_us() + 1000);
}

/* Hands the thread over to whoever ends next. Under the waits' lock, which is dropped. */
static void hand_over(struct wait_thread *thread)
{
    struct port_thread own = thread->thread;
    struct port_event kick = thread->kick;
    bool in_use = thread->used;

    wait_thread_forget(thread);
    thread->ended = true;
    port_lock_drop(&waits.lock);
    port_event_close(&kick);
    if (!in_use) /* else its waits or watches are still to be closed */
        port_heap_free(thread);
    thread_hand_over(own);
}

void wait_thread_main(void *arg)
{
    struct wait_thread *thread = arg;

    port_thread_trim_stack();
    port_context_set(&thread->common);
    port_lock_take(&waits.lock);
    while (!may_end(thread)) {
        struct round round = {.posts = 0, .wakes = 0};

        if (waits.stopping)
            abandon(thread, &round);
        else
            await_once(thread, &round);
        port_lock_drop(&waits.lock);
        round_deliver(thread, &round);
        if (thread->linger)
            linger_outside(thread);
        port_lock_take(&waits.lock);
    }
    hand_over(thread);
}
