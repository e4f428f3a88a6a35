/*
 * waits.h: all waits together, as the end of the core sees them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WAITS_H
#define WQ_WAITS_H

#include "wqcore.h"

/* Fills in the counters of waits. */
void waits_count(struct wq_counters *counters);

/* Ends the wait threads. What they have queued is still in the pool. */
void waits_stop(void);

#endif
