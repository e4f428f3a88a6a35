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

/* Whether a thread may be made: WQ_WAKE_BELIEVED if it is only because waits are believed to last. Threads on
 * their way count half then, because they come late and are wanted all the same. */
static uint32_t may_make(unsigned alive, unsigned allowed)
{
    struct wq_pool *pool = &wq_pool;
    unsigned doubtful = pool->waiting > pool->believed ? pool->waiting - pool->believed : 0;

    if (pool->count >= pool->max_workers || (pool->starved && pool->count))
        return WQ_WAKE_NOBODY;
    if (alive + pool->starting + pool->waiting < allowed)
        return WQ_WAKE_ANYBODY;
    return doubtful < pool->waiting && alive + pool->starting / 2 + doubtful < allowed ? WQ_WAKE_BELIEVED
                                                                                       : WQ_WAKE_NOBODY;
}

void wq_pool_update(void)
{
    struct wq_pool *pool = &wq_pool;
    unsigned alive = pool->count - pool->parked - pool->blocked - pool->starting;
    unsigned allowed = pool->processors + pool->boost + pool->long_queued;
    /* A thread that is yet to come replaces none that is there. */
    uint32_t wakeable = pool->parked && alive < allowed ? WQ_WAKE_ANYBODY : may_make(alive, allowed);
    uint32_t excess = alive > allowed;

    if (pool->stopping)
        wakeable = WQ_WAKE_NOBODY;
    if (at_peek(&pool->wakeable) != wakeable)
        at_publish(&pool->wakeable, wakeable);
    if (at_peek(&pool->excess) != excess)
        at_publish(&pool->excess, excess);
}

void wq_pool_count_thread(int n)
{
    wq_pool.threads += (unsigned)n;
    if (wq_pool.threads > wq_pool.threads_peak)
        wq_pool.threads_peak = wq_pool.threads;
}

unsigned wq_pool_blocked(void)
{
    unsigned blocked;

    port_lock_take(&wq_pool.lock);
    blocked = wq_pool.blocked;
    port_lock_drop(&wq_pool.lock);
    return blocked;
}

void wq_worker_block(struct wq_worker *worker, bool waiting)
{
    uint64_t awake;

    port_lock_take(&wq_pool.lock);
    awake = wq_pool.awake[worker->id / WQ_AWAKE_BITS] >> worker->id % WQ_AWAKE_BITS;
    if (!worker->blocked && (awake & 1)) { /* it may have parked or ended since the monitor looked */
        at_store(&worker->blocked, 1);
        at_store(&worker->waiting, waiting);
        wq_pool.blocked++;
        wq_pool.waiting += waiting;
        wq_pool_update();
    }
    port_lock_drop(&wq_pool.lock);
}

void wq_worker_count_in(struct wq_worker *worker)
{
    wq_pool.blocked -= worker->blocked;
    wq_pool.waiting -= worker->waiting;
    at_store(&worker->blocked, 0);
    at_store(&worker->waiting, 0);
}

void wq_worker_unblock(struct wq_worker *worker)
{
    port_lock_take(&wq_pool.lock);
    if (worker->blocked) {
        wq_worker_count_in(worker);
        wq_pool_update();
    }
    port_lock_drop(&wq_pool.lock);
}

/* Sees to it that there is a structure for one more worker. Returns false if there is no memory. */
static bool worker_provide(void)
{
    struct wq_pool *pool = &wq_pool;
    struct wq_worker *fresh;

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
static struct wq_worker *worker_reserve(void)
{
    struct wq_pool *pool = &wq_pool;
    struct wq_worker *worker;

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
        wq_pool_count_thread(1);
        wq_awake_set(worker, true);
        wq_pool_update();
    }
    port_lock_drop(&pool->lock);
    return worker;
}

/* Takes worker_reserve back: no thread was to be had. */
static void worker_unreserve(struct wq_worker *worker)
{
    struct wq_pool *pool = &wq_pool;

    port_lock_take(&pool->lock);
    wq_awake_set(worker, false);
    worker->idle_below = pool->retired;
    at_store(&pool->retired, worker);
    pool->count--;
    pool->started--;
    pool->starting--;
    pool->start_failed++;
    pool->starved = true;
    wq_pool_count_thread(-1);
    wq_pool_update();
    port_lock_drop(&pool->lock);
}

