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

#include "shard.h"

#define WQ_RING_SLOTS 256u

struct wq_ring {
    _Alignas(PORT_CACHE_PAIR) size_t head; /* A: next to take */
    _Alignas(PORT_CACHE_PAIR) size_t tail; /* W: next to fill */
    struct wq_slot slots[WQ_RING_SLOTS];   /* A, written by the owner only */
};

static inline size_t wq_ring_length(struct wq_ring *ring)
{
    size_t head = at_load(&ring->head);

    return at_load(&ring->tail) - head;
}

/* Owner only. A full fence. Returns false if the ring is full. */
static inline bool wq_ring_push(struct wq_ring *ring, wq_routine routine, void *param)
{
    size_t tail = ring->tail;
    struct wq_slot *slot = &ring->slots[tail % WQ_RING_SLOTS];

    if (tail - at_load(&ring->head) >= WQ_RING_SLOTS)
        return false;
    at_put(&slot->routine, routine);
    at_put(&slot->param, param);
    at_publish(&ring->tail, tail + 1);
    return true;
}

/* Owner only, with the ring empty: makes a batch stealable. A full fence. */
static inline void wq_ring_fill(struct wq_ring *ring, const struct wq_slot *batch, unsigned n)
{
    size_t tail = ring->tail;

    for (unsigned i = 0; i < n; i++) {
        at_put(&ring->slots[(tail + i) % WQ_RING_SLOTS].routine, batch[i].routine);
        at_put(&ring->slots[(tail + i) % WQ_RING_SLOTS].param, batch[i].param);
    }
    at_publish(&ring->tail, tail + n);
}

/* Owner only. */
static inline bool wq_ring_pop(struct wq_ring *ring, struct wq_slot *out)
{
    size_t head = at_load(&ring->head);

    while (head != ring->tail) {
        *out = ring->slots[head % WQ_RING_SLOTS];
        if (at_cas(&ring->head, &head, head + 1))
            return true;
    }
    return false;
}

/* Takes the older half (at least one) of what is there, at most max. Any thread. Returns the number. */
unsigned wq_ring_steal(struct wq_ring *ring, struct wq_slot *out, unsigned max);

#endif
