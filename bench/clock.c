/*
 * clock.c: turns ticks into nanoseconds. The scale is found when it is first needed, from the time that has
 * passed since the program began, so that starting up costs nothing; at the end it is checked over the whole
 * run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "main.h"

#define CALIBRATION_NS 20000000u
#define TRIES          16
#define TOLERANCE      0.01

struct moment {
    uint64_t ticks, ns;
};

static struct moment begun;
static double ns_per_tick;

/* Both clocks at the same time: of some tries the one that took least, so that no interruption lies between.
 */
static struct moment read_both(void)
{
    struct moment best = {0};
    uint64_t least = UINT64_MAX;

    for (int i = 0; i < TRIES; i++) {
        uint64_t before = bench_ticks(), ns = bench_clock_ns(), took = bench_ticks() - before;

        if (took >= least)
            continue;
        least = took;
        best = (struct moment){before + took / 2, ns};
    }
    return best;
}

static double scale_until(struct moment now)
{
    return (double)(now.ns - begun.ns) / (double)(now.ticks - begun.ticks);
}

void bench_clock_start(void)
{
    begun = read_both();
}

double bench_ns(uint64_t ticks)
{
    if (ns_per_tick == 0) {
        while (bench_clock_ns() - begun.ns < CALIBRATION_NS)
            bench_sleep_us(1000);
        ns_per_tick = scale_until(read_both());
    }
    return (double)ticks * ns_per_tick;
}

void bench_clock_check(void)
{
    double whole = scale_until(read_both()), off = ns_per_tick / whole - 1;

    if (ns_per_tick != 0 && (off > TOLERANCE || off < -TOLERANCE))
        bench_die("the clocks disagree by %.1f %%", off * 100);
}
