/*
 * pool_wake.c: who is woken or started, and when.
 *
 * One waker at a time: the pool has one token. A submitter that finds the token free and a worker to be had
 * takes it and hands it to the worker it wakes; that worker searches, and once it has found something gives
 * the token back and looks whether there is more. So a flood of submissions costs one wake-up and a chain,
 * not a wake-up each.
 *
 * Starting a thread is slow under Wine, and the thread comes to life slowly. So where the need for it is a
 * guess the monitor starts it, not somebody with a routine to run, and nobody relies on it until it runs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

#define STARTS 4u /* threads that one look of the monitor starts */

/* Whether a thread may be made: WAKE_BELIEVED if it is only because waits are believed to last. Threads on
 * their way count half then, because they come late and are wanted all the same. */
static uint32_t may_make(unsigned alive, unsigned allowed)
{
    struct wq_pool *pool = &pool_default;
    unsigned doubtful = pool->waiting > pool->believed ? pool->waiting - pool->believed : 0;

    if (pool->count >= pool->max_workers || (pool->starved && pool->count))
        return WAKE_NOBODY;
    if (alive + pool->starting + pool->waiting < allowed)
        return WAKE_ANYBODY;
    return doubtful < pool->waiting && alive + pool->starting / 2 + doubtful < allowed ? WAKE_BELIEVED
                                                                                       : WAKE_NOBODY;
}

void census_update(void)
{
    struct wq_pool *pool = &pool_default;
    unsigned alive = pool->count - pool->parked - pool->blocked - pool->starting;
    unsigned allowed = pool->processors + pool->boost + pool->long_queued;
    /* A thread that is yet to come replaces none that is there. */
    uint32_t wakeable = pool->parked && alive < allowed ? WAKE_ANYBODY : may_make(alive, allowed);
    uint32_t excess = alive > allowed;

    if (pool->stopping)
        wakeable = WAKE_NOBODY;
    if (at_peek(&pool->wakeable) != wakeable)
        at_publish(&pool->wakeable, wakeable);
    if (at_peek(&pool->excess) != excess)
        at_publish(&pool->excess, excess);
}

void thread_count(int n)
{
    pool_default.threads += (unsigned)n;
    if (pool_default.threads > pool_default.threads_peak)
        pool_default.threads_peak = pool_default.threads;
}

unsigned census_blocked(void)
{
    unsigned blocked;

    port_lock_take(&pool_default.lock);
    blocked = pool_default.blocked;
    port_lock_drop(&pool_default.lock);
    return blocked;
}

void census_block(struct worker *worker, bool waiting)
{
    uint64_t awake;

    port_lock_take(&pool_default.lock);
    awake = pool_default.awake[worker->id / POOL_AWAKE_BITS] >> worker->id % POOL_AWAKE_BITS;
    if (!worker->blocked && (awake & 1)) { /* it may have parked or ended since the monitor looked */
        at_store(&worker->blocked, 1);
        at_store(&worker->waiting, waiting);
        pool_default.blocked++;
        pool_default.waiting += waiting;
        census_update();
    }
    port_lock_drop(&pool_default.lock);
}

void census_count_in(struct worker *worker)
{
    pool_default.blocked -= worker->blocked;
    pool_default.waiting -= worker->waiting;
    at_store(&worker->blocked, 0);
    at_store(&worker->waiting, 0);
}

void census_unblock(struct worker *worker)
{
    port_lock_take(&pool_default.lock);
    if (worker->blocked) {
        census_count_in(worker);
        census_update();
    }
    port_lock_drop(&pool_default.lock);
}

/* Sees to it that there is a structure for one more worker. Returns false if there is no memory. */
static bool worker_provide(void)
{
    struct wq_pool *pool = &pool_default;
    struct worker *fresh;

    if (at_load(&pool->retired))
        return true;
    fresh = port_pages_alloc(sizeof(*fresh));
    if (!fresh)
        return false;
    port_lock_take(&pool->lock);
    fresh->id = pool->high;
    fresh->idle_below = pool->retired;
    at_store(&pool->workers[fresh->id], fresh);
    at_store(&pool->high, pool->high + 1);
    at_store(&pool->retired, fresh);
    port_lock_drop(&pool->lock);
    return true;
}

/* Counts one more worker and takes a structure for it. Returns NULL if the maximum is reached or the
 * structure that was provided went to somebody else. */
static struct worker *worker_reserve(void)
{
    struct wq_pool *pool = &pool_default;
    struct worker *worker;

