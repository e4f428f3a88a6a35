/*
 * port_os.h: the inline part of the model's port.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_OS_H
#define WQ_PORT_OS_H

#include <errno.h>
#include <stdint.h>

#define PORT_STATUS_NO_MEMORY ENOMEM

struct port_thread {
    int id;
};

struct port_cpu_set {
    unsigned before;
};

extern unsigned model_idle_us; /* WORKER_IDLE_US of the model build */

unsigned port_cpu(void);
void port_relax(void);
uint64_t port_ticks(void);
void *port_self(void);
void *port_context(void);

#endif
