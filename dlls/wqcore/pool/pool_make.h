/*
 * pool_make.h: making a pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_MAKE_H
#define WQ_POOL_MAKE_H

#include "pool/pool.h"

/* Bytes of the table of a pool's workers. */
#define POOL_TABLE_SIZE ((POOL_MAX_WORKERS + POOL_AWAKE_BITS) * sizeof(struct worker *))

/* Frees what a pool was made of. All its threads have ended and nothing is queued. */
void pool_unmake(struct wq_pool *pool);

#endif
