/*
 * model_port.h: what the runs set up in the model's port.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef MODEL_PORT_H
#define MODEL_PORT_H

#include <stdbool.h>

extern bool model_monitor;

void model_port_reset(void);

#endif
