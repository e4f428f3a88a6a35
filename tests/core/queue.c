/*
 * queue.c: queues over the pool: order, levels, the limit, cancelling and closing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sched.h>

#include "check.h"

#define PRODUCERS 4u

struct work {
    struct wq_item item;
    struct wq_queue *queue;
    unsigned producer, number;
    _Atomic unsigned runs;
};

static _Atomic unsigned done, running, running_most, finished;

static struct wq_queue *queue_new(unsigned limit)
{
    struct wq_queue *queue = wq_queue_create(limit);

    if (!queue)
        check_give_up(__FILE__, __LINE__, "no queue");
    done = running = running_most = finished = 0;
    return queue;
}

static void queue_end(struct wq_queue *queue)
{
    wq_queue_close(queue, check_count, &finished);
    CHECK_WAIT(finished, "the queue never finished; %u ran, %u run", done, running);
    CHECK(finished == 1, "finished %u times", finished);
    CHECK(!running, "finished while %u routines run", running);
}

static struct work *works_new(struct wq_queue *queue, unsigned count, wq_routine routine)
{
    struct work *works = calloc(count, sizeof(*works));

    for (unsigned i = 0; i < count; i++) {
        works[i].item.routine = routine;
        works[i].item.param = &works[i];
        works[i].queue = queue;
        works[i].number = i;
    }
    return works;
}

static void enter(void)
{
    unsigned now = ++running, most = running_most;

    while (now > most && !atomic_compare_exchange_weak(&running_most, &most, now)) {}
}

static void leave(void)
{
    running--;
    done++;
}

/* ---- order ---- */

static unsigned next_of[PRODUCERS]; /* guarded by the serial queue */

static void WQ_CALL ordered_run(void *param)
{
    struct work *work = param;

    enter();
    CHECK(work->number == next_of[work->producer], "producer %u: %u came when it was %u's turn",
          work->producer, work->number, next_of[work->producer]);
    next_of[work->producer] = work->number + 1;
    leave();
}

struct serial {
    struct wq_queue *queue;
    struct work *works[PRODUCERS];
    unsigned count;
};

static void serial_produce(void *arg, unsigned number)
{
    struct serial *serial = arg;

    for (unsigned i = 0; i < serial->count; i++) {
        serial->works[number][i].producer = number;
        wq_queue_submit(serial->queue, &serial->works[number][i].item, 3);
    }
}

static void serial_order(void)
{
    struct serial serial = {queue_new(1), {0}, check_scaled(50000)};

    for (unsigned i = 0; i < PRODUCERS; i++) {
        serial.works[i] = works_new(serial.queue, serial.count, ordered_run);
        next_of[i] = 0;
    }
    check_threads(PRODUCERS, serial_produce, &serial);
    queue_end(serial.queue);
    CHECK(done == PRODUCERS * serial.count, "%u of %u ran", done, PRODUCERS * serial.count);
    CHECK(running_most == 1, "%u at a time in a serial queue", running_most);
    check_settled(PRODUCERS * serial.count);
    for (unsigned i = 0; i < PRODUCERS; i++)
        free(serial.works[i]);
}

static struct check_gate gate, gate_reached;

static void WQ_CALL gate_run(void *param)
{
    (void)param;
    wq_blocking_begin(); /* one processor and no monitor will do */
    check_gate_open(&gate_reached);
    check_gate_wait(&gate, "the test opens the gate");
    wq_blocking_end();
}

/* Occupies a serial queue with an item that waits at the gate. */
static struct wq_item *gate_submit(struct wq_queue *queue)
{
    static struct wq_item item;

    check_gate_init(&gate);
    check_gate_init(&gate_reached);
    item.routine = gate_run;
    wq_queue_submit(queue, &item, 0);
    check_gate_wait(&gate_reached, "the gate's item starts");
    return &item;
}

static unsigned level_last, in_level_last;

static void WQ_CALL level_run(void *param)
{
    struct work *work = param;
    unsigned level = work->producer > 31 ? 31 : work->producer;

    CHECK(level < level_last || (level == level_last && work->number > in_level_last) || !done,
          "item %u of level %u after %u of %u", work->number, level, in_level_last, level_last);
    level_last = level;
    in_level_last = work->number;
    leave();
}

