/*
 * pool_life.c: how workers begin and end.
 *
 * Their structures are never freed while the pool lives, because those who look for work may hold one for a moment longer
 * than it is in use; they are kept for the next worker.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_life.h"

#include "pool/pool_census.h"
#include "pool/pool_idle.h"

/* Makes sure that there is a structure for one more worker. Returns false if there is no memory. */
static bool provide_structure(struct wq_pool *pool)
{
    struct worker *fresh;

    if (at_load(&pool->retired))
        return true;
    fresh = port_pages_alloc(sizeof(*fresh));
    if (!fresh)
        return false;
    fresh->pool = pool;
    port_lock_take(&pool->lock);
    fresh->id = pool->high;
    fresh->idle_below = pool->retired;
    at_store(&pool->workers[fresh->id], fresh);
    at_store(&pool->high, pool->high + 1);
    at_store(&pool->retired, fresh);
    port_lock_drop(&pool->lock);
    return true;
}

/* Under the pool's lock. */
static void retire_structure(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;

    awake_set(worker, false);
    worker->idle_below = pool->retired;
    at_store(&pool->retired, worker);
    pool->count--;
}

/* Under the pool's lock. */
static void reserve(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;

    at_store(&pool->retired, worker->idle_below);
    at_put(&worker->joinable, 0);
    pool->count++;
    pool->started++;
    pool->starting++;
    pool->starved = false;
    if (pool->count > pool->peak)
        pool->peak = pool->count;
    awake_set(worker, true);
    at_add(&pool->holds, 1);
    census_update(pool);
}

struct worker *life_reserve(struct wq_pool *pool)
{
    struct worker *worker = NULL;
    bool room;

    do {
        if (!provide_structure(pool))
            return NULL;
        port_lock_take(&pool->lock);
        room = census_has_room(pool);
        if (room)
            worker = pool->retired;
        if (worker)
            reserve(worker);
        port_lock_drop(&pool->lock);
    } while (room && !worker); /* the structure went to somebody else */
    return worker;
}

bool life_start(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;
    struct port_stack stack;

    port_lock_take(&pool->lock);
    stack = pool->stack;
    port_lock_drop(&pool->lock);
    if (thread_start(pool->worker_main, worker, &stack, &worker->thread)) {
        at_publish(&worker->joinable, 1);
        port_wake_word(&worker->joinable);
        return true;
    }
    port_lock_take(&pool->lock);
    retire_structure(worker);
    pool->started--;
    pool->starting--;
    pool->starved = true;
    at_add(&pool->holds, UINT32_MAX); /* the caller has one, too, or knows a user */
    census_update(pool);
    port_lock_drop(&pool->lock);
    return false;
}

void life_began(struct worker *worker)
{
    port_lock_take(&worker->pool->lock);
    worker->pool->starting--;
    census_update(worker->pool);
    port_lock_drop(&worker->pool->lock);
    /* Its first look is at whether there are too many by now, not at the shards. */
    worker->turn_left = 2;
}

struct port_thread life_end(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;
    struct port_thread thread;

    while (!at_load(&worker->joinable))
        port_wait_word(&worker->joinable, 0);
    port_lock_take(&pool->lock);
    thread = worker->thread;
    retire_structure(worker);
    census_update(pool);
    port_lock_drop(&pool->lock);
    return thread;
}
