/*
 * face.h: the pool, as everybody outside of pool/ sees it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_FACE_H
#define WQ_POOL_FACE_H

#include "port/port.h"
#include "wqcore.h"

/* The pool that every process has. It is made by the first who needs it. */
extern struct wq_pool pool_default;

/* Makes the default pool if it is not there. Returns false if there is no memory. */
bool pool_start(void);

/* The greatest number of the default pool's workers now. */
unsigned pool_max_workers(void);

/* A private pool has users: as long as there is one, it is there. Does nothing for the default pool. Who leaves last lets the pool
 * end; that waits for no routine. */
void pool_enter(struct wq_pool *pool);
void pool_leave(struct wq_pool *pool);

/* Queues an item of the caller's, who is a user. Never fails. The item must not be queued already. */
void pool_submit(struct wq_pool *pool, struct wq_item *item);

/* True if something waits anywhere in the pool: in a shard, the inbox, among the long routines or in a worker's ring. */
bool pool_has_work(struct wq_pool *pool);

/* To be called after work became visible, with a full fence between: makes sure that somebody will see it. */
void pool_attend(struct wq_pool *pool);

/* True if a submission found no memory or no thread, so that what waits may have nobody who sees it: call pool_retry. It
 * is the pool's first word, so that a submitter who has nothing else to do with the pool can look without a call. */
static inline bool pool_unserved(struct wq_pool *pool)
{
    return at_load((uint32_t *)pool) != 0;
}

/* As pool_attend, after making the default pool if there was no memory for it. */
void pool_retry(struct wq_pool *pool);

/* Makes sure that a worker is idle: true if one is parked, or if one more may run and could be started. */
bool pool_provide_idle(struct wq_pool *pool);

/* ---- for routines that run other routines inside: activations of queues. worker: port_self() ---- */

struct worker;

/* A routine that ran inside this one has returned: does what is done after each routine, and counts it. */
void pool_inner_returned(struct worker *worker);

/* This routine was nothing but an activation: it is not to be counted as a user's. */
void pool_activation_returned(struct worker *worker);

/* True if more workers are awake than the pool's maximum, so that this one parks when its routine has returned. */
bool pool_shall_leave(struct worker *worker);

/* True if this worker has nothing else to do, and more than one processor, and so may wait for a moment for more. */
bool pool_may_linger(struct worker *worker);

/* As pool_has_work, for the worker's own pool. */
bool pool_of_has_work(struct worker *worker);

/* ---- for the core ---- */

/* Adds what the pools counted to the counters. */
void pool_count(struct wq_counters *counters);

/* True if somebody has a private pool open. */
bool pool_private_open(void);

/* True if nothing is queued in the default pool and no routine runs there, and private pools have ended. Else makes sure that
 * somebody sees to it. */
bool pool_all_quiet(void);

/* Lets all workers of the default pool end, and waits until none is left. Nothing is queued. */
void pool_stop(void);

/* Ends the monitor thread, if there is one. All pools have been stopped. */
void pool_stop_monitor(void);

/* Frees what the default pool holds, and forgets it. All threads of the core have ended. */
void pool_free(void);

#endif
