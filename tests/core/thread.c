/*
 * thread.c: how many threads there are: none to be had, computing routines, the maximum, and the persistent
 * thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

static _Atomic unsigned done;

static void post_count(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        CHECK(wq_post(check_count, &done), "refused");
}

/* ---- no threads ---- */

static void no_first_thread(void)
{
    struct wq_counters c;

    done = 0;
    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    post_count(10);
    c = check_counters();
    CHECK(c.threads == 0 && c.threads_failed > 0, "%u threads, %u failed", c.threads, c.threads_failed);
    CHECK(done == 0, "%u ran", done);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    post_count(1);
    CHECK_WAIT(done == 11, "%u of 11 ran", done);
    check_settled(11);
}

/* A refused start is not the last try while something waits and the monitor lives. */
static void threads_come_and_go(void)
{
    done = 0;
    for (unsigned i = 0; i < 200; i++) {
        wq_fault_set(WQ_FAULT_THREAD, i % 5);
        post_count(1);
        if (i % 7 == 0)
            check_restart(getenv("CHECK_PROCESSORS"), NULL); /* runs what is queued */
    }
    wq_fault_set(WQ_FAULT_THREAD, 0);
    post_count(1);
    CHECK_WAIT(done == 201, "%u of 201 ran", done);
}

static void no_persistent_thread(void)
{
    done = 0;
    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    for (unsigned i = 0; i < 5; i++)
        CHECK(wq_post_persistent(check_count, &done), "refused");
    CHECK(done == 0 && check_counters().threads == 0, "%u ran", done);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    CHECK(wq_post_persistent(check_count, &done), "refused");
    CHECK_WAIT(done == 6, "%u of 6 ran", done);
}

/* ---- computing routines ---- */

static void WQ_CALL compute_a_little_run(void *param)
{
    (void)param;
    for (volatile unsigned i = 0; i < 1000000; i++) {}
    done++;
}

static void computing_burst(void)
{
    unsigned count = check_scaled(400);
    struct wq_counters c;

    done = 0;
    for (unsigned i = 0; i < count; i++)
        CHECK(wq_post(compute_a_little_run, NULL), "refused");
    CHECK_WAIT(done == count, "%u of %u done", done, count);
    c = check_counters();
    CHECK(c.workers_peak <= 4 * c.processors + 8, "%u workers for %u processors", c.workers_peak,
          c.processors);
}

/* ---- the maximum ---- */

static _Atomic unsigned running, running_most;
static struct check_gate release;

static void WQ_CALL occupy_run(void *param)
{
    unsigned now = ++running, most = running_most;

    (void)param;
    while (now > most && !atomic_compare_exchange_weak(&running_most, &most, now)) {}
    wq_blocking_begin();
    check_gate_wait(&release, "the test lets its workers go");
    wq_blocking_end();
    running--;
    done++;
}

static void maximum_is_kept(void)
{
    check_restart(getenv("CHECK_PROCESSORS"), "3");
    check_gate_init(&release);
    done = running = running_most = 0;
    for (unsigned i = 0; i < 20; i++)
        CHECK(wq_post(occupy_run, NULL), "refused");
    CHECK_WAIT(running == 3, "%u of 3 workers", running);
    CHECK(check_counters().workers == 3, "%u workers", check_counters().workers);
    wq_raise_max_workers(2);
    CHECK(check_counters().max_workers == 3, "lowered to %u", check_counters().max_workers);
    wq_raise_max_workers(5);
    post_count(1); /* without the monitor a submission has to notice */
    CHECK_WAIT(running == 5, "%u of 5 workers", running);
    check_gate_open(&release);
    CHECK_WAIT(done == 21, "%u of 21 ran", done);
    CHECK(running_most == 5, "%u ran at a time, 5 allowed", running_most);
    CHECK(check_counters().workers_peak <= 5, "%u workers, 5 allowed", check_counters().workers_peak);
}

/* ---- the persistent thread ---- */

struct step {
    unsigned number;
};

static struct step steps[5000];
static _Atomic unsigned step_next;
static pthread_t step_thread;

static void WQ_CALL step_run(void *param)
{
    struct step *step = param;

    CHECK(step->number == step_next, "routine %u ran when it was %u's turn", step->number, step_next);
    if (!step_next)
        step_thread = pthread_self();
    CHECK(pthread_equal(step_thread, pthread_self()), "routine %u ran on another thread", step->number);
    if (step->number == 100)
        CHECK(!wq_shutdown(), "accepted on the persistent thread");
    step_next++;
}

static void persistent_order(void)
{
    step_next = 0;
    for (unsigned i = 0; i < CHECK_COUNT(steps); i++) {
        steps[i].number = i;
        CHECK(wq_post_persistent(step_run, &steps[i]), "refused");
    }
    CHECK_WAIT(step_next == CHECK_COUNT(steps), "%u ran", step_next);
    CHECK_WAIT(check_counters().threads == 1, "%u threads for the persistent one", check_counters().threads);
    CHECK_WAIT(check_counters().persistent_run == CHECK_COUNT(steps), "%llu counted",
               (unsigned long long)check_counters().persistent_run);
}

static const struct check_test tests[] = {
    {"no first thread: calls wait for the next submission", no_first_thread},
    {"threads come and go", threads_come_and_go},
    {"no persistent thread: calls wait for the next submission", no_persistent_thread},
    {"a burst of computing routines needs few threads", computing_burst},
    {"the maximum of workers is kept and can be raised", maximum_is_kept},
    {"the persistent thread is one and runs in order", persistent_order},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
