/*
 * pool_census.c: who may be woken or made: one question, one function.
 *
 * The pool holds the number of runnable workers at the number of processors. Backlog alone never makes one; blocked workers,
 * queued long routines and the monitor's findings do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_census.h"

#include "pool/pool_idle.h"

unsigned census_runnable(const struct wq_pool *pool)
{
    return pool->count - pool->parked - pool->blocked - pool->starting;
}

unsigned census_allowed(const struct wq_pool *pool)
{
    unsigned allowed = pool->processors + pool->boost + pool->long_queued;

    return allowed > pool->min_workers ? allowed : pool->min_workers;
}

bool census_has_room(const struct wq_pool *pool)
{
    return pool->count < pool->max_workers && !pool->stopping;
}

/* Blocked ones count, too. Always so unless the maximum was lowered. */
bool census_may_wake(const struct wq_pool *pool)
{
    return pool->count - pool->parked < pool->max_workers || pool->stopping;
}

/* May a parked worker be woken? A thread that is yet to come to life replaces none that is there. */
static bool may_wake_parked(const struct wq_pool *pool)
{
    return pool->parked && census_may_wake(pool) && census_runnable(pool) < census_allowed(pool);
}

/* Would a thread be of use, and is one to be had? After a failure only the monitor tries again, unless there is no worker at
 * all. */
static bool may_make_thread(const struct wq_pool *pool)
{
    return census_has_room(pool) && !(pool->starved && pool->count);
}

/* Are there too few workers, even if all that say they wait go on at once? Anybody may make a thread then. */
static bool needs_thread(const struct wq_pool *pool)
{
    return census_runnable(pool) + pool->starting + pool->waiting < census_allowed(pool);
}

/* Are there too few if the waits that the monitor believes in last? Threads on their way count half: they come late and are
 * wanted all the same. */
static bool believes_in_thread(const struct wq_pool *pool)
{
    unsigned doubtful = pool->waiting > pool->believed ? pool->waiting - pool->believed : 0;

    return doubtful < pool->waiting &&
           census_runnable(pool) + pool->starting / 2 + doubtful < census_allowed(pool);
}

/* Are there too many? */
static uint32_t find_excess(const struct wq_pool *pool)
{
    if (pool->count - pool->parked > pool->max_workers)
        return EXCESS_BOUNDS;
    return census_runnable(pool) > census_allowed(pool) ? EXCESS_SOME : EXCESS_NONE;
}

/* What may be done about work that waits? */
static uint32_t find_wakeable(const struct wq_pool *pool)
{
    if (pool->stopping)
        return WAKE_NOBODY;
    if (may_wake_parked(pool))
        return WAKE_PARKED;
    if (!may_make_thread(pool))
        return WAKE_NOBODY;
    if (needs_thread(pool))
        return WAKE_THREAD;
    return believes_in_thread(pool) ? WAKE_BELIEVED : WAKE_NOBODY;
}

void census_update(struct wq_pool *pool)
{
    uint32_t wakeable = find_wakeable(pool), excess = find_excess(pool);

    if (at_peek(&pool->wakeable) != wakeable)
        at_publish(&pool->wakeable, wakeable);
    if (at_peek(&pool->excess) != excess)
        at_publish(&pool->excess, excess);
}

void census_block(struct worker *worker, bool waiting)
{
    struct wq_pool *pool = worker->pool;

    port_lock_take(&pool->lock);
    if (!worker->blocked && awake_is(worker)) { /* it may have parked or ended since the monitor looked */
        at_store(&worker->blocked, 1);
        at_store(&worker->waiting, waiting);
        pool->blocked++;
        pool->waiting += waiting;
        census_update(pool);
    }
    port_lock_drop(&pool->lock);
}

void census_count_in(struct worker *worker)
{
    worker->pool->blocked -= worker->blocked;
    worker->pool->waiting -= worker->waiting;
    at_store(&worker->blocked, 0);
    at_store(&worker->waiting, 0);
}

void census_unblock(struct worker *worker)
{
    port_lock_take(&worker->pool->lock);
    if (worker->blocked) {
        census_count_in(worker);
        census_update(worker->pool);
    }
    port_lock_drop(&worker->pool->lock);
}

unsigned census_blocked(struct wq_pool *pool)
{
    unsigned blocked;

    port_lock_take(&pool->lock);
    blocked = pool->blocked;
    port_lock_drop(&pool->lock);
    return blocked;
}

void census_allow(struct wq_pool *pool, unsigned boost, unsigned believed)
{
    port_lock_take(&pool->lock);
    pool->boost = boost;
    pool->believed = believed;
    pool->starved = false;
    census_update(pool);
    port_lock_drop(&pool->lock);
}
