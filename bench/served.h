/*
 * served.h: the functions that a Windows program looks up itself, and who serves its thread pool calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCH_SERVED_H
#define BENCH_SERVED_H

#include "bench.h"

/* The function that a workload without items of its own measures; NULL for QueueUserWorkItem. */
extern const char *bench_served_api;

/* The workload queues to something else than the pool, so that what it ran is the proof. */
extern bool bench_served_queues;

/* Who served, for a workload that found out itself; NULL for all others. */
extern const char *bench_served_told;

bool bench_core_loaded(void);

/* What our core counted, 0 where it is not loaded: entries that came in, routines that ended. */
uint64_t bench_core_posted(void);
uint64_t bench_core_run(void);

/* A function of a module (an HMODULE), by its name. Ends the program if there is none. */
void *bench_function(void *module, const char *name);

/* "ours" or "builtin": whose code an exported function of kernel32 is. */
const char *bench_serves(const char *function);

#endif
