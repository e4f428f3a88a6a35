/*
 * pool_wake.h: waking and starting workers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_WAKE_H
#define WQ_POOL_WAKE_H

#include "pool/pool.h"

/* Wakes a parked worker or starts one, whether or not that exceeds the processors. token: the worker takes
 * over the token, which the caller holds; a thread that is started does so when it has come to life. Returns false (the token is free then) if the maximum is reached or
 * no thread can be made. */
bool wake_one(struct wq_pool *pool, bool token);

/* Wakes a parked worker, handing the token on to it if the caller holds it. Returns false if there is none. */
bool wake_parked(struct wq_pool *pool, bool token);

/* Starts one more worker. Returns false if the maximum is reached or no thread can be made. */
bool wake_start(struct wq_pool *pool);

/* As pool_attend, for the monitor: it has the time to start several threads, and those for waits that are
 * believed to last. */
void wake_grow(struct wq_pool *pool);

/* The worker takes the token, to search for work. Returns false if somebody else has it. */
bool wake_take_token(struct worker *worker);

/* The worker's thread has come to life: it takes the token if that still waits for a thread. */
void wake_came(struct worker *worker);

/* The worker has found something: it gives the token back, if it has it, and looks whether there is more. */
void wake_pass_token(struct worker *worker);

#endif
