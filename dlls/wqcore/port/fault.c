/*
 * fault.c: injected failures, so that tests can see what happens when memory or threads run out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "port.h"

static uint32_t port_faults[PORT_FAULT_COUNT]; /* A */

void port_fault_set(enum port_fault kind, uint32_t times)
{
    at_publish(&port_faults[kind], times);
}

bool port_fault_hit(enum port_fault kind)
{
    uint32_t left = at_load(&port_faults[kind]);

    while (left != 0 && left != UINT32_MAX) {
        if (at_cas(&port_faults[kind], &left, left - 1))
            return true;
    }
    return left != 0;
}
