/*
 * main.c: the model's command line.
 *
 * usage: model [--mode random|priority|bounded] [--runs N] [--seconds N] [--seed N] [--depth N] [--switch N] [--sc]
 *              [--replay SCHEDULE] [SCENARIO...]
 *
 *   --mode     who decides (all three in turn without it): chance; priorities that change --depth times; all schedules with at
 *              most --depth deviations from the plain one
 *   --runs     schedules of each mode and scenario; 0 = no limit
 *   --seconds  of each mode and scenario; 0 = no limit
 *   --switch   chance: one of so many places preempts
 *   --sc       stores are seen at once by all (sequential consistency); else as x86 lets them be seen
 *   --replay   the schedule of a failure, as it was printed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hunt.h"
#include "stores.h"

enum { MODE_ALL = -1 };

struct options {
    int mode;
    struct choose_settings settings;
    bool has_depth;
    struct hunt_limits limits;
    const char *replay;
};

static int mode_number(const char *name)
{
    static const char *const names[] = {"random", "priority", "bounded"};

    for (int i = 0; i < 3; i++)
        if (!strcmp(name, names[i]))
            return i;
    fprintf(stderr, "model: there is no mode %s\n", name);
    exit(2);
}

static struct options read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"mode", 1, NULL, 'm'},   {"runs", 1, NULL, 'r'},   {"seconds", 1, NULL, 's'},
        {"seed", 1, NULL, 'e'},   {"depth", 1, NULL, 'd'},  {"sc", 0, NULL, 'c'},
        {"replay", 1, NULL, 'p'}, {"switch", 1, NULL, 'w'}, {NULL, 0, NULL, 0},
    };
    struct options options = {.mode = MODE_ALL, .settings = {.seed = 1, .switch_in = 20}, .limits = {0, 2}};
    int option;

    stores_tso = true;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        unsigned long long number = optarg ? strtoull(optarg, NULL, 10) : 0;

        switch (option) {
        case 'm':
            options.mode = mode_number(optarg);
            break;
        case 'r':
            options.limits.runs = number;
            break;
        case 's':
            options.limits.seconds = (uint32_t)number;
            break;
        case 'e':
            options.settings.seed = number;
            break;
        case 'd':
            options.settings.depth = (unsigned)number;
            options.has_depth = true;
            break;
        case 'w':
            options.settings.switch_in = number ? (unsigned)number : 1;
            break;
        case 'c':
            stores_tso = false;
            break;
        case 'p':
            options.replay = optarg;
            break;
        default:
            exit(2);
        }
    }
    return options;
}

static bool run_scenario(const struct model_scenario *scenario, const struct options *options)
{
    bool good = true;

    if (options->replay)
        return hunt_replay(scenario, options->replay);
    for (int mode = CHOOSE_RANDOM; mode <= CHOOSE_BOUNDED && good; mode++) {
        struct choose_settings settings = options->settings;

        if (options->mode != MODE_ALL && options->mode != mode)
            continue;
        settings.mode = (enum choose_mode)mode;
        if (!options->has_depth)
            settings.depth = mode == CHOOSE_BOUNDED ? 1 : 3;
        good = hunt(scenario, &settings, &options->limits);
    }
    return good;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = optind; i < argc; i++)
        if (!strcmp(name, argv[i]))
            return true;
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    unsigned run = 0, failed = 0;

    for (const struct model_scenario *scenario = model_scenarios; scenario->name; scenario++) {
        if (!is_wanted(scenario->name, argc, argv))
            continue;
        run++;
        failed += !run_scenario(scenario, &options);
    }
    if (!run)
        fprintf(stderr, "model: there is no such scenario\n");
    return !run ? 2 : failed ? 1 : 0;
}
