/*
 * core.h: wqcore.dll, loaded when a program already runs, and whether it knows its own threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_TEST_CORE_H
#define WQ_TEST_CORE_H

#include <windows.h>

/* Loads wqcore.dll; reports a failure and returns NULL if it does not load. */
HMODULE core_load(void);

/* Runs routines that use all that the core keeps per thread, from inside and from outside, and ends its threads. */
void core_check(HMODULE core);

#endif
