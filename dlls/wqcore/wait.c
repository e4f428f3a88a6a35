/*
 * wait.c: opening and closing a registered wait.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wait.h"

static enum wq_wait_result check_object(void *object)
{
    switch (port_wait_check(&wq_waits.never, object)) {
    case PORT_WAIT_TIMEOUT:
        return WQ_WAIT_OK;
    case PORT_WAIT_DENIED:
        return WQ_WAIT_DENIED;
    default:
        return WQ_WAIT_BAD_OBJECT;
    }
}

enum wq_wait_result wq_wait_open(struct wq_wait **out, void *object, wq_wait_routine routine, void *param,
                                 uint32_t ms, unsigned flags)
{
    enum wq_wait_result result;
    struct wq_wait *wait;

    if (!wq_waits_provide())
        return WQ_WAIT_NO_MEMORY;
    if (flags & (WQ_WAIT_PERSISTENT | WQ_WAIT_IO))
        wq_own_attend(!(flags & WQ_WAIT_PERSISTENT)); /* to have its event when a signal is consumed */
    result = check_object(object);
    if (result != WQ_WAIT_OK)
        return result;
    wait = port_heap_alloc(sizeof(*wait));
    if (!wait)
        return WQ_WAIT_NO_MEMORY;
    *wait = (struct wq_wait){.item = {.routine = wq_wait_run, .param = wait},
                             .object = object,
                             .routine = routine,
                             .param = param,
                             .flags = flags,
                             .ms = ms};
    if (!wq_wait_place(wait)) {
        port_heap_free(wait);
        return WQ_WAIT_NO_MEMORY;
    }
    *out = wait;
    return WQ_WAIT_OK;
}

void wq_wait_start(struct wq_wait *wait)
{
    struct wait_thread *kick;

    port_lock_take(&wq_waits.lock);
    wq_wait_arm(wait);
    kick = wq_wait_interrupt(wait->thread);
    port_lock_drop(&wq_waits.lock);
    wq_wait_kick(kick);
}

/* Gets the wait out of its slot. Under the waits' lock, which is dropped while the wait thread is waited for.
 */
static void close_slot(struct wq_wait *wait)
{
    struct wait_thread *thread = wait->thread, *kick;

    wait->closing = true;
    if (!wait->armed)
        return;
    /* On the wait thread itself we are in a routine or in an APC, which ends the system's wait. */
    if (!thread->waiting || wait->slot >= thread->waited || port_context() == &thread->common) {
        wq_wait_disarm(thread, wait->slot);
        return;
    }
    thread->closing++;
    kick = wq_wait_interrupt(thread);
    port_lock_drop(&wq_waits.lock);
    wq_wait_kick(kick);
    while (!at_load(&wait->gone) && !port_exiting())
        port_wait_word(&wait->gone, 0);
    port_lock_take(&wq_waits.lock);
}

enum wq_wait_left wq_wait_close(struct wq_wait *wait, wq_routine closed, void *param)
{
    enum wq_wait_left left = WQ_WAIT_LEFT_NONE;

    port_lock_take(&wq_waits.lock);
    close_slot(wait);
    wq_wait_leave(wait);
    wait->closed = closed;
    wait->closed_param = param;
    wait->ended = true;
    wq_waits.count--;
    if (wait->queued || wait->running)
        left =
            wait->inside && port_context() == &wait->inside->common ? WQ_WAIT_LEFT_SELF : WQ_WAIT_LEFT_SOME;
    port_lock_drop(&wq_waits.lock);
    if (left == WQ_WAIT_LEFT_NONE)
        wq_wait_free(wait);
    return left;
}
