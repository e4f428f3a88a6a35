/*
 * rank.c: queues with a rank in the queue below: the lowest runs first, exactly, whenever it was set.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define QUEUES 300u
#define LEVEL  10u

struct work {
    struct wq_item item;
    unsigned number;
};

static _Atomic unsigned done, finished;
static unsigned order[QUEUES * 4];
static struct work works[QUEUES * 4];
static struct wq_queue *base, *queues[QUEUES];
static struct check_gate entered, go;

static void WQ_CALL note(void *param)
{
    unsigned n = done;

    order[n] = ((struct work *)param)->number;
    done = n + 1;
}

static void WQ_CALL count_finished(void *param)
{
    (void)param;
    finished++;
}

static void WQ_CALL blocker(void *param)
{
    (void)param;
    check_gate_open(&entered);
    check_gate_wait(&go, "the end of the blocker");
}

/* A serial queue that is busy, with `count` queues over it. */
static void begin(unsigned count)
{
    static struct wq_item item;

    item.routine = blocker;
    done = finished = 0;
    check_gate_init(&entered);
    check_gate_init(&go);
    base = wq_queue_create(1);
    for (unsigned i = 0; i < count; i++)
        queues[i] = wq_queue_create_over(base, LEVEL, 1);
    wq_queue_submit(base, &item, LEVEL);
    check_gate_wait(&entered, "the blocker");
}

static void put(struct wq_queue *queue, unsigned number)
{
    works[number].item.routine = note;
    works[number].item.param = &works[number];
    works[number].number = number;
    wq_queue_submit(queue, &works[number].item, LEVEL);
}

/* Lets `items` items run and closes the queues. */
static void run(unsigned items, unsigned count)
{
    check_gate_open(&go);
    CHECK_WAIT(done == items, "%u ran of %u", done, items);
    for (unsigned i = 0; i < count; i++)
        wq_queue_close(queues[i], count_finished, NULL);
    CHECK_WAIT(finished == count, "%u finished", finished);
    wq_queue_close(base, count_finished, NULL);
    CHECK_WAIT(finished == count + 1, "%u finished", finished);
}

static void expect(const unsigned *expected, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        CHECK(order[i] == expected[i], "%u ran as number %u, not %u", order[i], i, expected[i]);
}

/* Ranks that are all different, in no order, as large as times are. */
static uint64_t scattered(unsigned i)
{
    return (i * 7919u % QUEUES) * UINT64_C(100000000000) + 5;
}

static void lowest_first(void)
{
    begin(QUEUES);
    for (unsigned i = 0; i < QUEUES; i++) {
        if (i % 2) /* before or after the item is there */
            wq_queue_move(queues[i], base, LEVEL, scattered(i));
        put(queues[i], i);
        if (!(i % 2))
            wq_queue_move(queues[i], base, LEVEL, scattered(i));
    }
    run(QUEUES, QUEUES);
    for (unsigned i = 1; i < QUEUES; i++)
        CHECK(scattered(order[i - 1]) < scattered(order[i]), "%u ran before %u", order[i - 1], order[i]);
}

/* Equal ranks and none: in the order of submission. */
static void equal_in_order(void)
{
    static const unsigned expected[] = {1, 3, 5, 7, 0, 8, 2, 4, 6};

    begin(8);
    for (unsigned i = 0; i < 8; i++) {
        wq_queue_move(queues[i], base, LEVEL, i % 2 ? 77 : WQ_UNRANKED);
        put(queues[i], i);
        if (!i)
            put(base, 8);
    }
    run(9, 8);
    expect(expected, 9);
}

/* A rank counts within its level. */
static void level_comes_first(void)
{
    static const unsigned expected[] = {2, 3, 1, 0};

    begin(4);
    wq_queue_move(queues[0], base, LEVEL - 1, 1);
    wq_queue_move(queues[1], base, LEVEL, 2);
    wq_queue_move(queues[2], base, LEVEL + 1, 3);
    wq_queue_move(queues[3], base, LEVEL + 1, 4);
    for (unsigned i = 0; i < 4; i++)
        put(queues[i], i);
    run(4, 4);
    expect(expected, 4);
}

static void rank_can_change(void)
{
    static const unsigned expected[] = {3, 1, 0, 4, 2};

    begin(5);
    for (unsigned i = 0; i < 5; i++) {
        wq_queue_move(queues[i], base, LEVEL, 10 + i);
        put(queues[i], i);
    }
    wq_queue_move(queues[3], base, LEVEL, 1);
    wq_queue_move(queues[0], base, LEVEL, 12);
    wq_queue_move(queues[2], base, LEVEL, WQ_UNRANKED);
    run(5, 5);
    expect(expected, 5);
}

