/*
 * posix_packets.c: Linux has no completion packets that files could be bound to, so there is nothing to open.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"

bool port_packets_open(struct port_packets *packets)
{
    packets->handle = NULL;
    return false;
}

void port_packets_close(struct port_packets *packets)
{
    (void)packets;
}

enum port_bind port_packets_bind(struct port_packets *packets, void *file, void *key, uint32_t *status)
{
    (void)packets;
    (void)file;
    (void)key;
    *status = ENOSYS;
    return PORT_BIND_REFUSED;
}

void port_packets_send(struct port_packets *packets, void *key)
{
    (void)packets;
    (void)key;
}

unsigned port_packets_take(struct port_packets *packets, struct port_packet *out, unsigned max)
{
    (void)packets;
    (void)out;
    (void)max;
    return 0;
}
