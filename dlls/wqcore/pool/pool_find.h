/*
 * pool_find.h: where a worker finds its next slot.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_FIND_H
#define WQ_POOL_FIND_H

#include "pool/pool.h"

/* The next slot to run. Returns false if there is none, or if there are workers enough without this one. Owner only. */
bool worker_find(struct worker *worker, struct slot *slot);

/* Looks for a slot a little longer, if nobody else does: a wake-up costs more than that. Returns false if none came. The
 * worker may hold the token afterwards. Owner only. */
bool worker_search(struct worker *worker, struct slot *slot);

#endif
