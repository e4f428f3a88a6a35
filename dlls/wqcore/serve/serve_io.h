/*
 * serve_io.h: completion routines, as the end of the core sees them; the rest is in wqcore.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_SERVE_IO_H
#define WQ_SERVE_IO_H

/* Ends the thread that takes packets, after posting those that are there. */
void io_stop(void);

/* Frees what packets are posted with. All of them have run. */
void io_free(void);

#endif
