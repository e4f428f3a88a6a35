/*
 * result.c: the parameters of a run, and what the workloads print.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "main.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const *params;
static int param_count;
static char label[256]; /* the parameters that name the case */

/* The budget and the deadline say how to measure, not what. */
void bench_params_set(int count, const char *const *list)
{
    params = list;
    param_count = count;
    for (int i = 0; i < count; i++) {
        if (!strncmp(list[i], "budget=", 7) || !strncmp(list[i], "deadline=", 9))
            continue;
        if (strlen(label) + strlen(list[i]) + 2 > sizeof(label))
            bench_die("too many parameters");
        if (*label)
            strcat(label, " ");
        strcat(label, list[i]);
    }
}

uint64_t bench_param(const char *name, uint64_t preset)
{
    size_t length = strlen(name);

    for (int i = 0; i < param_count; i++) {
        if (!strncmp(params[i], name, length) && params[i][length] == '=')
            return strtoull(params[i] + length + 1, NULL, 10);
    }
    return preset;
}

double bench_budget_ns(void)
{
    return (double)bench_param("budget", 200) * 1e6;
}

void bench_result(const char *metric, double value, const char *unit)
{
    printf("result\t%s\t%s\t%s\t%s\t%.6g\t%s\n", bench_workload->name, bench_engine->name,
           *label ? label : "-", metric, value, unit);
    fflush(stdout);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void bench_percentiles(const char *name, double *samples_ns, size_t count)
{
    static const struct {
        const char *name;
        double part;
    } points[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}};
    char metric[64];

    if (!count)
        return;
    qsort(samples_ns, count, sizeof(*samples_ns), compare);
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        snprintf(metric, sizeof(metric), "%s_%s", name, points[i].name);
        bench_result(metric, samples_ns[(size_t)((double)(count - 1) * points[i].part)] / 1e3, "us");
    }
}

/* Ends the process at once: pools may still be busy with what failed. */
static void leave(int status, const char *kind, const char *format, va_list args)
{
    printf("%s\t%s\t%s\t%s\t", kind, bench_workload ? bench_workload->name : "-",
           bench_engine ? bench_engine->name : "-", *label ? label : "-");
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    _Exit(status);
}

void bench_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    leave(BENCH_STATUS_WRONG, "error", format, args);
    va_end(args);
    abort();
}

void bench_skip(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    leave(BENCH_STATUS_SKIP, "skip", format, args);
    va_end(args);
    abort();
}

void *bench_memory(uint64_t count, size_t size)
{
    void *block = count <= SIZE_MAX / size ? calloc(count ? (size_t)count : 1, size) : NULL;

    if (!block)
        bench_die("no memory for %.0f bytes", (double)count * (double)size);
    return block;
}

uint64_t bench_next(uint64_t n, double took_ns, uint64_t most)
{
    double factor = 1.2 * bench_budget_ns() / (took_ns > 1 ? took_ns : 1);

    if (took_ns >= bench_budget_ns() || n >= most)
        return n;
    if (factor < 1.5)
        factor = 1.5;
    if (factor > 8)
        factor = 8;
    n = (uint64_t)((double)n * factor) + 1;
    return n < most ? n : most;
}

#define COST_PASSES 200u

void bench_cost(uint64_t items, double (*measure)(uint64_t items))
{
    double took = measure(items);
    unsigned passes = 1;

    if (took < bench_budget_ns()) {
        took = 0;
        for (passes = 0; took < bench_budget_ns() && passes < COST_PASSES; passes++)
            took += measure(items);
    }
    bench_result("cost", took / passes / (double)items, "ns/item");
}

void bench_work(uint64_t rounds)
{
    uint64_t x = rounds | 1;

    while (rounds--) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    __asm__ volatile("" : : "g"(&x) : "memory"); /* somebody might want it: it is not left out */
}

/* The quickest of many tries: the one that nobody interrupted. */
uint64_t bench_work_rounds(double ns)
{
    double best = 1e18;

    for (int i = 0; i < 200; i++) {
        uint64_t start = bench_ticks();
        double took;

        bench_work(20000);
        took = bench_ns(bench_ticks() - start);
        if (took < best)
            best = took;
    }
    return (uint64_t)(ns * 20000 / best) + 1;
}
