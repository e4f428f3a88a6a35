/*
 * pool_idle.h: which workers are parked, and which are awake.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_IDLE_H
#define WQ_POOL_IDLE_H

#include "pool/pool.h"

/* Puts a worker on the idle stack. Under the pool's lock. */
void idle_add(struct worker *worker);

/* Takes a parked worker off the idle stack. Under the pool's lock; whoever does this then wakes it. */
void idle_remove(struct worker *worker);

/* Marks the worker in, or takes it out of, the set whose rings are looked at. Under the pool's lock. */
void awake_set(struct worker *worker, bool on);

/* Under the pool's lock. */
bool awake_is(const struct worker *worker);

/* Calls fn for each worker that is not parked, until it returns true. Returns whether one did. */
bool awake_any(struct wq_pool *pool, bool (*fn)(struct worker *worker, void *param), void *param);

#endif
