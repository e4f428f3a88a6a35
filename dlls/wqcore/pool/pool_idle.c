/*
 * pool_idle.c: which workers are parked, and which have a ring worth looking into.
 *
 * Parked workers form a stack, so that the one that was active last (its stack and caches are warm) is woken
 * first and the ones at the bottom get old enough to retire. The others have a bit each, so that looking for
 * work costs what is awake, not what exists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_idle.h"

void awake_set(struct worker *worker, bool on)
{
    uint64_t bit = 1ull << (worker->id % POOL_AWAKE_BITS);
    uint64_t *word = &worker->pool->awake[worker->id / POOL_AWAKE_BITS];

    at_publish(word, on ? *word | bit : *word & ~bit);
}

bool awake_is(const struct worker *worker)
{
    return worker->pool->awake[worker->id / POOL_AWAKE_BITS] >> worker->id % POOL_AWAKE_BITS & 1;
}

void idle_remove(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;

    if (worker->idle_above)
        worker->idle_above->idle_below = worker->idle_below;
    else
        pool->idle = worker->idle_below;
    if (worker->idle_below)
        worker->idle_below->idle_above = worker->idle_above;
    pool->parked--;
    awake_set(worker, true);
}

void idle_add(struct worker *worker)
{
    struct wq_pool *pool = worker->pool;

    worker->idle_above = NULL;
    worker->idle_below = pool->idle;
    if (pool->idle)
        pool->idle->idle_above = worker;
    pool->idle = worker;
    pool->parked++;
    awake_set(worker, false);
}

bool awake_any(struct wq_pool *pool, bool (*fn)(struct worker *worker, void *param), void *param)
{
    unsigned words = (at_load(&pool->high) + POOL_AWAKE_BITS - 1) / POOL_AWAKE_BITS;

    for (unsigned i = 0; i < words; i++) {
        uint64_t bits = at_load(&pool->awake[i]);

        for (; bits; bits &= bits - 1) {
            unsigned id = i * POOL_AWAKE_BITS + (unsigned)__builtin_ctzll(bits);

            if (fn(at_load(&pool->workers[id]), param))
                return true;
        }
    }
    return false;
}
