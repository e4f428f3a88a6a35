/*
 * pool_worker.h: a worker's loop.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_WORKER_H
#define WQ_POOL_WORKER_H

#include "pool/pool.h"

/* What a worker's thread runs. */
void worker_main(void *worker);

#endif
