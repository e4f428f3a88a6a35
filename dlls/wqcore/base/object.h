/*
 * object.h: what the core's start and end need of the objects whose addresses users hold.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_OBJECT_H
#define WQ_OBJECT_H

#include <stdint.h>

/* How many objects there are, and the bytes of their areas. */
uint32_t object_used(void);
uint64_t object_memory(void);

/* Gives the areas back. All objects must be gone. */
void object_free_all(void);

#endif
