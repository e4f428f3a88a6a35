/*
 * check.h: the harness of the core's native tests: named tests, checks that say what they saw, waits with a
 * deadline, gates and threads.
 *
 * A program is a table of named tests. After each one the harness shuts the core down and checks that no
 * thread and no byte is left, so every test is also a test of the end. A wait that runs into its deadline
 * ends the program, because routines may still use what the test has on its stack.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef CHECK_H
#define CHECK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "wqcore.h"

struct check_test {
    const char *name; /* the behaviour that fails if it fails */
    void (*run)(void);
};

#define CHECK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Runs the tests whose name contains argv[1] (all without one). Prints "N passed, N failed, N skipped" as its
 * last line. Returns the exit code. */
int check_main(int argc, char **argv, const struct check_test *tests, size_t count);

/* Counts a failure of the test that runs, with where and what. Any thread. */
void check_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As check_fail, and ends the program: the test cannot go on. */
_Noreturn void check_give_up(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Marks the test that runs as skipped; the test returns after it. */
void check_skip(const char *why);

/* The condition holds now. */
#define CHECK(cond, fmt, ...)                                                                                \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            check_fail(__FILE__, __LINE__, "%s: " fmt, #cond, ##__VA_ARGS__);                                \
    } while (0)

/* The condition comes true before the deadline. */
#define CHECK_WAIT(cond, fmt, ...)                                                                           \
    do {                                                                                                     \
        uint64_t check_end = check_deadline();                                                               \
        while (!(cond)) {                                                                                    \
            if (check_late(check_end))                                                                       \
                check_give_up(__FILE__, __LINE__, "not within the deadline: %s: " fmt, #cond,                \
                              ##__VA_ARGS__);                                                                \
        }                                                                                                    \
    } while (0)

/* A deadline from now, and whether it has passed; when not, lets others run for a moment. */
uint64_t check_deadline(void);
bool check_late(uint64_t deadline);

/* Divides amounts of work: 1, or what CHECK_SCALE says (for builds that run slowly), at least 1. */
unsigned check_scaled(unsigned amount);

/* True if the program runs the core's stress build: its delays inside of routines look like blocking. */
bool check_stressed(void);

/* True if it does so without the monitor: nobody replaces blocked workers. */
bool check_without_monitor(void);

/* Ends the core and starts it anew with that environment; NULL unsets. */
void check_restart(const char *processors, const char *max_workers);

/* Waits until the workers have finished what was queued and `run` routines in all; checks the counters. */
void check_settled(uint64_t run);

struct wq_counters check_counters(void);

/* A gate opens once. */
struct check_gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
};

#define CHECK_GATE                                                                                           \
    {                                                                                                        \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false                                           \
    }

void check_gate_init(struct check_gate *gate);
void check_gate_open(struct check_gate *gate);
bool check_gate_is_open(struct check_gate *gate);
/* Gives up at the deadline; what: for its message. */
void check_gate_wait(struct check_gate *gate, const char *what);

/* Runs fn(arg, 0) ... fn(arg, count - 1) on a thread each, and waits for all. */
void check_threads(unsigned count, void (*fn)(void *arg, unsigned number), void *arg);

/* A counter as a routine's parameter. */
void WQ_CALL check_count(void *counter);

#endif