    port_lock_take(&pool->lock);
    worker = pool->count < pool->max_workers && !pool->stopping ? pool->retired : NULL;
    if (worker) {
        at_store(&pool->retired, worker->idle_below);
        pool->count++;
        pool->started++;
        pool->starting++;
        pool->starved = false;
        if (pool->count > pool->peak)
            pool->peak = pool->count;
        thread_count(1);
        awake_set(worker, true);
        census_update();
    }
    port_lock_drop(&pool->lock);
    return worker;
}

/* Takes worker_reserve back: no thread was to be had. */
static void worker_unreserve(struct worker *worker)
{
    struct wq_pool *pool = &pool_default;

    port_lock_take(&pool->lock);
    awake_set(worker, false);
    worker->idle_below = pool->retired;
    at_store(&pool->retired, worker);
    pool->count--;
    pool->started--;
    pool->starting--;
    pool->start_failed++;
    pool->starved = true;
    thread_count(-1);
    census_update();
    port_lock_drop(&pool->lock);
}

/* Gives the token back without having found anything, and looks for those who relied on us. */
static void token_drop(void)
{
    at_publish(&pool_default.token, 0);
    if (pool_has_work())
        pool_attend();
}

/* token: the caller holds it. hand_on: the thread takes it over; else it is free from the moment on in which the
 * thread is counted, because making it takes long. */
static bool worker_start(bool token, bool hand_on)
{
    struct worker *worker = worker_provide() ? worker_reserve() : NULL;

    if (worker) {
        at_put(&worker->searching, token && hand_on);
        at_put(&worker->joinable, 0);
        if (token && !hand_on) {
            token = false;
            token_drop();
        }
        if (port_thread_start(worker_main, worker, &worker->thread)) {
            at_store(&pool_default.unserved, 0);
            at_publish(&worker->joinable, 1);
            port_wake_word(&worker->joinable);
            return true;
        }
        worker_unreserve(worker);
    }
    at_publish(&pool_default.unserved, 1);
    if (token)
        at_publish(&pool_default.token, 0);
    if (pool_has_work()) /* whoever found the token taken relied on us */
        monitor_wake();
    return false;
}

/* Wakes a parked worker, handing the token on to it if the caller holds it. Returns false if there is none. */
static bool parked_wake(bool token)
{
    struct wq_pool *pool = &pool_default;
    struct worker *worker;

    port_lock_take(&pool->lock);
    worker = pool->idle;
    if (worker) {
        idle_remove(worker);
        at_put(&worker->searching, token);
        at_store(&worker->parked, 0);
        census_update();
    }
    port_lock_drop(&pool->lock);
    if (worker)
        port_unpark(&worker->parker);
    return worker != NULL;
}

bool wake_one(bool token)
{
    return parked_wake(token) || worker_start(token, true);
}

/* Takes the token in order to wake somebody. Returns false if there is nothing to be done, or not by us. */
static bool token_take(bool monitor)
{
    uint32_t seen = 0, wakeable;

    if (at_load(&pool_default.token))
        return false; /* whoever searches will look again when it stops searching */
    wakeable = at_load(&pool_default.wakeable);
    if (wakeable == WAKE_NOBODY || (wakeable == WAKE_BELIEVED && !monitor)) {
        if (!at_load(&pool_default.monitor_on))
            monitor_wake();
        return false;
    }
    return at_cas(&pool_default.token, &seen, 1);
}

void pool_attend(void)
{
    if (token_take(false))
        wake_one(true);
}

/* A thread takes a millisecond to come to life under Wine, and nobody is woken while it has the token: so it does
 * not get it. What is queued meanwhile is found by the monitor's next look. */
void wake_grow(void)
{
    for (unsigned left = STARTS; left && pool_has_work() && token_take(true); left--) {
        if (parked_wake(true) || !worker_start(true, false))
            return;
    }
}

void pool_retry(void)
{
    if (at_load(&pool_default.ready) || pool_start())
        pool_attend();
}

void life_began(struct worker *worker)
{
    port_lock_take(&pool_default.lock);
    pool_default.starting--;
    census_update();
    port_lock_drop(&pool_default.lock);
    /* Its first look is at whether there are too many by now, not at the shards. */
    worker->turn_left = 2;
}

bool pool_idle_provide(void)
{
    struct wq_pool *pool = &pool_default;
    bool parked;

    if (!at_load(&pool->ready) && !pool_start())
        return false;
    port_lock_take(&pool->lock);
    parked = pool->parked != 0;
    port_lock_drop(&pool->lock);
    return parked || (at_load(&pool->wakeable) == WAKE_ANYBODY && wake_one(false));
}
