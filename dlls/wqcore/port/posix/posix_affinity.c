/*
 * posix_affinity.c: which processor a thread runs on, and binding it to one, on Linux.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"

unsigned port_cpu_number(void)
{
    return port_cpu();
}

bool port_cpu_bind(unsigned processor, struct port_cpu_set *before)
{
    cpu_set_t one;

    if (processor >= CPU_SETSIZE || sched_getaffinity(0, sizeof(before->set), &before->set))
        return false;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    return !sched_setaffinity(0, sizeof(one), &one);
}

void port_cpu_restore(const struct port_cpu_set *before)
{
    sched_setaffinity(0, sizeof(before->set), &before->set);
}
