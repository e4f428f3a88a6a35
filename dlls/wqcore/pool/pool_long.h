/*
 * pool_long.h: routines that were said in advance to wait for long.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_LONG_H
#define WQ_POOL_LONG_H

#include "pool/pool.h"

/* Queues a long routine. job->spare: job itself if it is to be freed before the routine is called, else NULL. pool_attend must
 * follow. */
void long_append(struct wq_pool *pool, struct wq_item *job);

/* Takes a long routine, if one is queued, and counts the worker as blocked. Owner only. */
bool long_take(struct worker *worker, struct slot *slot);

#endif
