/*
 * glib.c: GThreadPool. One function per pool is its idiom, so there is a pool per routine: workloads whose
 * items shall share threads have one routine. A pool cannot be given NULL, so parameters travel one higher.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#include <glib.h>

#define POOLS 8

static struct {
    bench_routine routine;
    GThreadPool *pool;
} pools[POOLS];
static GMutex lock;

static void run(gpointer data, gpointer routine)
{
    ((bench_routine)routine)((char *)data - 1);
}

static GThreadPool *pool_of(bench_routine routine)
{
    for (int i = 0; i < POOLS; i++) {
        if (__atomic_load_n(&pools[i].routine, __ATOMIC_ACQUIRE) == routine)
            return pools[i].pool;
    }
    return NULL;
}

static GThreadPool *pool_make(bench_routine routine)
{
    GThreadPool *pool;

    g_mutex_lock(&lock);
    pool = pool_of(routine);
    for (int i = 0; !pool && i < POOLS; i++) {
        if (pools[i].routine)
            continue;
        pool = pools[i].pool = g_thread_pool_new(run, routine, (int)g_get_num_processors(), FALSE, NULL);
        __atomic_store_n(&pools[i].routine, routine, __ATOMIC_RELEASE);
    }
    g_mutex_unlock(&lock);
    return pool;
}

static bool glib_post(bench_routine routine, void *param)
{
    GThreadPool *pool = pool_of(routine);

    if (!pool)
        pool = pool_make(routine);
    return pool && g_thread_pool_push(pool, (char *)param + 1, NULL);
}

const struct bench_engine engine_glib = {
    .name = "glib",
    .traits = BENCH_NEST | BENCH_POST,
    .post = glib_post,
};
