/*
 * shard.h: an unbounded first-in first-out queue of slots for many producers and many consumers.
 *
 * The pool has one shard per processor. A producer takes a ticket with one compare-and-swap and publishes its
 * slot; a consumer takes a batch with one. Slots live in segments that are recycled, never unmapped while the
 * pool lives, so a stale reader always reads memory; its compare-and-swap then fails, because tickets never
 * repeat.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_SHARD_H
#define WQ_SHARD_H

#include "port/port.h"
#include "wqcore.h"

/* Sizes that the model build makes small, so that a few items fill them. */
#ifndef SEGMENT_SLOTS
#define SEGMENT_SLOTS 1024 /* slots; 16 kB on 64-bit systems */
#endif
#ifndef SHARD_SEGMENTS
#define SHARD_SEGMENTS 32768 /* segments that one shard can hold: 33 million slots */
#endif

/* One queued call. routine is stored last: a slot is filled when it is not NULL. */
struct slot {
    wq_routine routine; /* A */
    void *param;        /* A */
};

struct segment;

struct shard {
    _Alignas(PORT_CACHE_PAIR) uint64_t tail;              /* A: next ticket to give out */
    _Alignas(PORT_CACHE_PAIR) uint64_t head;              /* A: next ticket to take */
    _Alignas(PORT_CACHE_PAIR) struct segment **directory; /* C; entries A: ticket / 1024 modulo its size */
};

/* Returns false if there is no memory. The shard must be zeroed. */
bool shard_init(struct shard *shard);

/* Puts a call at the end. A full fence: what the caller reads next is read after the slot is visible. Returns
 * false, having queued nothing, if there is no memory for a new segment or the shard holds 33 million slots.
 */
bool shard_push(struct shard *shard, wq_routine routine, void *param);

/* Takes up to max slots, but not more than leaves the other consumers their part (1/share of what is there,
 * at least one). Returns the number. */
unsigned shard_pop(struct shard *shard, struct slot *out, unsigned max, unsigned share);

/* True if the next slot is filled. */
bool shard_has_work(struct shard *shard);

/* Number of slots ever given out. */
uint64_t shard_total(struct shard *shard);

/* Frees the directory. The shard must be empty, and nobody may use it. */
void shard_free(struct shard *shard);

/* Bytes that all segments and directories take, and freeing the segments of all shards. */
uint64_t shard_segments_memory(void);
void shard_segments_free(void);

#endif
