/*
 * run.c: one run, and what scenarios call.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "stores.h"
#include "model_port.h"
#include "sched.h"
#include "trace.h"

struct run_shared *run_shared;
unsigned model_idle_us;
bool model_monitor;

void wq_stress_point(void);
bool wq_stress_no_monitor(void);

void wq_stress_point(void)
{
    sched_point(MODEL_PLACE("point"));
}

bool wq_stress_no_monitor(void)
{
    return !model_monitor;
}

void model_fail(const char *file, int line, const char *fmt, ...)
{
    char *text = run_shared->failure;
    size_t size = sizeof(run_shared->failure);
    int n = snprintf(text, size, "%s:%d: ", file, line);
    va_list args;

    va_start(args, fmt);
    vsnprintf(text + n, size - (size_t)n, fmt, args);
    va_end(args);
    if (trace_on)
        trace_print();
    _exit(RUN_FAILED);
}

/* ---- for scenarios ---- */

int model_spawn(void (*fn)(void *param), void *param)
{
    int thread = sched_spawn(fn, param, false);

    MODEL_CHECK(thread >= 0, "too many threads");
    return thread;
}

void model_add(struct model_tally *tally, unsigned n)
{
    sched_point(MODEL_PLACE("tally"));
    tally->count += n;
}

void WQ_CALL model_count(void *tally)
{
    model_add(tally, 1);
}

struct await {
    struct model_tally *tally;
    unsigned count;
};

static bool has_come(void *param)
{
    const struct await *await = param;

    return await->tally->count >= await->count;
}

void model_await_(struct model_tally *tally, unsigned count, uint64_t limit_us, const char *file, int line)
{
    struct await await = {tally, count};

    if (!has_come(&await) && !sched_block(has_come, &await, sched_now + limit_us, "awaits"))
        model_fail(file, line, "%u of %u within %llu us", tally->count, count, (unsigned long long)limit_us);
}

void model_point(void)
{
    sched_point(MODEL_PLACE("point"));
}

void model_sleep(unsigned most_us)
{
    unsigned us = most_us * choose(CHOOSE_TIME, NULL, 3) / 2;

    if (us)
        sched_block(NULL, NULL, sched_now + us, "sleeps");
}

/* ---- the run ---- */

static void first_thread(void *param)
{
    const struct model_scenario *scenario = param;
    struct wq_counters counters;

    scenario->run();
    sched_calm = true;
    stores_drain(sched_me);
    MODEL_CHECK(wq_shutdown(), "refused");
    wq_counters_read(&counters);
    MODEL_CHECK(!counters.threads, "%u threads are left", counters.threads);
    MODEL_CHECK(!counters.memory, "%llu bytes are left", (unsigned long long)counters.memory);
    MODEL_CHECK(!counters.blocks, "%u blocks are left", counters.blocks);
}

void run_once(const struct model_scenario *scenario)
{
    model_idle_us = scenario->idle_us ? scenario->idle_us : 20000000;
    model_monitor = scenario->monitor;
    model_port_reset();
    stores_reset();
    sched_run(first_thread, (void *)(uintptr_t)scenario);
}
