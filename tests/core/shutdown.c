/*
 * shutdown.c: the end of the core: everything queued runs first, nothing is left, and it can start again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <unistd.h>

#include "check.h"

static _Atomic unsigned done;

static void nothing_left(const char *when)
{
    struct wq_counters c = check_counters();

    CHECK(!c.threads && !c.workers && !c.memory && !c.posted && !c.threads_peak && !c.persistent_run,
          "%s: %u threads, %u workers, %llu bytes, %llu posted, peak %u", when, c.threads, c.workers,
          (unsigned long long)c.memory, (unsigned long long)c.posted, c.threads_peak);
}

static void never_used(void)
{
    CHECK(wq_shutdown() && wq_shutdown(), "refused");
    nothing_left("never used");
}

static void only_persistent(void)
{
    done = 0;
    CHECK(wq_post_persistent(check_count, &done), "refused");
    CHECK(wq_shutdown(), "refused");
    CHECK(done == 1, "%u ran", done);
    nothing_left("only the persistent thread used");
}

static void again_and_again(void)
{
    unsigned rounds = check_scaled(300);

    for (unsigned i = 0; i < rounds; i++) {
        unsigned count = 1 + i * 7 % 1000;

        done = 0;
        for (unsigned n = 0; n < count; n++)
            CHECK(wq_post(check_count, &done), "refused");
        if (i % 3 == 0)
            CHECK(wq_post_persistent(check_count, &done) && ++count, "refused");
        CHECK(wq_shutdown(), "refused");
        CHECK(done == count, "%u of %u ran before the end of round %u", done, count, i);
        nothing_left("again");
    }
}

/* A routine queues, the end comes, the next one queues again ... from the pool to the persistent thread and
 * back. */
static void WQ_CALL bounce_to_pool_run(void *param);

static void WQ_CALL bounce_to_persistent_run(void *param)
{
    uintptr_t left = (uintptr_t)param;

    usleep(100); /* long enough for the end to come in between */
    done++;
    if (left)
        CHECK(wq_post_persistent(bounce_to_pool_run, (void *)(left - 1)), "refused");
}

static void WQ_CALL bounce_to_pool_run(void *param)
{
    uintptr_t left = (uintptr_t)param;

    usleep(100);
    done++;
    if (left)
        CHECK(wq_post(bounce_to_persistent_run, (void *)(left - 1)), "refused");
}

static void bouncing_routines_are_followed(void)
{
    for (unsigned i = 0; i < 20; i++) {
        done = 0;
        CHECK(wq_post(bounce_to_persistent_run, (void *)(uintptr_t)i), "refused");
        CHECK(wq_shutdown(), "refused");
        CHECK(done == i + 1, "%u of %u ran before the end", done, i + 1);
        nothing_left("bounced");
    }
}

/* Many routines return at the same time, when more run than may, and each floods the pool. */
static struct check_gate go;
static _Atomic unsigned waiting;

static void WQ_CALL flood_run(void *param)
{
    (void)param;
    waiting++;
    wq_blocking_begin();
    check_gate_wait(&go, "the test opens the gate");
    wq_blocking_end();
    for (unsigned i = 0; i < 1000; i++)
        CHECK(wq_post(check_count, &done), "refused");
}

static void *open_later(void *param)
{
    (void)param;
    usleep(2000);
    check_gate_open(&go);
    return NULL;
}

static void floods_during_the_end(void)
{
    unsigned rounds = check_scaled(40);

    for (unsigned i = 0; i < rounds; i++) {
        pthread_t opener;

        check_gate_init(&go);
        done = waiting = 0;
        for (unsigned n = 0; n < 20; n++)
            CHECK(wq_post(flood_run, NULL), "refused");
        CHECK_WAIT(waiting == 20, "%u of 20 wait", waiting);
        pthread_create(&opener, NULL, open_later, NULL);
        CHECK(wq_shutdown(), "refused");
        CHECK(done == 20000, "%u of 20000 ran before the end", done);
        pthread_join(opener, NULL);
        nothing_left("flooded");
    }
}

/* Stays until both threads are counted: in the stress build a worker soon retires. */
static void WQ_CALL shutdown_run(void *param)
{
    CHECK(!wq_shutdown(), "accepted inside a routine");
    check_count(param);
    check_gate_wait(&go, "the test has counted the threads");
}

static void refused_inside(void)
{
    done = 0;
    check_gate_init(&go);
    CHECK(wq_post(shutdown_run, &done) && wq_post_persistent(shutdown_run, &done), "refused");
    CHECK_WAIT(done == 2, "%u ran", done);
    CHECK_WAIT(check_counters().threads_peak >= 2, "%u threads", check_counters().threads_peak);
    check_gate_open(&go);
}

static void persistent_without_threads(void)
{
    done = 0;
    wq_fault_set(WQ_FAULT_THREAD, 3);
    CHECK(wq_post_persistent(check_count, &done) && wq_post(check_count, &done), "refused");
    CHECK(wq_shutdown(), "refused");
    CHECK(done == 2, "%u of 2 ran", done);
}

static const struct check_test tests[] = {
    {"the end of what was never used", never_used},
    {"the end of the persistent thread alone", only_persistent},
    {"the core can be used again after its end", again_and_again},
    {"the end waits for what routines queue on the other side", bouncing_routines_are_followed},
    {"the end waits for floods from routines that return", floods_during_the_end},
    {"the end is refused inside routines", refused_inside},
    {"the end runs what found no thread before", persistent_without_threads},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
