/*
 * scenarios.c: all scenarios.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scenarios.h"

/* idle_us 3: workers retire while the scenario still posts. */
const struct model_scenario model_scenarios[] = {
    {.name = "post", .run = scenario_post},
    {.name = "inner", .run = scenario_inner},
    {.name = "retire", .run = scenario_retire, .idle_us = 3},
    {.name = "long", .run = scenario_long},
    {.name = "blocked", .run = scenario_blocked, .monitor = true},
    {.name = "pair", .run = scenario_pair},
    {.name = "unsaid", .run = scenario_unsaid, .monitor = true},
    {.name = "own", .run = scenario_own},
    {.name = "refused", .run = scenario_refused, .monitor = true},
    {.name = "private", .run = scenario_private},
    {.name = "private_end", .run = scenario_private_end, .idle_us = 3},
    {.name = "queue", .run = scenario_queue},
    {.name = "window", .run = scenario_window},
    {.name = "move", .run = scenario_move},
    {.name = "hold", .run = scenario_hold},
    {.name = "timer", .run = scenario_timer},
    {.name = "period", .run = scenario_period},
    {.name = "timer_close", .run = scenario_timer_close},
    {.name = "wait", .run = scenario_wait},
    {.name = "wait_many", .run = scenario_wait_many},
    {.name = "watch", .run = scenario_watch},
    {.name = NULL},
};
