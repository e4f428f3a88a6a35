/*
 * wait_watch.c: watches, waits that are set and unset any number of times.
 *
 * A watch has its place with a wait thread from the beginning to the end, so setting it needs nothing that could be
 * lacking. It waits for a duplicate of the handle that it was given. A setting completes under the waits' lock; so
 * whoever recalls one knows for certain which came first. The routine is called later, by the wait thread, which
 * therefore frees a watch that is closed meanwhile.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wait/wait.h"

#define LONGEST_US (1ull << 52) /* 142 years: as good as never, and sums with the clock don't overflow */

enum wq_wait_result wq_watch_create(struct wq_watch **out, wq_wait_routine routine, void *param,
                                    wq_routine hold)
{
    struct wq_watch *watch = waits_provide() ? port_heap_alloc(sizeof(*watch)) : NULL;

    if (!watch)
        return WQ_WAIT_NO_MEMORY;
    *watch = (struct wq_watch){.hold = hold, .wait = {.routine = routine, .param = param, .count = 1}};
    watch->wait.watch = true;
    watch->wait.objects = &watch->object;
    if (!wait_place(&watch->wait)) {
        port_heap_free(watch);
        return WQ_WAIT_NO_MEMORY;
    }
    *out = watch;
    return WQ_WAIT_OK;
}

static uint64_t delay_deadline(uint64_t delay_us)
{
    if (delay_us == WQ_NEVER)
        return PORT_FOREVER;
    /* The clock counts whole microseconds that have passed: one has begun. */
    return port_clock_us() + (delay_us < LONGEST_US ? delay_us + !!delay_us : LONGEST_US);
}

/* Takes back what the watch is set to. Returns the duplicate, which is the caller's to close, or NULL if there was no
 * setting or it has completed. Under the waits' lock, which may be dropped meanwhile. */
static void *setting_recall(struct wq_watch *watch)
{
    bool recalled;

    if (!watch->set)
        return NULL;
    wait_recall(&watch->wait);
    watch->wait.closing = false;
    at_store(&watch->wait.gone, 0);
    recalled = watch->set;
    watch->set = false;
    return recalled ? watch->object : NULL;
}

uint32_t wq_watch_set(struct wq_watch *watch, void *object, uint64_t due_us, unsigned flags, bool *recalled)
{
    bool by_clock = (flags & WQ_WATCH_CLOCK) && due_us != WQ_NEVER;
    struct wait_thread *kick;
    void *own = NULL, *before = NULL;
    uint32_t status = port_object_adopt(&waits.signalled, object, &own);

    if (!status) {
        port_lock_take(&watch->setting);
        port_lock_take(&waits.lock);
        before = setting_recall(watch);
        watch->object = own;
        watch->set = true;
        watch->clock_us = by_clock ? due_us : WQ_NEVER;
        wait_arm_until(&watch->wait, by_clock ? watch_clock_deadline(due_us) : delay_deadline(due_us));
        kick = wait_interrupt(watch->wait.thread);
        port_lock_drop(&watch->setting);
        port_lock_drop(&waits.lock); /* from here on the routine may close the watch */
        wait_kick(kick);
    }
    if (before)
        port_object_close(before);
    if (recalled)
        *recalled = before != NULL;
    return status;
}

bool wq_watch_unset(struct wq_watch *watch)
{
    void *before;

    port_lock_take(&watch->setting);
    port_lock_take(&waits.lock);
    before = setting_recall(watch);
    port_lock_drop(&watch->setting);
    port_lock_drop(&waits.lock);
    if (before)
        port_object_close(before);
    return before != NULL;
}

void wq_watch_close(struct wq_watch *watch)
{
    void *before;
    bool free_now;
    struct wait_thread *ended;

    port_lock_take(&waits.lock);
    before = setting_recall(watch);
    ended = wait_leave(&watch->wait);
    waits.count--;
    watch->wait.ended = true;
    free_now = !watch->calling;
    port_lock_drop(&waits.lock);
    port_heap_free(ended);
    if (before)
        port_object_close(before);
    if (free_now)
        port_heap_free(watch);
}
