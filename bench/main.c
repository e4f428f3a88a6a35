/*
 * main.c: runs one workload on one engine, "wqbench ENGINE WORKLOAD [parameter=value]...", or lists what
 * there is, "wqbench --list". One pair per process, so that no pool inherits threads or memory from another
 * run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bench_engine *bench_engine;
const struct bench_workload *bench_workload;

static bool fits(const struct bench_engine *engine, const struct bench_workload *workload)
{
    if ((engine->traits & BENCH_FAN) && !(workload->needs & BENCH_FAN))
        return false;
    return !((workload->needs & ~BENCH_FAN) & ~engine->traits);
}

static void list_growth(const struct bench_workload *workload)
{
    for (const struct bench_growth *g = workload->growth; g && g->axis; g++)
        printf("growth\t%s\t%s\t%s\t%s\t%s\t%s\n", workload->name, g->axis, g->values,
               *g->fixed ? g->fixed : "-", g->metric, g->unit);
}

/* The driver learns from this what to run; it knows no workload by name. */
static void list(void)
{
    for (size_t w = 0; bench_workloads[w]; w++) {
        const struct bench_workload *workload = bench_workloads[w];

        printf("workload\t%s\t%s\n", workload->name, workload->what);
        for (size_t i = 0; workload->cases[i]; i++)
            printf("case\t%s\t%s\n", workload->name, *workload->cases[i] ? workload->cases[i] : "-");
        list_growth(workload);
        if (workload->needs & BENCH_KERNEL)
            printf("kernel\t%s\n", workload->name);
        for (size_t e = 0; bench_engines[e]; e++) {
            if (fits(bench_engines[e], workload))
                printf("fit\t%s\t%s\n", workload->name, bench_engines[e]->name);
        }
    }
}

static void find(const char *engine, const char *workload)
{
    for (size_t i = 0; bench_engines[i]; i++) {
        if (!strcmp(bench_engines[i]->name, engine))
            bench_engine = bench_engines[i];
    }
    for (size_t i = 0; bench_workloads[i]; i++) {
        if (!strcmp(bench_workloads[i]->name, workload))
            bench_workload = bench_workloads[i];
    }
    if (!bench_engine || !bench_workload)
        bench_die("no engine %s or no workload %s", engine, workload);
    if (!fits(bench_engine, bench_workload))
        bench_skip("%s cannot do this", engine);
}

int main(int argc, char **argv)
{
    bench_clock_start();
    if (argc == 2 && !strcmp(argv[1], "--list")) {
        list();
        return 0;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: wqbench --list | wqbench ENGINE WORKLOAD [parameter=value]...\n");
        return 2;
    }
    bench_params_set(argc - 3, (const char *const *)argv + 3);
    find(argv[1], argv[2]);
    if (bench_engine->start && !bench_engine->start())
        bench_die("the engine does not start");
    bench_workload->run();
    bench_batch_begin(0); /* checks that nothing ran twice since */
    bench_clock_check();
    if (bench_engine->served)
        printf("served\t%s\n", bench_engine->served());
    fflush(stdout);
    _Exit(0); /* peers' threads may still run: not through their destructors */
}
