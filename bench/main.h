/*
 * main.h: what the files of the program share beyond bench.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCH_MAIN_H
#define BENCH_MAIN_H

#include "bench.h"

#define BENCH_STATUS_WRONG 3 /* what was measured cannot be believed */
#define BENCH_STATUS_SKIP  4 /* this engine cannot do this, or not in time */

extern const struct bench_workload *bench_workload; /* the one of this process */

/* Ends the program if its times cannot be believed. */
void bench_clock_check(void);

void bench_params_set(int count, const char *const *list);

#endif
