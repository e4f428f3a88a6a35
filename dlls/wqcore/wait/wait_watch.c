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
#include "wait.h"

#define CLOCK_LOOK_US 1000000u     /* the system's clock may be set: when to look at it again */
#define LONGEST_US    (1ull << 52) /* 142 years: as good as never, and sums with the clock don't overflow */

static struct wq_watch *watch_of(struct wq_wait *wait)
{
    return (struct wq_watch *)((char *)wait - offsetof(struct wq_watch, wait));
}

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

/* When to look next at a time-out by the system's clock; now if its time has come. */
static uint64_t clock_deadline(uint64_t clock_us)
{
    uint64_t now = port_system_us(), left = clock_us > now ? clock_us - now : 0;

    return port_clock_us() + (left < CLOCK_LOOK_US ? left : CLOCK_LOOK_US);
}

static uint64_t delay_deadline(uint64_t delay_us)
{
    if (delay_us == WQ_NEVER)
        return PORT_FOREVER;
    /* The clock counts whole microseconds that have passed: one has begun. */
    return port_clock_us() + (delay_us < LONGEST_US ? delay_us + !!delay_us : LONGEST_US);
}

bool watch_due(struct wq_wait *wait, uint64_t *deadline)
{
    struct wq_watch *watch = watch_of(wait);

    if (watch->clock_us == WQ_NEVER || watch->clock_us <= port_system_us())
        return true;
    *deadline = clock_deadline(watch->clock_us);
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
        wait_arm_until(&watch->wait, by_clock ? clock_deadline(due_us) : delay_deadline(due_us));
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
