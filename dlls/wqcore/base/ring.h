/*
 * ring.h: a worker's own bounded queue of slots. The worker pushes and pops, others steal.
 *
 * First in, first out, so that a routine that submits itself again does not starve what was there before. A
 * reader copies slots before it claims them by moving head; if the owner overwrote them meanwhile, head has
 * moved and the claim fails.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_RING_H
#define WQ_RING_H

#include "base/shard.h"

#ifndef RING_SLOTS
#define RING_SLOTS 256u
#endif

struct ring {
    _Alignas(PORT_CACHE_PAIR) size_t head; /* A: next to take */
    _Alignas(PORT_CACHE_PAIR) size_t tail; /* W: next to fill */
    struct slot slots[RING_SLOTS];         /* A, written by the owner only */
};

static inline size_t ring_length(struct ring *ring)
{
    size_t head = at_load(&ring->head);

    return at_load(&ring->tail) - head;
}

/* Owner only. A full fence. Returns false if the ring is full. */
static inline bool ring_push(struct ring *ring, wq_routine routine, void *param)
{
    size_t tail = ring->tail;
    struct slot *slot = &ring->slots[tail % RING_SLOTS];

    if (tail - at_load(&ring->head) >= RING_SLOTS)
        return false;
    at_put(&slot->routine, routine);
    at_put(&slot->param, param);
    at_publish(&ring->tail, tail + 1);
    return true;
}

/* Owner only, with the ring empty: makes a batch stealable. A full fence. */
static inline void ring_fill(struct ring *ring, const struct slot *batch, unsigned n)
{
    size_t tail = ring->tail;

    for (unsigned i = 0; i < n; i++) {
        at_put(&ring->slots[(tail + i) % RING_SLOTS].routine, batch[i].routine);
        at_put(&ring->slots[(tail + i) % RING_SLOTS].param, batch[i].param);
    }
    at_publish(&ring->tail, tail + n);
}

/* Owner only. */
static inline bool ring_pop(struct ring *ring, struct slot *out)
{
    size_t head = at_load(&ring->head);

    while (head != ring->tail) {
        *out = ring->slots[head % RING_SLOTS];
        if (at_cas(&ring->head, &head, head + 1))
            return true;
    }
    return false;
}

/* Takes the older half (at least one) of what is there, at most max. Any thread. Returns the number. */
unsigned ring_steal(struct ring *ring, struct slot *out, unsigned max);

#endif
