/*
 * scenarios.h: what the scenarios are called.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "model.h"

/* scenario_pool.c */
void scenario_post(void);
void scenario_inner(void);
void scenario_retire(void);
void scenario_long(void);
void scenario_blocked(void);
void scenario_pair(void);
void scenario_unsaid(void);
void scenario_own(void);
void scenario_refused(void);

/* scenario_private.c */
void scenario_private(void);
void scenario_private_end(void);

/* scenario_queue.c */
void scenario_queue(void);
void scenario_window(void);
void scenario_move(void);
void scenario_hold(void);

/* scenario_timer.c */
void scenario_timer(void);
void scenario_period(void);
void scenario_timer_close(void);

/* scenario_wait.c */
void scenario_wait(void);
void scenario_wait_many(void);
void scenario_watch(void);

#endif
