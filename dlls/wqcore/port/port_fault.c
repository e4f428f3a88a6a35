/*
 * port_fault.c: injected failures, so that tests can see what happens when memory or threads run out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "port.h"

static uint32_t port_faults[PORT_FAULT_COUNT]; /* A: failures to come */
static uint32_t port_spared[PORT_FAULT_COUNT]; /* A: operations that succeed before them */

void port_fault_set(enum port_fault kind, uint32_t spared, uint32_t times)
{
    at_publish(&port_faults[kind], 0);
    at_publish(&port_spared[kind], spared);
    at_publish(&port_faults[kind], times);
}

uint32_t port_fault_left(enum port_fault kind)
{
    return at_load(&port_faults[kind]);
}

/* True if this operation succeeds because of its number. */
static bool spare(enum port_fault kind)
{
    uint32_t left = at_load(&port_spared[kind]);

    while (left)
        if (at_cas(&port_spared[kind], &left, left - 1))
            return true;
    return false;
}

bool port_fault_hit(enum port_fault kind)
{
    uint32_t left = at_load(&port_faults[kind]);

    if (left && spare(kind))
        return false;
    while (left != 0 && left != UINT32_MAX) {
        if (at_cas(&port_faults[kind], &left, left - 1))
            return true;
    }
    return left != 0;
}
