/*
 * run.h: one run of a scenario with one schedule, in a process that ends if the run fails.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef RUN_H
#define RUN_H

#include "choose.h"
#include "model.h"

#define RUN_FAILED 1 /* the process's status */

/* What the process leaves behind for its parent, in memory that both see. */
struct run_shared {
    struct choose_schedule schedule; /* of the last run */
    uint64_t runs;
    bool all; /* there is no other schedule */
    char failure[300];
};

extern struct run_shared *run_shared;

/* Runs the scenario once. */
void run_once(const struct model_scenario *scenario);

#endif