static void levels_are_strict(void)
{
    struct wq_queue *queue = queue_new(1);
    struct work *works = works_new(queue, 2000, level_run);

    gate_submit(queue);
    running = 2000;
    for (unsigned i = 0; i < 2000; i++) {
        works[i].producer = i * 7919 % 40; /* levels above 31 count as 31 */
        wq_queue_submit(queue, &works[i].item, works[i].producer);
    }
    check_gate_open(&gate);
    queue_end(queue);
    CHECK(done == 2000, "%u ran", done);
    free(works);
}

/* ---- the limit ---- */

static void WQ_CALL limited_run(void *param)
{
    (void)param;
    enter();
    wq_blocking_begin();
    check_gate_wait(&gate, "the test opens the gate");
    wq_blocking_end();
    leave();
}

static void WQ_CALL brief_run(void *param)
{
    (void)param;
    enter();
    leave();
}

static void limit_is_reached_and_kept(unsigned limit, unsigned reached)
{
    struct wq_queue *queue = queue_new(limit);
    struct work *works = works_new(queue, 300, limited_run);

    check_gate_init(&gate);
    for (unsigned i = 0; i < 300; i++) {
        if (i >= 2 * reached)
            works[i].item.routine = brief_run;
        wq_queue_submit(queue, &works[i].item, i % 3);
    }
    CHECK_WAIT(running >= reached || running_most > reached, "%u of %u run", running, reached);
    check_gate_open(&gate);
    queue_end(queue);
    CHECK(done == 300, "%u ran", done);
    CHECK(limit == WQ_UNLIMITED || running_most <= limit, "%u ran at a time, %u may", running_most, limit);
    free(works);
}

static void limit_1(void)
{
    limit_is_reached_and_kept(1, 1);
}

static void limit_7(void)
{
    for (unsigned i = 0; i < 10; i++)
        limit_is_reached_and_kept(7, 7);
}

static void unlimited(void)
{
    limit_is_reached_and_kept(WQ_UNLIMITED, 60);
}

/* ---- cancelling ---- */

static void WQ_CALL count_run(void *param)
{
    struct work *work = param;

    enter();
    work->runs++;
    leave();
}

static void cancel_tells_what_happened(void)
{
    struct wq_queue *queue = queue_new(1);
    struct work *works = works_new(queue, 100, count_run);
    struct wq_item *at_gate = gate_submit(queue);

    for (unsigned i = 0; i < 100; i++)
        wq_queue_submit(queue, &works[i].item, i % 5);
    CHECK(!wq_queue_cancel(queue, at_gate), "took back an item that runs");
    for (unsigned i = 0; i < 100; i += 2) {
        CHECK(check_counters().run == 0, "%llu run", (unsigned long long)check_counters().run);
        CHECK(wq_queue_cancel(queue, &works[i].item), "item %u not found", i);
        CHECK(!wq_queue_cancel(queue, &works[i].item), "item %u found twice", i);
    }
    check_gate_open(&gate);
    CHECK_WAIT(done == 50, "%u of 50 ran", done);
    for (unsigned i = 0; i < 100; i++)
        CHECK(!wq_queue_cancel(queue, &works[i].item), "took item %u back after it ran", i);
    wq_queue_submit(queue, &works[0].item, 0); /* a cancelled item is the caller's again */
    queue_end(queue);
    for (unsigned i = 0; i < 100; i++)
        CHECK(works[i].runs == (i % 2 || !i), "item %u ran %u times", i, works[i].runs);
    free(works);
}

struct race {
    struct wq_queue *queue;
    struct work *works[PRODUCERS];
    unsigned count;
    _Atomic unsigned cancelled;
};

static void race_produce(void *arg, unsigned number)
{
    struct race *race = arg;

    for (unsigned i = 0; i < race->count; i++) {
        struct work *work = &race->works[number][i];

        wq_queue_submit(race->queue, &work->item, i % 4);
        if (i % 3 == 0 && wq_queue_cancel(race->queue, &race->works[number][i - i / 5 % 3 * (i > 10)].item))
            race->cancelled++;
    }
}

