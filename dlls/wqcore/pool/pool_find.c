/*
 * pool_find.c: where a worker finds its next slot: in its own ring, in a shard, in the inbox, among the long routines, in another
 * worker's ring.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_find.h"

#include "pool/pool_idle.h"
#include "pool/pool_long.h"
#include "pool/pool_wake.h"

#define BATCH      (RING_SLOTS / 2) /* slots taken from a shard at a time; fits the empty ring */
#define TURN_MIN   2u               /* others get a turn before the own ring every so many slots ... */
#define TURN_MAX   64u
#define TURN_TICKS 50000u /* ... that is about every 20 us */
#define RING_TURN  16u    /* every so many turns the inbox and the other rings come before the shards */
#define SMALL      8u     /* slots: a smaller batch means that the worker keeps up */

/* Takes from the shards, the one of this processor first. */
static unsigned take_from_shards(struct wq_pool *pool, struct slot *batch, unsigned max)
{
    unsigned count = pool->shard_count, home = port_cpu() % count;

    for (unsigned i = 0; i < count; i++) {
        unsigned n = shard_pop(&pool->shards[(home + i) % count], batch, max, 2 * pool->processors);

        if (n)
            return n;
    }
    return 0;
}

/* Takes from the inbox; what does not fit goes back. */
static unsigned take_from_inbox(struct worker *worker, struct slot *batch, unsigned max)
{
    struct wq_pool *pool = worker->pool;
    struct wq_item *item = at_load(&pool->inbox) ? item_stack_take(&pool->inbox) : NULL;
    bool rest = false;
    unsigned n = 0;

    while (item) {
        struct wq_item *next = item->link;

        if (n < max) {
            batch[n].routine = item_run;
            batch[n++].param = item;
        } else {
            item_stack_push(&pool->inbox, item);
            rest = true;
        }
        item = next;
    }
    at_put(&worker->posted, worker->posted + n); /* nobody counted them on their way in */
    if (rest)                                    /* who looked meanwhile saw nothing */
        pool_attend(pool);
    return n;
}

struct theft {
    struct worker *thief;
    struct slot *batch;
    unsigned max;
    unsigned n;
};

static bool steal_from(struct worker *victim, void *param)
{
    struct theft *theft = param;

    if (victim != theft->thief)
        theft->n = ring_steal(&victim->ring, theft->batch, theft->max);
    return theft->n != 0;
}

static unsigned take_from_rings(struct worker *worker, struct slot *batch, unsigned max)
{
    struct theft theft = {worker, batch, max, 0};

    awake_any(worker->pool, steal_from, &theft);
    return theft.n;
}

/* Takes a batch from the shards, a moment later if the last one was small and waiting pays. */
static unsigned take_batch(struct worker *worker, struct slot *batch, unsigned max)
{
    uint64_t since = worker->small_at;
    unsigned n;

    worker->small_at = 0;
    if (since)
        linger_wait(since);
    n = take_from_shards(worker->pool, batch, max);
    if (!n)
        return 0;
    if (since)
        linger_judge(&worker->linger, n);
    worker->small_at = n < SMALL && worker->pool->spin_us && linger_due(&worker->linger) ? port_ticks() : 0;
    return n;
}

/* Takes a batch from where others can see it; the first slot is for now, the rest stays stealable in the own
 * ring. */
static bool find_shared(struct worker *worker, struct slot *slot)
{
    struct slot batch[BATCH];
    unsigned n;

    if (long_take(worker, slot))
        return true;
    n = take_batch(worker, batch, BATCH);
    if (!n)
        n = take_from_inbox(worker, batch, BATCH);
    if (!n)
        n = take_from_rings(worker, batch, BATCH);
    if (!n)
        return false;
    *slot = batch[0];
    if (n > 1) {
        ring_fill(&worker->ring, batch + 1, n - 1);
        if (!at_peek(&worker->searching)) /* who searches attends when it stops searching */
            pool_attend(worker->pool);
    }
    return true;
}

/* Sets how many slots may run before the next turn: as many as take a certain time, judged by the last ones,
 * so that the others wait neither for 64 long routines nor behind a look that costs more than the routine. */
static void schedule_turn(struct worker *worker)
{
    uint64_t now = port_ticks();
    uint64_t slots = worker->turn_slots * (uint64_t)TURN_TICKS / (now - worker->turn_began + 1);

    if (slots < TURN_MIN)
        slots = TURN_MIN;
    worker->turn_slots = slots < TURN_MAX ? (uint32_t)slots : TURN_MAX;
    worker->turn_left = worker->turn_slots;
    worker->turn_began = now;
}

/* Gives others a turn before the own ring, which a routine that queues itself may keep filled for ever. */
static bool take_turn(struct worker *worker, struct slot *slot)
{
    if (worker->turn_left && --worker->turn_left)
        return false;
    schedule_turn(worker);
    if (++worker->turn % RING_TURN == 0 &&
        (take_from_inbox(worker, slot, 1) || take_from_rings(worker, slot, 1)))
        return true;
    return long_take(worker, slot) || take_from_shards(worker->pool, slot, 1) ||
           take_from_inbox(worker, slot, 1);
}

/* The pool's maximum was lowered: the worker shall park at once, so its ring must be empty. Returns false if it can't be for
 * lack of memory. */
static bool empty_ring(struct worker *worker)
{
    struct slot slot;

    while (ring_pop(&worker->ring, &slot)) {
        if (!shard_push(&worker->pool->shards[0], slot.routine, slot.param)) {
            ring_push(&worker->ring, slot.routine, slot.param);
            return false;
        }
        at_put(&worker->posted, worker->posted - 1);
    }
    return true;
}

bool worker_find(struct worker *worker, struct slot *slot)
{
    if (__builtin_expect(at_load(&worker->pool->excess) == EXCESS_BOUNDS, 0) && empty_ring(worker))
        return false;
    if (take_turn(worker, slot) || ring_pop(&worker->ring, slot))
        return true;
    if (at_load(&worker->pool->excess) && !at_peek(&worker->searching))
        return false; /* park: others are enough */
    return find_shared(worker, slot);
}

/* Only the holder of the token searches, so that at most one processor is spent on it. */
bool worker_search(struct worker *worker, struct slot *slot)
{
    struct wq_pool *pool = worker->pool;
    uint64_t end;

    if (!pool->spin_us || at_load(&pool->excess))
        return false;
    if (!at_peek(&worker->searching) && !wake_take_token(worker))
        return false;
    end = port_clock_us() + pool->spin_us;
    do {
        for (int i = 0; i < 8; i++) {
            port_relax();
            if (at_load(&pool->excess))
                return false;
            if (pool_has_work(pool) && find_shared(worker, slot))
                return true;
        }
    } while (port_clock_us() < end);
    return false;
}
