/*
 * shard.c: the slot queue of one processor.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "base/shard.h"

#ifndef SLAB_SEGMENTS
#define SLAB_SEGMENTS 16 /* segments got from the system at a time */
#endif
#define DIRECTORY_SIZE (SHARD_SEGMENTS * sizeof(struct segment *))

struct segment {
    uint64_t first;                           /* A: ticket of slots[0] */
    struct segment *next;                     /* segments.lock: free list */
    _Alignas(PORT_CACHE_PAIR) uint32_t taken; /* A: slots that consumers are done with */
    _Alignas(PORT_CACHE_PAIR) struct slot slots[SEGMENT_SLOTS];
};

struct slab {
    struct slab *next; /* segments.lock */
    _Alignas(PORT_CACHE_PAIR) struct segment segments[SLAB_SEGMENTS];
};

static struct {
    struct port_lock lock;
    struct segment *free; /* lock */
    struct slab *slabs;   /* lock */
    uint64_t memory;      /* lock */
} segments;

static bool slab_add(void)
{
    struct slab *slab = port_pages_alloc(sizeof(*slab));

    if (!slab)
        return false;
    slab->next = segments.slabs;
    segments.slabs = slab;
    segments.memory += sizeof(*slab);
    for (unsigned i = SLAB_SEGMENTS; i-- > 0;) {
        slab->segments[i].next = segments.free;
        segments.free = &slab->segments[i];
    }
    return true;
}

static void segment_release(struct segment *segment)
{
    /* Consumers with a stale head may still look at the slots; their claim fails. */
    for (unsigned i = 0; i < SEGMENT_SLOTS; i++)
        at_put(&segment->slots[i].routine, NULL);
    at_put(&segment->taken, 0);
    port_lock_take(&segments.lock);
    segment->next = segments.free;
    segments.free = segment;
    port_lock_drop(&segments.lock);
}

uint64_t shard_segments_memory(void)
{
    uint64_t memory;

    port_lock_take(&segments.lock);
    memory = segments.memory;
    port_lock_drop(&segments.lock);
    return memory;
}

void shard_segments_free(void)
{
    while (segments.slabs) {
        struct slab *slab = segments.slabs;

        segments.slabs = slab->next;
        port_pages_free(slab, sizeof(*slab));
        segments.memory -= sizeof(*slab);
    }
    segments.free = NULL;
}

bool shard_init(struct shard *shard)
{
    shard->directory = port_pages_alloc(DIRECTORY_SIZE);
    if (!shard->directory)
        return false;
    port_lock_take(&segments.lock);
    segments.memory += DIRECTORY_SIZE;
    port_lock_drop(&segments.lock);
    return true;
}

static struct segment **segment_entry(struct shard *shard, uint64_t ticket)
{
    return &shard->directory[ticket / SEGMENT_SLOTS % SHARD_SEGMENTS];
}

/* The segment that holds the ticket's slot, or NULL if it was not made yet or is gone. */
static struct segment *segment_of(struct shard *shard, uint64_t ticket)
{
    struct segment *segment = at_load(segment_entry(shard, ticket));

    if (!segment || at_peek(&segment->first) != ticket - ticket % SEGMENT_SLOTS)
        return NULL;
    return segment;
}

void shard_free(struct shard *shard)
{
    struct segment *last = shard->directory ? segment_of(shard, shard->tail) : NULL;

    if (!shard->directory)
        return;
    if (last) /* it is not used up */
        segment_release(last);
    port_pages_free(shard->directory, DIRECTORY_SIZE);
    port_lock_take(&segments.lock);
    segments.memory -= DIRECTORY_SIZE;
    port_lock_drop(&segments.lock);
    memset(shard, 0, sizeof(*shard));
}

/* Makes the segment that the ticket falls into. Returns false if it can't be had. */
static bool segment_install(struct shard *shard, uint64_t ticket)
{
    struct segment **entry = segment_entry(shard, ticket);
    bool installed = true;

    port_lock_take(&segments.lock);
    if (at_load(&shard->tail) != ticket) {
        /* Others moved on while we got here; their segment may have come and gone. */
    } else if (!at_load(entry)) {
        struct segment *segment;

        if (!segments.free && !slab_add()) {
            port_lock_drop(&segments.lock);
            return false;
        }
        segment = segments.free;
        segments.free = segment->next;
        at_put(&segment->first, ticket - ticket % SEGMENT_SLOTS);
        at_store(entry, segment);
    } else {
        /* Another producer installed it, or the directory has come round: the shard is full. */
        installed = segment_of(shard, ticket) != NULL;
    }
    port_lock_drop(&segments.lock);
    return installed;
}

bool shard_push(struct shard *shard, wq_routine routine, void *param)
{
    uint64_t ticket = at_load(&shard->tail);
    struct segment *segment;
    struct slot *slot;

    for (;;) {
        segment = segment_of(shard, ticket);
        if (!segment) {
            if (!segment_install(shard, ticket))
                return false;
            ticket = at_load(&shard->tail);
            continue;
        }
        /* Success means that the tail never moved since it was read, so the slot is still ahead of all
         * consumers and the segment is still this ticket's. */
        if (at_cas(&shard->tail, &ticket, ticket + 1))
            break;
    }
    slot = &segment->slots[ticket % SEGMENT_SLOTS];
    at_put(&slot->param, param);
    at_publish(&slot->routine, routine);
    return true;
}

/* Copies filled slots from ticket on. Returns how many. */
static unsigned slots_copy(struct segment *segment, uint64_t ticket, struct slot *out, unsigned max)
{
    unsigned first = (unsigned)(ticket % SEGMENT_SLOTS);
    unsigned n = 0;

    if (max > SEGMENT_SLOTS - first)
        max = SEGMENT_SLOTS - first;
    for (; n < max; n++) {
        out[n].routine = at_load(&segment->slots[first + n].routine);
        if (!out[n].routine)
            break;
        out[n].param = at_peek(&segment->slots[first + n].param);
    }
    return n;
}

unsigned shard_pop(struct shard *shard, struct slot *out, unsigned max, unsigned share)
{
    uint64_t ticket = at_load(&shard->head);

    for (;;) {
        struct segment *segment = segment_of(shard, ticket);
        uint64_t fair = (at_peek(&shard->tail) - ticket) / share + 1;
        unsigned n = 0;

        if (segment)
            n = slots_copy(segment, ticket, out, fair < max ? (unsigned)fair : max);
        if (!n) {
            uint64_t now = at_load(&shard->head);

            if (now == ticket)
                return 0;
            ticket = now;
            continue;
        }
        if (!at_cas(&shard->head, &ticket, ticket + n))
            continue;
        if (at_add(&segment->taken, n) + n == SEGMENT_SLOTS) {
            at_store(segment_entry(shard, ticket), NULL);
            segment_release(segment);
        }
        return n;
    }
}

bool shard_has_work(struct shard *shard)
{
    uint64_t ticket = at_load(&shard->head);

    for (;;) {
        struct segment *segment = segment_of(shard, ticket);
        uint64_t now;

        if (segment && at_load(&segment->slots[ticket % SEGMENT_SLOTS].routine))
            return true;
        /* A "no" from a slot that was taken meanwhile says nothing about the next one, and a worker parks on
         * a "no". */
        now = at_load(&shard->head);
        if (now == ticket)
            return false;
        ticket = now;
    }
}

uint64_t shard_total(struct shard *shard)
{
    return at_load(&shard->tail);
}
