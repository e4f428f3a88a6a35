/*
 * check.c: the harness of the core's native tests; check.h says how it is used.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "check.h"

#define MAX_THREADS 64

static const char *current = "?";
static _Atomic unsigned current_failed;
static bool current_skipped;
static unsigned passed, failed, skipped;

static void print_failure(const char *file, int line, const char *fmt, va_list args)
{
    char text[512];
    const char *name = strrchr(file, '/');

    vsnprintf(text, sizeof(text), fmt, args);
    printf("%s:%d: %s: %s\n", name ? name + 1 : file, line, current, text);
    fflush(stdout);
}

void check_fail(const char *file, int line, const char *fmt, ...)
{
    va_list args;

    if (atomic_fetch_add(&current_failed, 1) >= 20)
        return; /* a loop that fails throughout says nothing new */
    va_start(args, fmt);
    print_failure(file, line, fmt, args);
    va_end(args);
}

_Noreturn void check_give_up(const char *file, int line, const char *fmt, ...)
{
    struct wq_counters c = check_counters();
    va_list args;

    va_start(args, fmt);
    print_failure(file, line, fmt, args);
    va_end(args);
    printf("  core: posted %llu taken %llu run %llu workers %u parked %u threads %u failed %u\n",
           (unsigned long long)c.posted, (unsigned long long)c.taken, (unsigned long long)c.run, c.workers,
           c.workers_parked, c.threads, c.threads_failed);
    printf("%u passed, %u failed, %u skipped\n", passed, failed + 1, skipped);
    fflush(stdout);
    _Exit(1);
}

void check_skip(const char *why)
{
    printf("skip %s: %s\n", current, why);
    current_skipped = true;
}

static unsigned env_number(const char *name, unsigned fallback)
{
    const char *value = getenv(name);

    return value && *value ? (unsigned)strtoul(value, NULL, 10) : fallback;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t check_deadline(void)
{
    return now_ms() + 1000 * (uint64_t)env_number("CHECK_DEADLINE", 30);
}

bool check_late(uint64_t deadline)
{
    struct timespec moment = {0, 100000};

    nanosleep(&moment, NULL);
    return now_ms() >= deadline;
}

unsigned check_scaled(unsigned amount)
{
    unsigned scale = env_number("CHECK_SCALE", 1);

    return amount / scale ? amount / scale : 1;
}

bool wq_stress_no_monitor(void) __attribute__((weak));

bool check_stressed(void)
{
    return wq_stress_no_monitor != NULL;
}

bool check_without_monitor(void)
{
    return check_stressed() && env_number("WQ_STRESS_MONITOR", 1) == 0;
}

struct wq_counters check_counters(void)
{
    struct wq_counters counters;

    wq_counters_read(&counters);
    return counters;
}

static void check_end_of_core(void)
{
    struct wq_counters c;

    wq_fault_set(WQ_FAULT_MEMORY, 0);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    CHECK(wq_shutdown(), "refused outside of the core's threads");
    c = check_counters();
    CHECK(!c.threads && !c.workers && !c.memory && !c.blocks,
          "%u threads, %u workers, %llu bytes, %u blocks after the end", c.threads, c.workers,
          (unsigned long long)c.memory, c.blocks);
}

static void set_or_unset(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

void check_restart(const char *processors, const char *max_workers)
{
    check_end_of_core();
    set_or_unset("WQSHIM_PROCESSORS", processors);
    set_or_unset("WQSHIM_MAX_WORKERS", max_workers);
}

void check_settled(uint64_t run)
{
    struct wq_counters c = check_counters();
    uint64_t end = check_deadline();

    while ((c.posted != c.taken || c.run < run) && !check_late(end))
        c = check_counters();
    CHECK(c.posted == c.taken && c.run == run, "posted %llu, taken %llu, run %llu of %llu",
          (unsigned long long)c.posted, (unsigned long long)c.taken, (unsigned long long)c.run,
          (unsigned long long)run);
}

void check_gate_init(struct check_gate *gate)
{
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->opened, NULL);
    gate->open = false;
}

void check_gate_open(struct check_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->lock);
}

bool check_gate_is_open(struct check_gate *gate)
{
    bool open;

    pthread_mutex_lock(&gate->lock);
    open = gate->open;
    pthread_mutex_unlock(&gate->lock);
    return open;
}

void check_gate_wait(struct check_gate *gate, const char *what)
{
    struct timespec end;
    int error = 0;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += (time_t)env_number("CHECK_DEADLINE", 30);
    pthread_mutex_lock(&gate->lock);
    while (!gate->open && !error)
        error = pthread_cond_timedwait(&gate->opened, &gate->lock, &end);
    error = !gate->open;
    pthread_mutex_unlock(&gate->lock);
    if (error)
        check_give_up(__FILE__, __LINE__, "not within the deadline: %s", what);
}

struct thread {
    pthread_t id;
    void (*fn)(void *arg, unsigned number);
    void *arg;
    unsigned number;
};

static void *thread_main(void *param)
{
    struct thread *thread = param;

    thread->fn(thread->arg, thread->number);
    return NULL;
}

void check_threads(unsigned count, void (*fn)(void *arg, unsigned number), void *arg)
{
    struct thread threads[MAX_THREADS];

    if (count > MAX_THREADS)
        count = MAX_THREADS;
    for (unsigned i = 0; i < count; i++) {
        threads[i] = (struct thread){0, fn, arg, i};
        if (pthread_create(&threads[i].id, NULL, thread_main, &threads[i]))
            check_give_up(__FILE__, __LINE__, "no thread for the test");
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i].id, NULL);
}

void WQ_CALL check_count(void *counter)
{
    atomic_fetch_add((_Atomic unsigned *)counter, 1);
}

static void run_test(const struct check_test *test)
{
    uint64_t begin = now_ms();

    current = test->name;
    current_failed = 0;
    current_skipped = false;
    test->run();
    check_restart(getenv("CHECK_PROCESSORS"), NULL);
    if (current_failed)
        failed++;
    else if (current_skipped)
        skipped++;
    else
        passed++;
    printf("%s %s (%llu ms)\n",
           current_failed    ? "FAIL"
           : current_skipped ? "skip"
                             : "ok",
           test->name, (unsigned long long)(now_ms() - begin));
    fflush(stdout);
}

int check_main(int argc, char **argv, const struct check_test *tests, size_t count)
{
    check_restart(getenv("CHECK_PROCESSORS"), NULL);
    for (size_t i = 0; i < count; i++) {
        if (argc < 2 || strstr(tests[i].name, argv[1]))
            run_test(&tests[i]);
    }
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed != 0;
}
