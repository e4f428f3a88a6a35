/*
 * handle.h: the table of handles, as the end of the core sees it; the rest is in wqcore.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_HANDLE_H
#define WQ_HANDLE_H

#include <stdint.h>

/* Bytes of the table. */
uint64_t handle_table_memory(void);

/* Forgets all handles and frees the table. */
void handle_table_free(void);

#endif
