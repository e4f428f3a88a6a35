/*
 * pool_wake.c: who is woken or started, and when.
 *
 * One waker at a time: the pool has one token. A submitter that finds the token free and a worker to be had takes it
 * and hands it to the worker that it wakes. That worker searches; once it has found something it gives the token back and looks
 * whether there is more. So a flood of submissions costs one wake-up and a chain, not a wake-up each.
 *
 * Why no wake-up is lost:
 *
 *   submitter  publishes the slot; full fence; reads token, wakeable, monitor_on               (pool_post.c, pool_attend)
 *   searcher   has found something: gives the token back (full fence); is there more work?
 *              If so, it attends like a submitter                                              (wake_pass_token)
 *   parker     joins the idle stack, wakeable becomes 1; gives the token back (full fence);
 *              is there work? If so, it attends                                                (pool_worker.c)
 *   monitor    says that it is off; full fence; is there work? If so, it goes on               (pool_monitor.c)
 *
 * Either the submitter sees the parker (wakeable set, token free), or the parker's last look sees the slot. If the submitter sees
 * the token taken, its holder looks again after giving it back. If the submitter sees that nobody may be woken, all allowed
 * workers are running and will look when they finish their routines; for the case that they block instead, it makes
 * sure that the monitor ticks.
 *
 * Starting a thread is slow under Wine, and the thread comes to life slowly, or not before somebody drops the loader's lock.
 * So where the need for it is a guess the monitor starts it, not somebody with a routine to run. A thread that is on its way has no
 * token: the token is "coming" then. That keeps submitters from starting one thread each; but the monitor, a worker that searches,
 * and a submitter that sees a parked worker take it away. So the thread holds up nobody.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_wake.h"

#include "pool/pool_census.h"
#include "pool/pool_idle.h"
#include "pool/pool_life.h"
#include "pool/pool_monitor.h"

#define STARTS 4u /* threads that one look of the monitor starts */

/* Gives the token back, and looks for those who relied on its holder. */
static void drop_token(struct wq_pool *pool)
{
    at_publish(&pool->token, TOKEN_FREE);
    if (pool_has_work(pool))
        pool_attend(pool);
}

/* No thread is to be had: says so, and leaves what is queued to the monitor. Whoever found the token taken relied on us. */
static void give_up(struct wq_pool *pool, bool token)
{
    at_publish(&pool->unserved, 1);
    if (token)
        at_publish(&pool->token, TOKEN_FREE);
    if (pool_has_work(pool))
        monitor_wake(pool);
}

/* The token that waits for a thread, if it still does: that thread will not come. It may be another one's, which will find it
 * gone: then it looks for work all the same. Returns whether it did. */
static bool take_back_token(struct wq_pool *pool)
{
    uint32_t seen = TOKEN_COMING;

    return at_cas(&pool->token, &seen, TOKEN_HELD);
}

/* token: the caller holds it. hand_on: the thread will take it; else it is free from the moment on in which the
 * thread is counted, because making it takes long. */
static bool start_worker(struct wq_pool *pool, bool token, bool hand_on)
{
    struct worker *worker = life_reserve(pool);

    if (worker) {
        if (token && hand_on)
            at_publish(&pool->token, TOKEN_COMING);
        else if (token)
            drop_token(pool);
        token = false;
        if (life_start(worker)) {
            at_store(&pool->unserved, 0);
            return true;
        }
        token = hand_on && take_back_token(pool);
    }
    give_up(pool, token);
    return false;
}

bool wake_parked(struct wq_pool *pool, bool token)
{
    struct worker *worker;

    port_lock_take(&pool->lock);
    worker = census_may_wake(pool) ? pool->idle : NULL;
    if (worker) {
        idle_remove(worker);
        at_put(&worker->searching, token);
        at_store(&worker->parked, 0);
        census_update(pool);
    }
    port_lock_drop(&pool->lock);
    if (worker)
        port_unpark(&worker->parker);
    return worker != NULL;
}

bool wake_start(struct wq_pool *pool)
{
    return start_worker(pool, false, false);
}

bool wake_one(struct wq_pool *pool, bool token)
{
    return wake_parked(pool, token) || start_worker(pool, token, true);
}

/* Takes the token in order to wake somebody. Returns false if there is nothing to be done, or not by us. */
static bool take_token(struct wq_pool *pool, bool monitor)
{
    uint32_t seen = at_load(&pool->token), wakeable;

    if (seen == TOKEN_HELD)
        return false; /* whoever searches will look again when it stops searching */
    wakeable = at_load(&pool->wakeable);
    if (seen == TOKEN_COMING && wakeable != WAKE_PARKED && !monitor)
        return false; /* the thread looks when it comes; so do workers that run when their routines return */
    if (wakeable == WAKE_NOBODY || (wakeable == WAKE_BELIEVED && !monitor)) {
        if (!at_load(&pool->monitor_on))
            monitor_wake(pool);
        return false;
    }
    return at_cas(&pool->token, &seen, TOKEN_HELD);
}

void pool_attend(struct wq_pool *pool)
{
    if (take_token(pool, false))
        wake_one(pool, true);
}

/* The threads do not get the token, so several are started at once. What is queued meanwhile is found by the monitor's next
 * look. */
void wake_grow(struct wq_pool *pool)
{
    for (unsigned left = STARTS; left && pool_has_work(pool) && take_token(pool, true); left--) {
        if (wake_parked(pool, true) || !start_worker(pool, true, false))
            return;
    }
}

bool wake_take_token(struct worker *worker)
{
    uint32_t seen = at_load(&worker->pool->token);

    if (seen == TOKEN_HELD || !at_cas(&worker->pool->token, &seen, TOKEN_HELD))
        return false;
    at_put(&worker->searching, 1);
    return true;
}

void wake_came(struct worker *worker)
{
    at_put(&worker->searching, take_back_token(worker->pool));
}

void wake_pass_token(struct worker *worker)
{
    if (!at_peek(&worker->searching))
        return;
    at_put(&worker->searching, 0);
    drop_token(worker->pool);
}
