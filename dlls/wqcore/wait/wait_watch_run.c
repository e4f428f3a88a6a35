/*
 * wait_watch_run.c: what becomes of a watch's setting on the wait thread: its time comes, it completes, its routine is called.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wait/wait.h"

#define CLOCK_LOOK_US 1000000u /* the system's clock may be set: when to look at it again */

uint64_t watch_clock_deadline(uint64_t clock_us)
{
    uint64_t now = port_system_us(), left = clock_us > now ? clock_us - now : 0;

    return port_clock_us() + (left < CLOCK_LOOK_US ? left : CLOCK_LOOK_US);
}

bool watch_due(struct wq_wait *wait, uint64_t *deadline)
{
    struct wq_watch *watch = watch_of(wait);

    if (watch->clock_us == WQ_NEVER || watch->clock_us <= port_system_us())
        return true;
    *deadline = watch_clock_deadline(watch->clock_us);
    return false;
}

void watch_fire(struct wq_wait *wait, bool timed_out)
{
    struct wq_watch *watch = watch_of(wait);

    watch->set = false;
    watch->timed_out = timed_out;
    watch->spent = watch->object;
    watch->calling = true;
    if (watch->hold)
        watch->hold(wait->param);
}

void watch_call(struct wq_wait *wait)
{
    struct wq_watch *watch = watch_of(wait);
    bool timed_out, ended;
    void *spent;

    port_lock_take(&waits.lock);
    timed_out = watch->timed_out;
    spent = watch->spent;
    waits.fired++;
    port_lock_drop(&waits.lock);
    port_object_close(spent); /* first, so that the object may be gone when its owner hears of the signal */
    wait->routine(wait->param, timed_out);
    thread_cleanup(port_context());
    port_lock_take(&waits.lock);
    waits.run++;
    watch->calling = false;
    ended = wait->ended;
    port_lock_drop(&waits.lock);
    if (ended)
        port_heap_free(watch);
}
