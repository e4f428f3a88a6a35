/*
 * serve_own.h: threads that never end: the persistent one, and those for callbacks that do input and output.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_SERVE_OWN_H
#define WQ_SERVE_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "wqcore.h"

/* Routines that finished on threads that never end. */
uint64_t own_count(void);

/* True if these threads have run all that was queued to them; posted: how many routines that was. */
bool own_idle(uint64_t *posted);

/* Queues an item of the caller's to the persistent thread or to the io threads. Never fails; what finds no
 * thread waits for the next submission or own_attend. */
void own_submit(struct wq_item *item, bool io_class);

/* Tries again to find a thread for what is queued. */
void own_attend(bool io_class);

/* Ends these threads. Nothing may be queued to them any more. */
void own_stop(void);

#endif
