/*
 * pool_hold.h: what keeps a private pool.
 *
 * It has users: who opened it, the queues over it, submissions under way. When the last one leaves nothing can be queued any more
 * and the workers end. Its memory is held by the users, all together, and by each worker. The default pool needs neither.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_HOLD_H
#define WQ_POOL_HOLD_H

#include "pool/pool.h"

/* Drops a hold on the memory. The last one frees it. */
void hold_drop(struct wq_pool *pool);

/* Frees what a pool was made of: nothing is queued and nobody uses it. */
void hold_unmake(struct wq_pool *pool);

#endif
