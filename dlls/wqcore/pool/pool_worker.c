/*
 * pool_worker.c: the life of a worker: find work, run it, look a little longer, park, retire.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

#define WORKER_BATCH      128u /* slots taken from a shard at a time; fits the empty ring */
#define WORKER_TURN_MIN   2u   /* others get a turn before the own ring every so many slots ... */
#define WORKER_TURN_MAX   64u
#define WORKER_TURN_TICKS 50000u /* ... that is about every 20 us */
#define WORKER_RING_TURN  16u /* every so many turns the inbox and the other rings come before the shards */
#define WORKER_SMALL      8u  /* slots: a smaller batch means that the worker keeps up */
#ifndef WORKER_IDLE_US
#define WORKER_IDLE_US 10000000u /* parked for so long, a worker retires */
#endif

static bool ring_has_work(struct worker *worker, void *param)
{
    (void)param;
    return ring_length(&worker->ring) != 0;
}

bool pool_has_work(void)
{
    for (unsigned i = 0; i < pool_default.shard_count; i++) {
        if (shard_has_work(&pool_default.shards[i]))
            return true;
    }
    return at_load(&pool_default.long_queued) || at_load(&pool_default.inbox) ||
           awake_any(ring_has_work, NULL);
}

/* Takes from the shards, the one of this processor first. */
static unsigned take_from_shards(struct slot *batch, unsigned max)
{
    unsigned count = pool_default.shard_count, home = port_cpu() % count;

    for (unsigned i = 0; i < count; i++) {
        unsigned n =
            shard_pop(&pool_default.shards[(home + i) % count], batch, max, 2 * pool_default.processors);

        if (n)
            return n;
    }
    return 0;
}

/* Takes from the inbox; what does not fit goes back. */
static unsigned take_from_inbox(struct worker *worker, struct slot *batch, unsigned max)
{
    struct wq_item *item = at_load(&pool_default.inbox) ? item_stack_take(&pool_default.inbox) : NULL;
    bool rest = false;
    unsigned n = 0;

    while (item) {
        struct wq_item *next = item->link;

        if (n < max) {
            batch[n].routine = item_run;
            batch[n++].param = item;
        } else {
            item_stack_push(&pool_default.inbox, item);
            rest = true;
        }
        item = next;
    }
    at_put(&worker->posted, worker->posted + n); /* nobody counted them on their way in */
    if (rest)                                    /* who looked meanwhile saw nothing */
        pool_attend();
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

    awake_any(steal_from, &theft);
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
    n = take_from_shards(batch, max);
    if (!n)
        return 0;
    if (since)
        linger_judge(&worker->linger, n);
    worker->small_at =
        n < WORKER_SMALL && pool_default.spin_us && linger_due(&worker->linger) ? port_ticks() : 0;
    return n;
}

/* Takes a batch from where others can see it; the first slot is for now, the rest stays stealable in the own
 * ring. */
static bool find_shared(struct worker *worker, struct slot *slot)
{
    struct slot batch[WORKER_BATCH];
    unsigned n;

    if (long_take(worker, slot))
        return true;
    n = take_batch(worker, batch, WORKER_BATCH);
    if (!n)
        n = take_from_inbox(worker, batch, WORKER_BATCH);
    if (!n)
        n = take_from_rings(worker, batch, WORKER_BATCH);
    if (!n)
        return false;
    *slot = batch[0];
    if (n > 1) {
        ring_fill(&worker->ring, batch + 1, n - 1);
        if (!at_peek(&worker->searching)) /* who searches attends when it stops searching */
            pool_attend();
    }
    return true;
}

/* Sets how many slots may run before the next turn: as many as take a certain time, judged by the last ones,
 * so that the others wait neither for 64 long routines nor behind a look that costs more than the routine. */
static void turn_schedule(struct worker *worker)
{
    uint64_t now = port_ticks();
    uint64_t slots = worker->turn_slots * (uint64_t)WORKER_TURN_TICKS / (now - worker->turn_began + 1);

    if (slots < WORKER_TURN_MIN)
        slots = WORKER_TURN_MIN;
    worker->turn_slots = slots < WORKER_TURN_MAX ? (uint32_t)slots : WORKER_TURN_MAX;
    worker->turn_left = worker->turn_slots;
    worker->turn_began = now;
}

/* Gives others a turn before the own ring, which a routine that queues itself may keep filled for ever. */
static bool take_turn(struct worker *worker, struct slot *slot)
{
    if (worker->turn_left && --worker->turn_left)
        return false;
    turn_schedule(worker);
    if (++worker->turn % WORKER_RING_TURN == 0 &&
        (take_from_inbox(worker, slot, 1) || take_from_rings(worker, slot, 1)))
        return true;
    return long_take(worker, slot) || take_from_shards(slot, 1) || take_from_inbox(worker, slot, 1);
}