/* Gives the token back without having found anything, and looks for those who relied on us. */
static void token_drop(void)
{
    at_publish(&wq_pool.token, 0);
    if (wq_pool_has_work())
        wq_pool_attend();
}

/* token: the caller holds it. hand_on: the thread takes it over; else it is free from the moment on in which the
 * thread is counted, because making it takes long. */
static bool worker_start(bool token, bool hand_on)
{
    struct wq_worker *worker = worker_provide() ? worker_reserve() : NULL;

    if (worker) {
        at_put(&worker->searching, token && hand_on);
        at_put(&worker->joinable, 0);
        if (token && !hand_on) {
            token = false;
            token_drop();
        }
        if (port_thread_start(wq_worker_main, worker, &worker->thread)) {
            at_store(&wq_pool.unserved, 0);
            at_publish(&worker->joinable, 1);
            port_wake_word(&worker->joinable);
            return true;
        }
        worker_unreserve(worker);
    }
    at_publish(&wq_pool.unserved, 1);
    if (token)
        at_publish(&wq_pool.token, 0);
    if (wq_pool_has_work()) /* whoever found the token taken relied on us */
        wq_monitor_wake();
    return false;
}

/* Wakes a parked worker, handing the token on to it if the caller holds it. Returns false if there is none. */
static bool parked_wake(bool token)
{
    struct wq_pool *pool = &wq_pool;
    struct wq_worker *worker;

    port_lock_take(&pool->lock);
    worker = pool->idle;
    if (worker) {
        wq_idle_remove(worker);
        at_put(&worker->searching, token);
        at_store(&worker->parked, 0);
        wq_pool_update();
    }
    port_lock_drop(&pool->lock);
    if (worker)
        port_unpark(&worker->parker);
    return worker != NULL;
}

bool wq_pool_wake(bool token)
{
    return parked_wake(token) || worker_start(token, true);
}

/* Takes the token in order to wake somebody. Returns false if there is nothing to be done, or not by us. */
static bool token_take(bool monitor)
{
    uint32_t seen = 0, wakeable;

    if (at_load(&wq_pool.token))
        return false; /* whoever searches will look again when it stops searching */
    wakeable = at_load(&wq_pool.wakeable);
    if (wakeable == WQ_WAKE_NOBODY || (wakeable == WQ_WAKE_BELIEVED && !monitor)) {
        if (!at_load(&wq_pool.monitor_on))
            wq_monitor_wake();
        return false;
    }
    return at_cas(&wq_pool.token, &seen, 1);
}

void wq_pool_attend(void)
{
    if (token_take(false))
        wq_pool_wake(true);
}

/* A thread takes a millisecond to come to life under Wine, and nobody is woken while it has the token: so it does
 * not get it. What is queued meanwhile is found by the monitor's next look. */
void wq_pool_grow(void)
{
    for (unsigned left = STARTS; left && wq_pool_has_work() && token_take(true); left--) {
        if (parked_wake(true) || !worker_start(true, false))
            return;
    }
}

void wq_pool_retry(void)
{
    if (at_load(&wq_pool.ready) || wq_pool_start())
        wq_pool_attend();
}

void wq_worker_alive(struct wq_worker *worker)
{
    port_lock_take(&wq_pool.lock);
    wq_pool.starting--;
    wq_pool_update();
    port_lock_drop(&wq_pool.lock);
    /* Its first look is at whether there are too many by now, not at the shards. */
    worker->turn_left = 2;
}

bool wq_idle_provide(void)
{
    struct wq_pool *pool = &wq_pool;
    bool parked;

    if (!at_load(&pool->ready) && !wq_pool_start())
        return false;
    port_lock_take(&pool->lock);
    parked = pool->parked != 0;
    port_lock_drop(&pool->lock);
    return parked || (at_load(&pool->wakeable) == WQ_WAKE_ANYBODY && wq_pool_wake(false));
}
