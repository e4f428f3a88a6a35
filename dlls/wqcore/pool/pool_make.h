/*
 * pool_make.h: making a pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_MAKE_H
#define WQ_POOL_MAKE_H

#include "pool/pool.h"

/* Makes a private pool in zeroed memory, with one user. The default pool is there. Returns false if there is no memory. */
bool pool_make_private(struct wq_pool *pool);

#endif
