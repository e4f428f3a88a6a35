/*
 * pool_monitor.h: the thread that looks after the pools.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_MONITOR_H
#define WQ_POOL_MONITOR_H

#include "pool/pool.h"

/* Lets the monitor know a pool, or forget it: when that returns the monitor has left it. */
void monitor_add(struct wq_pool *pool);
void monitor_remove(struct wq_pool *pool);

/* Calls fn for each pool that the monitor knows, until it returns true. Returns whether one did. The pools stay meanwhile. */
bool monitor_any(bool (*fn)(struct wq_pool *pool, void *param), void *param);

/* Makes the monitor tick for the pool until nothing is queued there. */
void monitor_wake(struct wq_pool *pool);

#ifdef WQ_STRESS
/* tests/core/stress.c: true if the monitor is to stay asleep. */
bool wq_stress_no_monitor(void);
#endif

#endif
