/*
 * slots.h: using up a process's TLS slots, running a function on a thread of its own, and what the heap holds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_TEST_SLOTS_H
#define WQ_TEST_SLOTS_H

#include <stdbool.h>
#include <windows.h>

#include "wine/test.h"

#define SLOTS_QUICK 64u   /* that lie in the TEB */
#define SLOTS_ALL   1088u /* of a process */

/* Allocates all free slots with an index below that, and gives them back. */
void slots_use_below(DWORD index);
void slots_free(void);

/* True if slots_use_below has allocated that one. */
bool slots_have(DWORD index);

/* Runs the function on a new thread and waits for its end; reports a failure after 30 s. */
void on_thread(LPTHREAD_START_ROUTINE fn, void *param);

/* Bytes of the process heap that are in use. */
size_t heap_in_use(void);

#endif
