/*
 * pool_tally.h: what the pools counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_TALLY_H
#define WQ_POOL_TALLY_H

#include "pool/pool.h"

/* Adds what a pool counted. */
void tally_add(struct wq_pool *pool, struct wq_counters *counters);

/* Remembers what a pool counted that is about to be freed, and adds what all of those did. */
void tally_keep(struct wq_pool *pool);
void tally_add_kept(struct wq_counters *counters);
void tally_forget_kept(void);

#endif