static bool worker_find(struct worker *worker, struct slot *slot)
{
    if (take_turn(worker, slot) || ring_pop(&worker->ring, slot))
        return true;
    if (at_load(&pool_default.excess) && !at_peek(&worker->searching))
        return false; /* park: others are enough */
    return find_shared(worker, slot);
}

/* Looks for work for a short while before parking: a wake-up costs more than that. Only the holder of the
 * token does, so that at most one processor is spent on it. */
static bool worker_search(struct worker *worker, struct slot *slot)
{
    uint32_t seen = 0;
    uint64_t end;

    if (!pool_default.spin_us || at_load(&pool_default.excess))
        return false;
    if (!at_peek(&worker->searching)) {
        if (at_load(&pool_default.token) || !at_cas(&pool_default.token, &seen, 1))
            return false;
        at_put(&worker->searching, 1);
    }
    end = port_clock_us() + pool_default.spin_us;
    do {
        for (int i = 0; i < 8; i++) {
            port_relax();
            if (pool_has_work() && find_shared(worker, slot))
                return true;
        }
    } while (port_clock_us() < end);
    return false;
}

void worker_returned(struct worker *worker)
{
    if (__builtin_expect(worker->common.cleanups != 0, 0))
        thread_cleanup(&worker->common);
    if (__builtin_expect(at_peek(&worker->blocked) != 0, 0)) {
        worker->blocking_depth = 0;
        worker->runs_long = false;
        census_unblock(worker);
    }
}

static void worker_run(struct worker *worker, struct slot *slot)
{
    if (at_peek(&worker->searching)) {
        at_put(&worker->searching, 0);
        at_publish(&pool_default.token, 0);
        if (pool_has_work())
            pool_attend();
    }
    at_put(&worker->beat, worker->beat + 1);
    slot->routine(slot->param);
    at_put(&worker->beat, worker->beat + 1);
    worker_returned(worker);
}

/* Takes the worker off the idle stack for good. Returns false if somebody is just waking it. */
static bool worker_retire(struct worker *worker)
{
    bool retire;

    port_lock_take(&pool_default.lock);
    retire = worker->parked;
    if (retire) {
        idle_remove(worker);
        at_store(&worker->parked, 0);
    }
    port_lock_drop(&pool_default.lock);
    return retire;
}

/* Parks until woken. Returns false if the worker is to end. */
static bool worker_park(struct worker *worker)
{
    struct wq_pool *pool = &pool_default;
    uint64_t deadline;
    bool token, stopping;

    port_lock_take(&pool->lock);
    token = at_peek(&worker->searching);
    at_put(&worker->searching, 0);
    stopping = pool->stopping;
    idle_add(worker);
    if (stopping)
        idle_remove(worker);
    else
        at_store(&worker->parked, 1);
    census_update();
    port_lock_drop(&pool->lock);

    /* From here on others can see us parked. Whoever queued before that and found nobody to wake relied on
     * our looking once more: the fence orders that look after the parking. */
    if (token)
        at_publish(&pool->token, 0);
    else
        at_fence();
    if (pool_has_work())
        pool_attend();
    if (stopping)
        return false;

    deadline = port_clock_us() + WORKER_IDLE_US;
    while (at_load(&worker->parked)) {
        if (port_park(&worker->parker, deadline))
            continue;
        if (worker_retire(worker))
            return false;
        deadline = PORT_FOREVER;
    }
    return true;
}

/* Hands the structure and the thread over: the structure to the next worker, the thread to whoever ends next.
 */
static void worker_end(struct worker *worker)
{
    struct wq_pool *pool = &pool_default;
    struct port_thread before;
    bool join;

    while (!at_load(&worker->joinable))
        port_wait_word(&worker->joinable, 0);
    port_lock_take(&pool->lock);
    join = pool->have_ended;
    before = pool->ended;
    pool->ended = worker->thread;
    pool->have_ended = true;
    awake_set(worker, false);
    worker->idle_below = pool->retired;
    at_store(&pool->retired, worker);
    pool->count--;
    thread_count(-1);
    census_update();
    port_lock_drop(&pool->lock);
    /* Until now we counted: whoever queued something and was refused a worker relies on this look. */
    if (pool_has_work())
        pool_attend();
    if (join)
        port_thread_join(&before);
}

void worker_main(void *arg)
{
    struct worker *worker = arg;
    struct slot slot;

    port_thread_trim_stack();
    port_parker_init(&worker->parker);
    port_self_set(worker);
    port_context_set(&worker->common);
    life_began(worker);
    do {
        while (worker_find(worker, &slot) || worker_search(worker, &slot))
            worker_run(worker, &slot);
    } while (worker_park(worker));
    worker_end(worker);
}
