/*
 * pool_census.h: how many workers run, how many may, and so: who may be woken or made.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_CENSUS_H
#define WQ_POOL_CENSUS_H

#include "pool/pool.h"

/* Workers that run now, or would if they had a processor: not parked, not blocked, and their threads have come to life.
 * Under the pool's lock. */
unsigned census_runnable(const struct wq_pool *pool);

/* How many of those there may be. Under the pool's lock. */
unsigned census_allowed(const struct wq_pool *pool);

/* May one more worker exist? Under the pool's lock. */
bool census_has_room(const struct wq_pool *pool);

/* May one more worker be awake? Under the pool's lock. */
bool census_may_wake(const struct wq_pool *pool);

/* Answers the questions anew and publishes the answers: wakeable and excess. Under the pool's lock, after each change
 * of what they depend on. */
void census_update(struct wq_pool *pool);

/* Counts a worker as not runnable (blocked) or as runnable again. waiting: it said so itself, and may do it for a moment
 * only. */
void census_block(struct worker *worker, bool waiting);
void census_unblock(struct worker *worker);

/* As census_unblock, under the pool's lock, without census_update. */
void census_count_in(struct worker *worker);

/* How many workers are counted as blocked. */
unsigned census_blocked(struct wq_pool *pool);

/* What the monitor found: boost workers may run beyond the processors, and believed of those that say they wait have a
 * thread made for that at once. Starts that failed are tried again. */
void census_allow(struct wq_pool *pool, unsigned boost, unsigned believed);

#endif
