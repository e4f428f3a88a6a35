/*
 * hunt.c: runs in processes of their own, because a failed run leaves a ruined core behind; shrinking.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hunt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"
#include "trace.h"

#define RUN_SECONDS  20u /* one run that takes longer hangs outside of the scheduler's sight */
#define SHRINK_TRIES 3000u

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void share(void)
{
    if (run_shared)
        return;
    run_shared = mmap(NULL, sizeof(*run_shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (run_shared == MAP_FAILED)
        abort();
    choose_taken = &run_shared->schedule;
}

static void on_signal(int number)
{
    model_fail("signal", number, "the run crashed or hangs");
}

/* On a stack of its own: a model thread's may be what is broken. */
static void catch_signals(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM};
    static char stack[65536];
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        sigaction(numbers[i], &action, NULL);
}

/* In the child: runs one schedule after the other. */
_Noreturn static void run_all(const struct model_scenario *scenario, const struct choose_settings *settings,
                              const struct hunt_limits *limits)
{
    uint64_t end = clock_ms() + limits->seconds * 1000ull;

    catch_signals();
    for (;;) {
        alarm(RUN_SECONDS);
        choose_begin(settings, run_shared->runs);
        run_once(scenario);
        run_shared->runs++;
        run_shared->all = !choose_end();
        if (run_shared->all || run_shared->runs == limits->runs)
            _exit(0);
        if (limits->seconds && run_shared->runs % 16 == 0 && clock_ms() >= end)
            _exit(0);
    }
}

/* Returns true if no run failed. */
static bool in_child(const struct model_scenario *scenario, const struct choose_settings *settings,
                     const struct hunt_limits *limits)
{
    int status;
    pid_t child;

    run_shared->failure[0] = 0;
    run_shared->runs = 0;
    run_shared->all = false;
    fflush(NULL);
    child = fork();
    if (!child)
        run_all(scenario, settings, limits);
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool replay(const struct model_scenario *scenario, const struct choose_schedule *schedule)
{
    const struct choose_settings settings = {.mode = CHOOSE_REPLAY};
    const struct hunt_limits once = {.runs = 1};

    choose_set_replay(schedule);
    return in_child(scenario, &settings, &once);
}

/* Two failures are the same if they were noticed at the same place. */
static bool same_failure(const char *a, const char *b)
{
    const char *end = strstr(a, ": ");
    size_t n = end ? (size_t)(end - a) : strlen(a);

    return !strncmp(a, b, n) && (!b[n] || b[n] == ':');
}

static void leave_out(struct choose_schedule *to, const struct choose_schedule *from, uint32_t first,
                      uint32_t n)
{
    to->count = 0;
    for (uint32_t i = 0; i < from->count; i++)
        if (i < first || i >= first + n)
            to->deviations[to->count++] = from->deviations[i];
}

/* Leaves out what the failure does not need: halves first, then ever smaller parts. */
static void shrink(const struct model_scenario *scenario, struct choose_schedule *schedule,
                   const char *failure)
{
    static struct choose_schedule fewer;
    unsigned tries = 0;

    for (uint32_t n = schedule->count / 2 ? schedule->count / 2 : 1; n; n /= 2) {
        for (uint32_t first = 0; first < schedule->count && tries < SHRINK_TRIES;) {
            leave_out(&fewer, schedule, first, n);
            tries++;
            if (!replay(scenario, &fewer) && same_failure(failure, run_shared->failure))
                *schedule = fewer;
            else
                first += n;
        }
    }
}

static void print_schedule(const struct choose_schedule *schedule)
{
    fprintf(stderr, "schedule ");
    for (uint32_t i = 0; i < schedule->count; i++)
        fprintf(stderr, "%s%u:%u", i ? "," : "", schedule->deviations[i].at, schedule->deviations[i].taken);
    fprintf(stderr, "%s\n", schedule->count ? "" : "-");
}

static void explain(const struct model_scenario *scenario)
{
    static struct choose_schedule schedule;
    char failure[sizeof(run_shared->failure)];

    schedule = run_shared->schedule;
    strcpy(failure, run_shared->failure);
    fprintf(stderr, "%s: run %llu failed: %s\n", scenario->name, (unsigned long long)run_shared->runs,
            failure);
    if (replay(scenario, &schedule)) {
        fprintf(stderr, "  and did not fail when run again\n");
        return;
    }
    shrink(scenario, &schedule, failure);
    trace_on = true;
    replay(scenario, &schedule);
    trace_on = false;
    print_schedule(&schedule);
}

bool hunt(const struct model_scenario *scenario, const struct choose_settings *settings,
          const struct hunt_limits *limits)
{
    static const char *const modes[] = {"random", "priority", "bounded"};
    uint64_t began = clock_ms();
    bool good;

    share();
    good = in_child(scenario, settings, limits);
    printf("%-12s %-8s %8llu schedules%s, %.1f s%s\n", scenario->name, modes[settings->mode],
           (unsigned long long)run_shared->runs, run_shared->all ? ", all there are" : "",
           (double)(clock_ms() - began) / 1000, good ? "" : ": FAILED");
    if (!good)
        explain(scenario);
    return good;
}

bool hunt_replay(const struct model_scenario *scenario, const char *text)
{
    static struct choose_schedule schedule;
    unsigned at, taken;
    int n;
    bool good;

    share();
    for (; sscanf(text, "%u:%u%n", &at, &taken, &n) == 2; text += n + (text[n] == ',')) {
        if (schedule.count < CHOOSE_MAX_DEVIATIONS)
            schedule.deviations[schedule.count++] = (struct choose_deviation){at, taken};
    }
    trace_on = true;
    good = replay(scenario, &schedule);
    fprintf(stderr, "%s\n", good ? "no failure" : run_shared->failure);
    return good;
}
