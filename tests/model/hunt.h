/*
 * hunt.h: running a scenario with many schedules, and what is made of a failure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef HUNT_H
#define HUNT_H

#include "choose.h"
#include "model.h"

struct hunt_limits {
    uint64_t runs;    /* 0 = no limit */
    uint32_t seconds; /* 0 = no limit */
};

/* Runs schedules until one fails, there is none left or a limit is reached. Prints a line; after a failure the shrunk
 * schedule as a table, too, and as a text for hunt_replay. Returns false after a failure. */
bool hunt(const struct model_scenario *scenario, const struct choose_settings *settings,
          const struct hunt_limits *limits);

/* Runs one schedule, printed by hunt. Returns false if it fails. */
bool hunt_replay(const struct model_scenario *scenario, const char *schedule);

#endif
