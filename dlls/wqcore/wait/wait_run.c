/*
 * wait_run.c: delivering what was signalled, on the wait thread or through the pool.
 *
 * A wait goes on waiting while its routine is queued or runs, so signals are counted: each one that was
 * consumed is delivered once, in order. The wait is posted to the pool once at a time; whoever begins to
 * deliver a signal posts it again if there are more, so the routine runs on as many workers as it takes. So
 * that an object which stays signalled fills neither memory nor queues, waiting pauses while 64 signals are
 * queued.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "serve/serve_own.h"
#include "wait/wait.h"

void wait_post(struct wq_wait *wait)
{
    /* A signal that was consumed must not be lost for lack of memory: the item is there. */
    if (wait->flags & (WQ_WAIT_PERSISTENT | WQ_WAIT_IO))
        own_submit(&wait->item, !(wait->flags & WQ_WAIT_PERSISTENT));
    else if (wait->flags & WQ_WAIT_LONG)
        wq_submit_long(&wait->item);
    else
        wq_submit(&wait->item);
}

void wait_free(struct wq_wait *wait)
{
    wq_routine closed = wait->closed;
    void *param = wait->closed_param;

    port_heap_free(wait);
    if (closed)
        closed(param);
}

/* Takes the oldest signal; goes on waiting if that paused. Returns whether there are more. */
static bool run_begin(struct wq_wait *wait, bool *timed_out)
{
    struct wait_thread *kick = NULL;
    bool more;

    port_lock_take(&waits.lock);
    *timed_out = wait->results & 1;
    wait->results >>= 1;
    wait->queued--;
    wait->running++;
    waits.fired++;
    more = wait->item_out = wait->queued != 0;
    if (wait->flags & WQ_WAIT_INLINE) {
        wait->inside = port_context();
    } else if (!wait->armed && wait->queued <= WAIT_QUEUED_MAX / 2) {
        wait_arm(wait);
        kick = wait_interrupt(wait->thread);
    }
    port_lock_drop(&waits.lock);
    wait_kick(kick);
    return more;
}

static void run_end(struct wq_wait *wait)
{
    bool last;

    port_lock_take(&waits.lock);
    wait->running--;
    if (wait->inside) {
        wait->inside = NULL;
        waits.run++;
        wait_arm(wait);
    }
    last = wait->ended && !wait->queued && !wait->running;
    port_lock_drop(&waits.lock);
    if (last)
        wait_free(wait);
}

void WQ_CALL wait_run(void *param)
{
    struct wq_wait *wait = param;
    bool timed_out;

    if (run_begin(wait, &timed_out))
        wait_post(wait);
    wait->routine(wait->param, timed_out);
    if (wait->flags & WQ_WAIT_INLINE)
        thread_cleanup(port_context());
    run_end(wait);
}
