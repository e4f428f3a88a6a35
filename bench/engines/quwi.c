/*
 * quwi.c: QueueUserWorkItem of whatever serves this process: our modules, where they are installed for it, or
 * the builtin ones. The program is the same; served() tells who did it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <string.h>
#include <windows.h>

static bool quwi_post(bench_routine routine, void *param)
{
    return QueueUserWorkItem((LPTHREAD_START_ROUTINE)(void *)routine, param, WT_EXECUTEDEFAULT);
}

/* For a batch of items our core's own count is the proof. Other calls are found by whose code they are;
 * "builtin call" says that the front has no such call, not that it failed to serve. */
static const char *quwi_served(void)
{
    uint64_t ran = bench_ran_altogether();

    if (bench_served_told)
        return bench_served_told;
    if (bench_served_api)
        return !strcmp(bench_serves(bench_served_api), "ours") ? "ours"
               : bench_core_loaded()                           ? "builtin call"
                                                               : "builtin";
    if (bench_served_queues) /* the last ones are counted a moment after they have woken us */
        return bench_core_run() + BENCH_TAIL >= ran ? "ours" : "builtin";
    if (!bench_core_posted())
        return "builtin";
    return bench_core_posted() >= ran ? "ours" : "mixed";
}

const struct bench_engine engine_quwi = {
    .name = "quwi",
    .traits = BENCH_NEST | BENCH_GROWS | BENCH_POST | BENCH_WIN32 | BENCH_KERNEL,
    .post = quwi_post,
    .served = quwi_served,
};
