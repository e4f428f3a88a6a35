/*
 * wake.c: who is woken or started, and when.
 *
 * One waker at a time: the pool has one token. A submitter that finds the token free and a worker to be had
 * takes it and hands it to the worker it wakes; that worker searches, and once it has found something gives
 * the token back and looks whether there is more. So a flood of submissions costs one wake-up and a chain,
 * not a wake-up each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

void wq_pool_update(void)
{
    struct wq_pool *pool = &wq_pool;
    unsigned runnable = pool->count - pool->parked - pool->blocked;
    unsigned allowed = pool->processors + pool->boost + pool->long_queued;
    unsigned doubtful = pool->waiting > pool->believed ? pool->waiting - pool->believed : 0;
    bool wake = pool->parked && runnable < allowed;
    bool make =
        pool->count < pool->max_workers && !(pool->starved && pool->count) && runnable + doubtful < allowed;
    uint32_t wakeable = (wake || make) && !pool->stopping;
    uint32_t excess = runnable > allowed;

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

void wq_pool_attend(void)
{
    uint32_t seen = 0;

    if (at_load(&wq_pool.token))
        return; /* whoever searches will look again when it stops searching */
    if (!at_load(&wq_pool.wakeable)) {
        if (!at_load(&wq_pool.monitor_on))
            wq_monitor_wake();
        return;
    }
    if (at_cas(&wq_pool.token, &seen, 1))
        wq_pool_wake(true);
}

void wq_pool_retry(void)
{
    if (at_load(&wq_pool.ready) || wq_pool_start())
        wq_pool_attend();
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
    pool->start_failed++;
    pool->starved = true;
    wq_pool_count_thread(-1);
    wq_pool_update();
    port_lock_drop(&pool->lock);
}

static bool worker_start(bool token)
{
    struct wq_worker *worker = worker_provide() ? worker_reserve() : NULL;

    if (worker) {
        at_put(&worker->searching, token);
        at_put(&worker->joinable, 0);
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

bool wq_pool_wake(bool token)
{
    struct wq_pool *pool = &wq_pool;
    struct wq_worker *worker;

    port_lock_take(&pool->lock);
    worker = pool->idle;
    if (!worker) {
        port_lock_drop(&pool->lock);
        return worker_start(token);
    }
    wq_idle_remove(worker);
    at_put(&worker->searching, token);
    at_store(&worker->parked, 0);
    wq_pool_update();
    port_lock_drop(&pool->lock);
    port_unpark(&worker->parker);
    return true;
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
    return parked || (at_load(&pool->wakeable) && wq_pool_wake(false));
}
