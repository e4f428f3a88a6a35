/*
 * pool_life.h: how workers begin and end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_LIFE_H
#define WQ_POOL_LIFE_H

#include "pool/pool.h"

/* Counts one more worker, with a hold on the pool, and makes a structure for it. Returns NULL if the maximum is reached, the pool ends or there is
 * no memory. */
struct worker *life_reserve(struct wq_pool *pool);

/* Starts the reserved worker's thread. Returns false, having taken the reservation back, if none is to be had. */
bool life_start(struct worker *worker);

/* To be called by the fresh thread, before it looks for work: from now on it counts as one that runs. */
void life_began(struct worker *worker);

/* The worker takes no more work: gives its structure to the next one. It is not counted from now on, so whoever queued
 * something and was refused a worker until now relies on the caller's looking once more. Returns its thread, to be handed
 * over last. */
struct port_thread life_end(struct worker *worker);

#endif
