/*
 * slow_start.c: threads that are slow to come to life, as under a held loader lock or on a busy machine. They hold up nothing
 * that others could do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

/* The linker gives us the core's calls of pthread_create (--wrap). */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *param);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *param);

static _Atomic bool hold_threads; /* threads that are made now do not run before `release` opens */
static _Atomic unsigned held;
static struct check_gate release;

struct held_thread {
    void *(*fn)(void *);
    void *param;
};

static void *held_main(void *param)
{
    struct held_thread thread = *(struct held_thread *)param;

    free(param);
    held++;
    check_gate_wait(&release, "the test lets the thread go");
    return thread.fn(thread.param);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *param)
{
    struct held_thread *late;

    if (!hold_threads)
        return __real_pthread_create(thread, attributes, fn, param);
    late = malloc(sizeof(*late));
    *late = (struct held_thread){fn, param};
    return __real_pthread_create(thread, attributes, held_main, late);
}

static _Atomic unsigned done, inside;
static struct check_gate let_go;

static void WQ_CALL stay_run(void *param)
{
    (void)param;
    inside++;
    check_gate_wait(&let_go, "the test lets the routine go");
    done++;
}

static bool begin(void)
{
    if (check_stressed()) {
        check_skip("its parked workers retire at once");
        return false;
    }
    check_restart("2", NULL);
    check_gate_init(&release);
    check_gate_init(&let_go);
    done = inside = held = 0;
    CHECK(wq_post(stay_run, NULL), "refused");
    CHECK_WAIT(inside == 1, "not run");
    return true;
}

/* The others go on while the held thread is on its way. */
static void end(unsigned run)
{
    hold_threads = false;
    check_gate_open(&release);
    check_settled(run);
}

/* A second thread is on its way for an item that the first worker then runs itself. When that one is parked it is woken. */
static void parked_worker_is_woken(void)
{
    if (!begin())
        return;
    hold_threads = true;
    CHECK(wq_post(check_count, &done), "refused");
    CHECK_WAIT(held >= 1, "no thread was made");
    check_gate_open(&let_go);
    CHECK_WAIT(done == 2, "%u of 2 ran", done);
    for (unsigned i = 3; i < 50; i++) {
        CHECK_WAIT(check_counters().workers_parked == 1, "%u parked", check_counters().workers_parked);
        CHECK(wq_post(check_count, &done), "refused");
        CHECK_WAIT(done == i, "%u of %u ran while a thread is on its way", done, i);
    }
    end(49);
}

/* Nobody is parked: the worker that runs finds what was queued meanwhile. */
static void running_worker_looks(void)
{
    if (!begin())
        return;
    hold_threads = true;
    for (unsigned i = 0; i < 100; i++)
        CHECK(wq_post(check_count, &done), "refused");
    CHECK_WAIT(held >= 1, "no thread was made");
    check_gate_open(&let_go);
    CHECK_WAIT(done == 101, "%u of 101 ran", done);
    end(101);
}

/* The start of a thread is refused while the token waits for it: it is free again. */
static void refused_thread_leaves_the_token(void)
{
    if (!begin())
        return;
    wq_fault_set(WQ_FAULT_THREAD, 1);
    CHECK(wq_post(check_count, &done), "refused");
    CHECK_WAIT(done == 1, "the item waits for a thread that was refused");
    check_gate_open(&let_go);
    CHECK_WAIT(done == 2, "%u of 2 ran", done);
    for (unsigned i = 3; i < 50; i++) {
        CHECK(wq_post(check_count, &done), "refused");
        CHECK_WAIT(done == i, "%u of %u ran", done, i);
    }
    end(49);
}

static const struct check_test tests[] = {
    {"a parked worker is woken while a thread is on its way", parked_worker_is_woken},
    {"a running worker looks while a thread is on its way", running_worker_looks},
    {"a thread that was refused leaves the token", refused_thread_leaves_the_token},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
