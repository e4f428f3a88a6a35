/*
 * wait_open.c: opening and closing a registered wait.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "serve/serve_own.h"
#include "wait/wait.h"

_Static_assert(WQ_WAIT_GROUP_MAX == WAIT_SLOTS, "a group has a thread's slots");

static enum wq_wait_result check_objects(const struct wq_wait *wait)
{
    switch (port_wait_check(&waits.signalled, wait->objects, wait->count)) {
    case 0:
        return WQ_WAIT_OK;
    case PORT_WAIT_DENIED:
        return WQ_WAIT_DENIED;
    default:
        return WQ_WAIT_BAD_OBJECT;
    }
}

/* A wait for some objects, not opened yet. NULL if there is no memory. */
static struct wq_wait *make_wait(void *const *objects, unsigned count, wq_wait_routine routine, void *param)
{
    struct wq_wait *wait = port_heap_alloc(sizeof(*wait) + count * sizeof(wait->objects[0]));

    if (!wait)
        return NULL;
    *wait = (struct wq_wait){
        .item = {.routine = wait_run, .param = wait}, .routine = routine, .param = param, .count = count};
    wait->objects = (void **)(wait + 1);
    memcpy(wait->objects, objects, count * sizeof(wait->objects[0]));
    return wait;
}

static enum wq_wait_result open_wait(struct wq_wait *wait, uint32_t ms, unsigned flags)
{
    enum wq_wait_result result;

    wait->flags = flags;
    wait->ms = ms;
    if (!waits_provide())
        return WQ_WAIT_NO_MEMORY;
    if (flags & (WQ_WAIT_PERSISTENT | WQ_WAIT_IO))
        own_attend(!(flags & WQ_WAIT_PERSISTENT)); /* to have its event when a signal is consumed */
    result = check_objects(wait);
    if (result != WQ_WAIT_OK)
        return result;
    return wait_place(wait) ? WQ_WAIT_OK : WQ_WAIT_NO_MEMORY;
}

static enum wq_wait_result make_and_open(struct wq_wait **out, void *const *objects, unsigned count,
                                         wq_wait_routine routine, void *param, uint32_t ms, unsigned flags)
{
    struct wq_wait *wait = make_wait(objects, count, routine, param);
    enum wq_wait_result result = wait ? open_wait(wait, ms, flags) : WQ_WAIT_NO_MEMORY;

    if (result == WQ_WAIT_OK)
        *out = wait;
    else if (wait)
        port_heap_free(wait);
    return result;
}

enum wq_wait_result wq_wait_open(struct wq_wait **out, void *object, wq_wait_routine routine, void *param,
                                 uint32_t ms, unsigned flags)
{
    return make_and_open(out, &object, 1, routine, param, ms, flags);
}

enum wq_wait_result wq_wait_open_group(struct wq_wait **out, void *const *objects, unsigned count,
                                       wq_wait_routine routine, void *param, unsigned flags)
{
    if (!count || count > WQ_WAIT_GROUP_MAX)
        return WQ_WAIT_BAD_OBJECT;
    return make_and_open(out, objects, count, routine, param, WQ_WAIT_FOREVER, flags | WQ_WAIT_ONCE);
}

void wq_wait_start(struct wq_wait *wait)
{
    struct wait_thread *kick;

    port_lock_take(&waits.lock);
    wait_arm(wait);
    kick = wait_interrupt(wait->thread);
    port_lock_drop(&waits.lock);
    wait_kick(kick);
}

void wait_recall(struct wq_wait *wait)
{
    struct wait_thread *thread = wait->thread, *kick;

    wait->closing = true;
    if (!wait->armed)
        return;
    /* On the wait thread itself we are in a routine or in an APC, which ends the system's wait. */
    if (!thread->waiting || wait->slot >= thread->waited || port_context() == &thread->common) {
        wait_disarm(wait);
        return;
    }
    thread->closing++;
    kick = wait_interrupt(thread);
    port_lock_drop(&waits.lock);
    wait_kick(kick);
    while (!at_load(&wait->gone) && !port_exiting())
        port_wait_word(&wait->gone, 0);
    port_lock_take(&waits.lock);
}

enum wq_wait_left wq_wait_close(struct wq_wait *wait, wq_routine closed, void *param)
{
    enum wq_wait_left left = WQ_WAIT_LEFT_NONE;
    struct wait_thread *ended;

    port_lock_take(&waits.lock);
    wait_recall(wait);
    ended = wait_leave(wait);
    wait->closed = closed;
    wait->closed_param = param;
    wait->ended = true;
    waits.count--;
    if (wait->queued || wait->running)
        left =
            wait->inside && port_context() == &wait->inside->common ? WQ_WAIT_LEFT_SELF : WQ_WAIT_LEFT_SOME;
    port_lock_drop(&waits.lock);
    port_heap_free(ended);
    if (left == WQ_WAIT_LEFT_NONE)
        wait_free(wait);
    return left;
}
