/*
 * queue_default.h: the end of the queue that fronts share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_QUEUE_DEFAULT_H
#define WQ_QUEUE_DEFAULT_H

/* Closes the default queue, which nobody may use any more. */
void default_queue_free(void);

#endif
