/*
 * trace.h: the table of a schedule: a line for each stretch that a thread ran for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>

#include "model_atomic.h"

extern bool trace_on;

/* The thread that runs is at that place. */
void trace_step(struct model_place place);

/* Its stretch is over: why. */
void trace_stop(const char *why);

/* Prints the table, the last stretches if there are many. */
void trace_print(void);

#endif
