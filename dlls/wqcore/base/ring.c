/*
 * ring.c: stealing from a worker's ring.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/ring.h"

unsigned ring_steal(struct ring *ring, struct slot *out, unsigned max)
{
    size_t head = at_load(&ring->head);

    for (;;) {
        size_t length = at_load(&ring->tail) - head;
        size_t n = length - length / 2;

        if (!length)
            return 0;
        if (length > RING_SLOTS) { /* head is stale */
            head = at_load(&ring->head);
            continue;
        }
        if (n > max)
            n = max;
        for (size_t i = 0; i < n; i++) {
            out[i].routine = at_peek(&ring->slots[(head + i) % RING_SLOTS].routine);
            out[i].param = at_peek(&ring->slots[(head + i) % RING_SLOTS].param);
        }
        if (at_cas(&ring->head, &head, head + n))
            return (unsigned)n;
    }
}
