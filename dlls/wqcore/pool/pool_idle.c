/*
 * pool_idle.c: which workers are parked, and which have a ring worth looking into.
 *
 * Parked workers form a stack, so that the one that was active last (its stack and caches are warm) is woken
 * first and the ones at the bottom get old enough to retire. The others have a bit each, so that looking for
 * work costs what is awake, not what exists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

void awake_set(struct worker *worker, bool on)
{
    uint64_t bit = 1ull << (worker->id % POOL_AWAKE_BITS);
    uint64_t *word = &pool_default.awake[worker->id / POOL_AWAKE_BITS];

    at_publish(word, on ? *word | bit : *word & ~bit);
}

void idle_remove(struct worker *worker)
{
    struct wq_pool *pool = &pool_default;

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
    struct wq_pool *pool = &pool_default;

    census_count_in(worker); /* the monitor may have been just too late */
    worker->idle_above = NULL;
    worker->idle_below = pool->idle;
    if (pool->idle)
        pool->idle->idle_above = worker;
    pool->idle = worker;
    pool->parked++;
    awake_set(worker, false);
}

bool awake_any(bool (*fn)(struct worker *worker, void *param), void *param)
{
    unsigned words = (at_load(&pool_default.high) + POOL_AWAKE_BITS - 1) / POOL_AWAKE_BITS;

    for (unsigned i = 0; i < words; i++) {
        uint64_t bits = at_load(&pool_default.awake[i]);

        for (; bits; bits &= bits - 1) {
            unsigned id = i * POOL_AWAKE_BITS + (unsigned)__builtin_ctzll(bits);

            if (fn(at_load(&pool_default.workers[id]), param))
                return true;
        }
    }
    return false;
}
