/*
 * tbb.cpp: oneTBB twice. "tbb" is task_arena::enqueue, its queue for tasks that nobody waits for; "tbb_group"
 * is task_group, which is made for fan-out and runs tasks in last-in-first-out order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

static tbb::task_arena *arena;
static tbb::task_group *group;

/* The main thread blocks outside of TBB, so workers may use all processors. */
static bool tbb_start(void)
{
    int processors = (int)bench_processors();

    new tbb::global_control(tbb::global_control::max_allowed_parallelism, (size_t)processors + 1);
    arena = new tbb::task_arena(processors, 0);
    arena->initialize();
    group = new tbb::task_group;
    return true;
}

static bool tbb_post(bench_routine routine, void *param)
{
    arena->enqueue([=] { routine(param); });
    return true;
}

static thread_local bool inside; /* this thread runs tasks of the group */

static void group_run(bench_routine routine, void *param)
{
    group->run([=] {
        inside = true;
        routine(param);
    });
}

static bool group_post(bench_routine routine, void *param)
{
    if (inside)
        group_run(routine, param);
    else
        arena->execute([=] { group_run(routine, param); });
    return true;
}

static const struct bench_engine make(const char *name, unsigned traits, bool (*post)(bench_routine, void *))
{
    struct bench_engine engine = {};

    engine.name = name;
    engine.traits = traits;
    engine.start = tbb_start;
    engine.post = post;
    return engine;
}

extern "C" {
extern const struct bench_engine engine_tbb, engine_tbb_group;
const struct bench_engine engine_tbb = make("tbb", BENCH_NEST | BENCH_POST, tbb_post);
const struct bench_engine engine_tbb_group = make("tbb_group", BENCH_NEST | BENCH_FAN, group_post);
}
