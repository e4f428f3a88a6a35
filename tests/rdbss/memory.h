/*
 * memory.h: RDBSS without memory, and what it leaves behind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_MEMORY_H
#define TEST_MEMORY_H

/* Uses every function while memory runs out, with the dispatcher not made yet. Returns what was wrong, NULL if
 * nothing. */
const char *memory_refused(void);

/* Tears the dispatcher down, ends the core and looks for threads and memory of theirs. The same. */
const char *memory_left(void);

#endif
