/*
 * turn.c: who looks at a queue next: the first submitter to an idle one, workers that just ran out of items, the
 * worker after the last turn; and that a closed one finishes whatever its state was.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define THREADS 4u
#define TURN    64u /* items until others have their turn */

static const unsigned limits[] = {1, 2, 5, WQ_UNLIMITED};

static _Atomic unsigned done, finished;

static void WQ_CALL run(void *param)
{
    (void)param;
    done++;
}

/* A different short time for each round, some hundred nanoseconds to some microseconds. */
static void moment(unsigned round)
{
    for (volatile unsigned i = round * 37 % 2500; i; i--) {}
}

/* Spins until so many have run, to be back at once. */
static void spin_until_done(unsigned count)
{
    unsigned spins = 0;

    for (uint64_t end = check_deadline(); done < count;) {
        if (++spins % 65536 == 0 && check_late(end))
            check_give_up(__FILE__, __LINE__, "%u of %u ran", done, count);
    }
}

struct pair {
    struct wq_queue *base, *queue;
};

/* A queue, every other one over another. */
static struct pair pair_new(unsigned number)
{
    struct pair pair = {NULL, NULL};
    unsigned limit = limits[number / 2 % CHECK_COUNT(limits)];

    if (number % 2)
        pair.base = wq_queue_create(limits[number / 8 % CHECK_COUNT(limits)]);
    pair.queue = wq_queue_create_over(pair.base, 1, limit);
    if (!pair.queue)
        check_give_up(__FILE__, __LINE__, "no queue");
    done = finished = 0;
    return pair;
}

static void pair_end(struct pair pair)
{
    wq_queue_close(pair.queue, check_count, &finished);
    CHECK_WAIT(finished == 1, "the queue never finished; %u ran", done);
    if (!pair.base)
        return;
    wq_queue_close(pair.base, check_count, &finished);
    CHECK_WAIT(finished == 2, "the queue below never finished; %u ran", done);
}

static void one_after_the_other(void)
{
    for (unsigned i = 0; i < 32; i++) {
        struct pair pair = pair_new(i);
        struct wq_item item = {.routine = run};

        for (unsigned round = 1; round <= check_scaled(1000); round++) {
            wq_queue_submit(pair.queue, &item, 1);
            spin_until_done(round);
            moment(round);
        }
        pair_end(pair);
    }
}

struct first {
    struct wq_queue *queue;
    struct wq_item items[THREADS];
    _Atomic unsigned ready[64];
    unsigned rounds;
};

static void submit_first(void *param, unsigned number)
{
    struct first *first = param;

    for (unsigned round = 0; round < first->rounds; round++) {
        first->ready[round]++;
        CHECK_WAIT(first->ready[round] == THREADS, "%u came", first->ready[round]);
        moment(round * number);
        wq_queue_submit(first->queue, &first->items[number], 1);
        CHECK_WAIT(done == (round + 1) * THREADS, "%u ran in round %u", done, round);
    }
}

static void several_find_it_idle(void)
{
    for (unsigned i = 0; i < 32; i++) {
        struct pair pair = pair_new(i);
        struct first first = {.queue = pair.queue, .rounds = 64};

        for (unsigned k = 0; k < THREADS; k++)
            first.items[k].routine = run;
        check_threads(THREADS, submit_first, &first);
        pair_end(pair);
    }
}

/* The second item and the end come while the worker has run out of items, or is about to. */
static void closed_when_it_runs_dry(void)
{
    unsigned rounds = check_scaled(20000);

    for (unsigned i = 0; i < rounds; i++) {
        struct pair pair = pair_new(i % 32);
        struct wq_item items[2] = {{.routine = run}, {.routine = run}};

        wq_queue_submit(pair.queue, &items[0], 1);
        spin_until_done(i % 3 != 0);
        moment(i);
        wq_queue_submit(pair.queue, &items[1], 1);
        pair_end(pair);
        CHECK(done == 2, "%u ran", done);
    }
}

static struct pair closed;
static struct wq_item second;

static void WQ_CALL close_submit_and_wait(void *param)
{
    (void)param;
    wq_queue_close(closed.queue, check_count, &finished);
    wq_queue_submit(closed.queue, &second, 1);
    wq_blocking_begin();
    CHECK_WAIT(done == 1, "the item that a routine of the closed queue submitted did not run beside it");
    wq_blocking_end();
    CHECK(!finished, "finished while a routine runs");
}