static void floods_race_with_cancel(unsigned limit)
{
    struct race race = {queue_new(limit), {0}, check_scaled(20000), 0};

    for (unsigned i = 0; i < PRODUCERS; i++)
        race.works[i] = works_new(race.queue, race.count, count_run);
    check_threads(PRODUCERS, race_produce, &race);
    queue_end(race.queue);
    CHECK(done + race.cancelled == PRODUCERS * race.count, "%u ran and %u cancelled of %u", done,
          race.cancelled, PRODUCERS * race.count);
    check_settled(done);
    for (unsigned i = 0; i < PRODUCERS; i++)
        free(race.works[i]);
}

static void floods_race_with_cancel_serial(void)
{
    floods_race_with_cancel(1);
}

static void floods_race_with_cancel_unlimited(void)
{
    floods_race_with_cancel(WQ_UNLIMITED);
}

/* ---- closing ---- */

static void close_empty(void)
{
    queue_end(queue_new(1));
    wq_queue_close(queue_new(3), NULL, NULL);
}

static void close_while_queued_and_running(void)
{
    struct wq_queue *queue = queue_new(2);
    struct work *works = works_new(queue, 1000, count_run);

    gate_submit(queue);
    for (unsigned i = 0; i < 1000; i++)
        wq_queue_submit(queue, &works[i].item, 1);
    wq_queue_close(queue, check_count, &finished);
    CHECK_WAIT(done == 1000, "%u of 1000 ran after the close", done);
    CHECK(!finished, "finished while a routine runs");
    check_gate_open(&gate);
    CHECK_WAIT(finished == 1, "finished %u times", finished);
    free(works);
}

/* Closes its own queue, then goes on submitting to it. */
static void WQ_CALL close_inside_run(void *param)
{
    struct work *work = param;

    enter();
    if (!work->runs++)
        wq_queue_close(work->queue, check_count, &finished);
    CHECK(!finished, "finished while a routine runs");
    if (work->runs < 200)
        wq_queue_submit(work->queue, &work->item, work->runs % 32);
    leave();
}

static void close_from_inside(void)
{
    for (unsigned i = 0; i < 50; i++) {
        struct wq_queue *queue = queue_new(i % 3);
        struct work *work = works_new(queue, 1, close_inside_run);

        wq_queue_submit(queue, &work->item, 0);
        CHECK_WAIT(finished == 1, "finished %u times", finished);
        CHECK(work->runs == 200, "ran %u times", work->runs);
        free(work);
    }
}

/* The routine closes the queue while the thread that submitted it may still be inside the submission. */
static void close_during_submit(void)
{
    unsigned rounds = check_scaled(5000);

    for (unsigned i = 0; i < rounds; i++) {
        struct wq_queue *queue = queue_new(1);
        struct work *work = works_new(queue, 1, close_inside_run);

        work->runs = 0;
        wq_queue_submit(queue, &work->item, 0);
        for (uint64_t end = check_deadline(); !finished;) {
            sched_yield();
            if (work->runs >= 200 && check_late(end))
                check_give_up(__FILE__, __LINE__, "never finished");
        }
        free(work);
        if (i % 64 == 0)
            check_settled(200 * (i + 1));
    }
}

static const struct check_test tests[] = {
    {"a serial queue keeps each producer's order", serial_order},
    {"higher levels first, in order within a level", levels_are_strict},
    {"limit 1", limit_1},
    {"limit 7 is reached and kept", limit_7},
    {"unlimited", unlimited},
    {"cancel tells what happened to the item", cancel_tells_what_happened},
    {"floods race with cancel, serial", floods_race_with_cancel_serial},
    {"floods race with cancel, unlimited", floods_race_with_cancel_unlimited},
    {"close an empty queue", close_empty},
    {"close while items wait and run", close_while_queued_and_running},
    {"close from inside", close_from_inside},
    {"close while a submission is in progress", close_during_submit},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