/* An item that runs takes its own queue's urgency away. */
static void WQ_CALL note_and_lower(void *param)
{
    note(param);
    wq_queue_move(queues[0], base, LEVEL, 30);
}

static void item_by_item(void)
{
    static const unsigned expected[] = {0, 3, 4, 5, 1, 2};

    begin(2);
    wq_queue_move(queues[0], base, LEVEL, 10);
    wq_queue_move(queues[1], base, LEVEL, 20);
    for (unsigned i = 0; i < 6; i++)
        put(queues[i / 3], i);
    works[0].item.routine = note_and_lower; /* the blocker runs: nobody looks at it yet */
    run(6, 2);
    expect(expected, 6);
}

/* ---- races ---- */

static struct check_gate race_go;

static void race(void *arg, unsigned number)
{
    (void)arg;
    if (number == 2) {
        check_gate_open(&race_go);
        return;
    }
    check_gate_wait(&race_go, "the start of the race");
    if (number)
        wq_queue_move(queues[1], base, LEVEL, 1);
    else
        put(queues[1], 1);
}

/* A queue is moved while somebody submits to it: once both are done it is where it was moved to. */
static void moved_while_submitted(void)
{
    static const unsigned expected[] = {1, 0};

    for (unsigned i = 0; i < check_scaled(4000); i++) {
        begin(2);
        wq_queue_move(queues[0], base, LEVEL, 5);
        wq_queue_move(queues[1], base, LEVEL, 9);
        put(queues[0], 0);
        check_gate_init(&race_go);
        check_threads(3, race, NULL);
        run(2, 2);
        expect(expected, 2);
    }
}

#define RACE_QUEUES 4u
#define RACE_ITEMS  2000u

static struct wq_queue *targets[2];
static struct work *race_works;
static _Atomic unsigned race_done[RACE_QUEUES];
static _Atomic bool race_over;

static void WQ_CALL race_item(void *param)
{
    struct work *work = param;
    unsigned queue = work->number / RACE_ITEMS;

    CHECK(race_done[queue] == work->number % RACE_ITEMS, "queue %u: %u ran as number %u", queue,
          work->number % RACE_ITEMS, race_done[queue]);
    race_done[queue]++;
}

static void submit_or_move(void *arg, unsigned number)
{
    unsigned items = *(unsigned *)arg;

    if (number < RACE_QUEUES) {
        for (unsigned i = 0; i < items; i++)
            wq_queue_submit(queues[number], &race_works[number * RACE_ITEMS + i].item, 0);
        return;
    }
    for (unsigned i = 0; !race_over; i++) {
        wq_queue_move(queues[i % RACE_QUEUES], targets[i % 7 & 1], i % 5, i % 3 ? i % 11 : WQ_UNRANKED);
        race_over = race_done[0] + race_done[1] + race_done[2] + race_done[3] == RACE_QUEUES * items;
    }
}

/* Whatever moves where: every item runs once, in order. */
static void nothing_gets_lost(void)
{
    unsigned items = check_scaled(RACE_ITEMS);

    finished = 0;
    race_over = false;
    race_works = calloc(RACE_QUEUES * RACE_ITEMS, sizeof(*race_works));
    targets[0] = wq_queue_create(1);
    targets[1] = wq_queue_create(WQ_UNLIMITED);
    for (unsigned i = 0; i < RACE_QUEUES; i++) {
        race_done[i] = 0;
        queues[i] = wq_queue_create_over(targets[i % 2], LEVEL, 1);
    }
    for (unsigned i = 0; i < RACE_QUEUES * RACE_ITEMS; i++)
        race_works[i] = (struct work){{.routine = race_item, .param = &race_works[i]}, i};
    check_threads(RACE_QUEUES + 1, submit_or_move, &items);
    for (unsigned i = 0; i < RACE_QUEUES; i++)
        wq_queue_close(queues[i], count_finished, NULL);
    CHECK_WAIT(finished == RACE_QUEUES, "%u finished", finished);
    wq_queue_close(targets[0], count_finished, NULL);
    wq_queue_close(targets[1], count_finished, NULL);
    CHECK_WAIT(finished == RACE_QUEUES + 2, "%u finished", finished);
    free(race_works);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"of 300 queues the lowest rank runs first", lowest_first},
        {"equal ranks run in the order of submission", equal_in_order},
        {"a rank counts within its level", level_comes_first},
        {"a rank can change while the queue waits", rank_can_change},
        {"a rank that changes counts from the next item on", item_by_item},
        {"a queue that is moved while somebody submits is where it was moved to", moved_while_submitted},
        {"nothing gets lost while queues are moved", nothing_gets_lost},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