static void closed_ones_get_help(void)
{
    for (unsigned i = 0; i < 32; i++) {
        struct wq_item first = {.routine = close_submit_and_wait};

        if (i / 2 % CHECK_COUNT(limits) == 0 || (i % 2 && i / 8 % CHECK_COUNT(limits) == 0))
            continue; /* serial */
        closed = pair_new(i);
        second.routine = run;
        wq_queue_submit(closed.queue, &first, 1);
        CHECK_WAIT(finished == 1, "the queue never finished; %u ran", done);
        if (closed.base)
            wq_queue_close(closed.base, NULL, NULL);
    }
}

static void WQ_CALL close_inside(void *queue)
{
    wq_queue_close(queue, check_count, &finished);
}

/* The queue below has the baton, runs it and the queue is closed before the submitter is back. */
static void closed_while_submitted(void)
{
    struct wq_queue *base = wq_queue_create(WQ_UNLIMITED);
    unsigned rounds = check_scaled(10000);

    finished = 0;
    for (unsigned i = 1; i <= rounds; i++) {
        struct wq_queue *queue = wq_queue_create_over(base, 1, limits[i % CHECK_COUNT(limits)]);
        struct wq_item item = {.routine = close_inside, .param = queue};

        wq_queue_submit(queue, &item, 1);
        CHECK_WAIT(finished == i, "%u finished", finished);
    }
    wq_queue_close(base, NULL, NULL);
}

/* ---- turns ---- */

static struct wq_queue *long_one, *short_one;
static struct wq_item long_items[4 * TURN], short_item;
static unsigned long_before;

static void WQ_CALL run_short(void *param)
{
    (void)param;
    long_before = done;
}

static void WQ_CALL submit_both(void *param)
{
    (void)param;
    for (unsigned i = 0; i < 4 * TURN; i++)
        wq_queue_submit(long_one, &long_items[i], 1);
    wq_queue_submit(short_one, &short_item, 1);
}

/* With one worker a queue with many items gives others their turn after 64. */
static void turn_with(unsigned limit, struct wq_queue *target)
{
    long_one = wq_queue_create_over(target, 1, limit);
    short_one = wq_queue_create_over(target, 1, limit);
    done = finished = 0;
    short_item.routine = run_short;
    for (unsigned i = 0; i < 4 * TURN; i++)
        long_items[i].routine = run;
    CHECK(wq_post(submit_both, NULL), "no memory");
    CHECK_WAIT(done == 4 * TURN, "%u ran", done);
    wq_queue_close(short_one, check_count, &finished);
    wq_queue_close(long_one, check_count, &finished);
    CHECK_WAIT(finished == 2, "%u finished", finished);
    CHECK(long_before == (target ? 1 : TURN), "the other queue came after %u items, limit %u", long_before,
          limit);
}

static void others_have_their_turn(void)
{
    struct wq_queue *target;

    check_restart("1", "1");
    for (unsigned i = 0; i < CHECK_COUNT(limits); i++) {
        turn_with(limits[i], NULL);
        target = wq_queue_create(limits[CHECK_COUNT(limits) - 1 - i]);
        turn_with(limits[i], target);
        wq_queue_close(target, NULL, NULL);
    }
}

/* ---- holds ---- */

static void WQ_CALL hold(void *param)
{
    wq_queue_hold(((struct pair *)param)->queue);
    done++;
}

/* A hold outlasts the close, whatever the limit; without one it stops no other item. */
static void holds_outlast_the_close(void)
{
    for (unsigned i = 0; i < 32; i++) {
        struct pair pair = pair_new(i);
        struct wq_item items[2] = {{.routine = hold, .param = &pair}, {.routine = hold, .param = &pair}};
        bool serial = i / 2 % CHECK_COUNT(limits) == 0;

        wq_queue_submit(pair.queue, &items[0], 1);
        CHECK_WAIT(done == 1, "%u ran", done);
        wq_queue_submit(pair.queue, &items[1], 1);
        CHECK_WAIT(serial || done == 2, "%u ran", done);
        wq_queue_close(pair.queue, check_count, &finished);
        wq_queue_resume(pair.queue);
        CHECK_WAIT(done == 2, "%u ran", done);
        CHECK(!finished, "finished while held");
        wq_queue_resume(pair.queue);
        CHECK_WAIT(finished == 1, "finished %u times", finished);
        if (pair.base)
            wq_queue_close(pair.base, check_count, &finished);
        CHECK_WAIT(!pair.base || finished == 2, "the queue below never finished");
    }
}

static const struct check_test tests[] = {
    {"an idle queue is woken by its first item, time and again", one_after_the_other},
    {"several threads find a queue idle", several_find_it_idle},
    {"a queue is closed when a worker has just run out of its items", closed_when_it_runs_dry},
    {"a closed queue runs what its routines submit beside them", closed_ones_get_help},
    {"a queue is closed before the submission to it is over", closed_while_submitted},
    {"other queues have their turn", others_have_their_turn},
    {"holds outlast the close", holds_outlast_the_close},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
