/*
 * pool_worker.c: a worker's loop: find work, run it, look a little longer, park, retire.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_worker.h"

#include "pool/pool_census.h"
#include "pool/pool_find.h"
#include "pool/pool_hold.h"
#include "pool/pool_idle.h"
#include "pool/pool_life.h"
#include "pool/pool_wake.h"

#ifndef WORKER_IDLE_US
#define WORKER_IDLE_US 10000000u /* parked for so long, a worker retires */
#endif

/* Puts right what the routine that has just returned left behind: its cleanup, its blocking hints, the
 * monitor's finding that it was blocked. */
static void put_right(struct worker *worker)
{
    if (__builtin_expect(worker->common.cleanups != 0, 0))
        thread_cleanup(&worker->common);
    if (__builtin_expect(at_peek(&worker->blocked) != 0, 0)) {
        worker->blocking_depth = 0;
        worker->runs_long = false;
        census_unblock(worker);
    }
}

static void run(struct worker *worker, struct slot *slot)
{
    wake_pass_token(worker);
    at_put(&worker->beat, worker->beat + 1);
    slot->routine(slot->param);
    at_put(&worker->beat, worker->beat + 1);
    put_right(worker);
}

/* Takes the worker off the idle stack for good. Returns false if somebody is just waking it, or if the pool keeps it. */
static bool retire(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;
    bool retires;

    port_lock_take(&pool->lock);
    retires = worker->parked && pool->count > pool->min_workers;
    if (retires) {
        idle_remove(worker);
        at_store(&worker->parked, 0);
    }
    port_lock_drop(&pool->lock);
    return retires;
}

/* Joins the idle stack, unless the pool ends: returns false then. */
static bool join_idle(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;
    bool token, stopping;

    port_lock_take(&pool->lock);
    token = at_peek(&worker->searching);
    at_put(&worker->searching, 0);
    stopping = pool->stopping;
    census_count_in(worker); /* the monitor may have been just too late */
    if (!stopping) {
        idle_add(worker);
        at_store(&worker->parked, 1);
    }
    census_update(pool);
    port_lock_drop(&pool->lock);

    /* From here on others can see us parked. Whoever queued before that and found nobody to wake relied on
     * our looking once more: the fence orders that look after the parking. */
    if (token)
        at_publish(&pool->token, TOKEN_FREE);
    else
        at_fence();
    if (pool_has_work(pool))
        pool_attend(pool);
    return !stopping;
}

/* Parks until woken. Returns false if the worker is to end. */
static bool park(struct worker *worker)
{
    uint64_t deadline;

    if (!join_idle(worker))
        return false;
    deadline = port_clock_us() + WORKER_IDLE_US;
    while (at_load(&worker->parked)) {
        if (port_park(&worker->parker, deadline))
            continue;
        if (retire(worker))
            return false;
        deadline = port_clock_us() + WORKER_IDLE_US;
    }
    return true;
}

static void end(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;
    struct port_thread thread = life_end(worker);

    /* Routines that other modules have for the end of a thread may still submit, as from any thread. */
    port_self_set(NULL);
    port_context_set(NULL);
    if (pool_has_work(pool))
        pool_attend(pool);
    hold_drop(pool);
    thread_hand_over(thread);
}

void worker_main(void *arg)
{
    struct worker *worker = arg;
    struct slot slot;

    port_thread_trim_stack();
    port_parker_init(&worker->parker);
    port_self_set(worker);
    port_context_set(&worker->common);
    life_began(worker);
    wake_came(worker);
    do {
        while (worker_find(worker, &slot) || worker_search(worker, &slot))
            run(worker, &slot);
    } while (park(worker));
    end(worker);
}

/* ---- routines that run others inside ---- */

void pool_inner_returned(struct worker *worker)
{
    put_right(worker);
    at_put(&worker->beat, worker->beat + 2);
    at_put(&worker->inner, worker->inner + 1);
}

void pool_activation_returned(struct worker *worker)
{
    at_put(&worker->batons, worker->batons + 1);
}

bool pool_shall_leave(struct worker *worker)
{
    return at_load(&worker->pool->excess) == EXCESS_BOUNDS;
}

bool pool_may_linger(struct worker *worker)
{
    return worker->pool->spin_us && !ring_length(&worker->ring);
}

bool pool_of_has_work(struct worker *worker)
{
    return pool_has_work(worker->pool);
}
