/*
 * tp_state.c: how many callbacks of an object are pending and run, and when it is freed.
 *
 * All of it is one word, so each step is one atomic operation, and whoever takes the last reason to live from a
 * closed object frees it. The item is queued while something is pending, once, however many that are; who takes it
 * off queues it again before it calls, if more are pending: so the object's other callbacks run beside this one, and
 * other objects get their turns. Dropping what is pending leaves the item where it is: it is stale then, and a new
 * callback finds it queued.
 *
 *   pending, stale   the item is
 *   0, no            the object's: whoever adds the first callback queues it
 *   > 0, either      queued, or about to be by who added the first or took one
 *   0, yes           likewise; who takes it finds nothing to call
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

static bool state_change(struct tp_object *object, uint64_t *seen, uint64_t state)
{
    return __atomic_compare_exchange_n(&object->state, seen, state, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_ACQUIRE);
}

/* Changes the state; frees an object that has no reason to live any more, and wakes who waits if nothing is
 * pending or runs. Waking is by address only: who waits may have freed the object by then. */
static bool state_settle(struct tp_object *object, uint64_t *seen, uint64_t state)
{
    bool wake = TP_QUIET(state) && (state & TP_WAITED);

    if (wake)
        state &= ~TP_WAITED;
    if (!state_change(object, seen, state))
        return false;
    if (wake)
        RtlWakeAddressAll(&object->state);
    else if (TP_DEAD(state))
        tp_object_free(object);
    return true;
}

void tp_enqueue(struct tp_object *object)
{
    switch (object->place) {
    case TP_LONG:
        if (object->pool)
            wq_queue_submit(object->queue, &object->item, object->level); /* it says so when it begins */
        else
            wq_submit_long(&object->item);
        break;
    case TP_PERSISTENT:
        wq_submit_persistent(&object->item);
        break;
    default:
        wq_queue_submit(object->queue, &object->item, object->level);
    }
}

bool tp_pend(struct tp_object *object, uint64_t other)
{
    uint64_t seen = __atomic_fetch_add(&object->state, TP_PEND + other, __ATOMIC_SEQ_CST);

    return !TP_PENDS(seen) && !(seen & TP_STALE);
}

void tp_submit(struct tp_object *object)
{
    if (tp_pend(object, 0))
        tp_enqueue(object);
}

bool tp_begin(struct tp_object *object)
{
    uint64_t seen = tp_state(object), state;

    do {
        state = seen & ~TP_STALE;
        if (TP_PENDS(seen))
            state += TP_RUN - TP_PEND;
    } while (!state_settle(object, &seen, state));
    if (!TP_PENDS(seen))
        return false;
    if (TP_PENDS(state))
        tp_enqueue(object);
    return true;
}

uint32_t tp_drop(struct tp_object *object)
{
    uint64_t seen = tp_state(object), state;

    do {
        if (!TP_PENDS(seen))
            return 0;
        state = (seen & (TP_PEND - 1)) | TP_STALE;
    } while (!state_settle(object, &seen, state));
    return TP_PENDS(seen);
}

void tp_leave(struct tp_object *object, uint64_t what)
{
    uint64_t seen = tp_state(object);

    while (!state_settle(object, &seen, seen - what))
        ;
}

void tp_exchange(struct tp_object *object, uint64_t from, uint64_t to)
{
    uint64_t seen = tp_state(object);

    while (!state_settle(object, &seen, seen - from + to))
        ;
}

bool tp_hold(struct tp_object *object)
{
    uint64_t seen = tp_state(object);

    do {
        if (TP_DEAD(seen) || TP_HOLDS(seen) >= TP_HOLDS_MAX)
            return false;
    } while (!state_change(object, &seen, seen + TP_HOLD));
    return true;
}

void tp_wake(struct tp_object *object)
{
    uint64_t seen = tp_state(object);

    while (!state_settle(object, &seen, seen))
        ;
}

void tp_close_state(struct tp_object *object)
{
    uint64_t seen = tp_state(object);

    while (!(seen & TP_CLOSED) && !state_settle(object, &seen, (seen | TP_CLOSED) - TP_HOLD))
        ;
}

/* Notes that somebody waits. Returns false if there is nothing to wait for any more; else *low is what it waits on. */
static bool wait_note(struct tp_object *object, unsigned holds, uint32_t *low)
{
    uint64_t seen = tp_state(object);

    do {
        if (TP_QUIET(seen) && TP_HOLDS(seen) <= holds)
            return false;
        *low = (uint32_t)(seen | TP_WAITED);
    } while (!state_change(object, &seen, seen | TP_WAITED));
    return true;
}

/* Returns false if the wait is over. What more looks at changes before the state does where a callback becomes pending,
 * so it is asked first; and again afterwards, for who changed it before the flag was there woke nobody. */
static bool wait_needed(struct tp_object *object, unsigned holds, uint32_t *low)
{
    uint64_t seen = tp_state(object);

    while (object->kind->more && object->kind->more(object)) {
        *low = (uint32_t)(seen | TP_WAITED);
        if (state_change(object, &seen, seen | TP_WAITED) && object->kind->more(object))
            return true;
    }
    return wait_note(object, holds, low);
}

void tp_wait_quiet(struct tp_object *object, unsigned holds)
{
    uint32_t low;

    if (!wait_needed(object, holds, &low))
        return;
    wq_blocking_begin();
    do {
        if (RtlDllShutdownInProgress())
            break;
        /* The low half has all but the number of pending callbacks; when that becomes 0 the flag goes. */
        RtlWaitOnAddress(&object->state, &low, sizeof(low), NULL);
    } while (wait_needed(object, holds, &low));
    wq_blocking_end();
}
