/*
 * nested.c: queues over queues: order through several layers, levels of the queue below, holds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define DEPTH 4u
#define ITEMS 20000u

struct work {
    struct wq_item item;
    unsigned number;
};

static _Atomic unsigned done, finished, inside;
static unsigned order[8];

static struct work *works_new(unsigned count, wq_routine routine)
{
    struct work *works = calloc(count, sizeof(*works));

    for (unsigned i = 0; i < count; i++) {
        works[i].item.routine = routine;
        works[i].item.param = &works[i];
        works[i].number = i;
    }
    done = finished = inside = 0;
    return works;
}

static void WQ_CALL in_order(void *param)
{
    struct work *work = param;

    CHECK(inside++ == 0, "two routines of a serial queue run at a time");
    CHECK(work->number == done, "%u ran as number %u", work->number, done);
    inside--;
    done++;
}

static void WQ_CALL count_finished(void *param)
{
    (void)param;
    finished++;
}

static void chain_keeps_order(void)
{
    unsigned items = check_scaled(ITEMS);
    struct work *works = works_new(items, in_order);
    struct wq_queue *queue[DEPTH + 1] = {NULL};

    for (unsigned i = 1; i <= DEPTH; i++)
        queue[i] = wq_queue_create_over(queue[i - 1], 1, i == 1 ? WQ_UNLIMITED : 1);
    for (unsigned i = 0; i < items; i++)
        wq_queue_submit(queue[DEPTH], &works[i].item, 1);
    for (unsigned i = DEPTH; i; i--) {
        wq_queue_close(queue[i], count_finished, NULL);
        CHECK_WAIT(finished == DEPTH + 1 - i, "%u items ran, %u queues finished", done, finished);
        CHECK(done == items, "%u items ran", done);
    }
    free(works);
}

static struct check_gate entered, go;

static void WQ_CALL blocker(void *param)
{
    (void)param;
    check_gate_open(&entered);
    check_gate_wait(&go, "the end of the blocker");
}

static void WQ_CALL note(void *param)
{
    order[done] = ((struct work *)param)->number;
    done++;
}

static void level_below_decides(void)
{
    struct wq_queue *base = wq_queue_create(1);
    struct wq_queue *low = wq_queue_create_over(base, 1, 1), *high = wq_queue_create_over(base, 2, 1);
    struct work *works = works_new(5, note);
    static const unsigned expected[] = {3, 1, 4, 0, 2};

    check_gate_init(&entered);
    check_gate_init(&go);
    wq_queue_submit(base, &(struct wq_item){.routine = blocker}, 0);
    check_gate_wait(&entered, "the blocker");
    wq_queue_submit(low, &works[0].item, 0);
    wq_queue_submit(high, &works[1].item, 0);
    wq_queue_submit(low, &works[2].item, 0);
    wq_queue_submit(base, &works[3].item, 3);
    wq_queue_submit(base, &works[4].item, 2);
    check_gate_open(&go);
    CHECK_WAIT(done == 5, "%u ran", done);
    for (unsigned i = 0; i < 5; i++)
        CHECK(order[i] == expected[i], "%u ran as number %u", order[i], i);
    wq_queue_close(low, count_finished, NULL);
    wq_queue_close(high, count_finished, NULL);
    CHECK_WAIT(finished == 2, "%u finished", finished);
    wq_queue_close(base, NULL, NULL);
    free(works);
}

static void level_can_change(void)
{
    struct wq_queue *base = wq_queue_create(1);
    struct wq_queue *first = wq_queue_create_over(base, 1, 1), *second = wq_queue_create_over(base, 1, 1);
    struct work *works = works_new(2, note);

    check_gate_init(&entered);
    check_gate_init(&go);
    wq_queue_submit(base, &(struct wq_item){.routine = blocker}, 0);
    check_gate_wait(&entered, "the blocker");
    wq_queue_submit(first, &works[0].item, 0);
    wq_queue_submit(second, &works[1].item, 0);
    wq_queue_move(second, base, 5, WQ_UNRANKED);
    check_gate_open(&go);
    CHECK_WAIT(done == 2, "%u ran", done);
    CHECK(order[0] == 1, "the raised queue did not come first");
    wq_queue_close(first, count_finished, NULL);
    wq_queue_close(second, count_finished, NULL);
    CHECK_WAIT(finished == 2, "%u finished", finished);
    wq_queue_close(base, NULL, NULL);
    free(works);
}

static struct wq_queue *held;

static void WQ_CALL hold(void *param)
{
    (void)param;
    wq_queue_hold(held);
    done++;
}

static void hold_stops_a_serial_queue(void)
{
    struct wq_queue *base = wq_queue_create(WQ_UNLIMITED);
    struct work *works = works_new(3, hold);

    held = wq_queue_create_over(base, 0, 1);
    for (unsigned i = 0; i < 3; i++)
        wq_queue_submit(held, &works[i].item, 0);
    wq_queue_close(held, count_finished, NULL);
    CHECK(!finished, "finished while held");
    for (unsigned i = 0; i < 3; i++) {
        CHECK_WAIT(done == i + 1, "%u ran after %u resumes", done, i);
        CHECK(done == i + 1, "%u ran after %u resumes", done, i);
        wq_queue_resume(held);
    }
    CHECK_WAIT(finished == 1, "%u finished", finished);
    wq_queue_close(base, NULL, NULL);
    free(works);
}

/* No memory or no thread when the first item came: the next submission makes them, although the queue below has
 * its baton out. */
static void next_submission_tries_again(void)
{
    for (unsigned kind = WQ_FAULT_MEMORY; kind <= WQ_FAULT_THREAD; kind++) {
        struct wq_queue *base, *queue;
        struct work *works = works_new(2, note);

        CHECK(wq_shutdown(), "shutdown");
        base = wq_queue_create(WQ_UNLIMITED);
        queue = wq_queue_create_over(base, 0, 1);
        wq_fault_set(kind, UINT32_MAX);
        wq_queue_submit(queue, &works[0].item, 0);
        wq_fault_set(kind, 0);
        wq_queue_submit(queue, &works[1].item, 0);
        CHECK_WAIT(done == 2, "fault %u: %u ran", kind, done);
        wq_queue_close(queue, count_finished, NULL);
        CHECK_WAIT(finished == 1, "%u finished", finished);
        wq_queue_close(base, NULL, NULL);
        free(works);
    }
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"a chain of queues keeps order", chain_keeps_order},
        {"the queue below decides by level", level_below_decides},
        {"a queue's level can change while it waits", level_can_change},
        {"a hold stops a serial queue", hold_stops_a_serial_queue},
        {"after a failure the next submission tries again", next_submission_tries_again},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
