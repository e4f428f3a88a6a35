/*
 * stores.h: what the threads of the model see of each other's stores: x86's total store order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef STORES_H
#define STORES_H

#include <stdbool.h>
#include <stddef.h>

extern bool stores_tso; /* stores may be seen late; else they are seen at once */

/* Lets everybody see the thread's stores. */
void stores_drain(int thread);

/* Likewise those to memory that goes away. */
void stores_forget(const void *block, size_t size);

void stores_reset(void);

#endif
