/*
 * window.c: queues without a limit, whose next items are in a window that workers take from without a lock: what
 * comes, goes or is looked for while they are there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define ITEMS 100u /* more than a window holds, with the first, which is taken */
#define LEVEL 3u

struct work {
    struct wq_item item;
    struct wq_queue *queue;
    unsigned number;
    _Atomic unsigned runs;
};

static _Atomic unsigned done, finished, at_once;
static unsigned order[2 * ITEMS]; /* one worker only */
static struct work *works;
static unsigned works_count;
static struct check_gate entered, go;

static struct wq_queue *queue_new(struct wq_queue *target, unsigned limit)
{
    struct wq_queue *queue = wq_queue_create_over(target, LEVEL, limit);

    if (!queue)
        check_give_up(__FILE__, __LINE__, "no queue");
    return queue;
}

static void queue_end(struct wq_queue *queue)
{
    unsigned before = finished;

    wq_queue_close(queue, check_count, &finished);
    CHECK_WAIT(finished == before + 1, "the queue never finished; %u ran", done);
}

static void works_new(struct wq_queue *queue, unsigned count, wq_routine routine)
{
    works = calloc(count, sizeof(*works));
    works_count = count;
    for (unsigned i = 0; i < count; i++) {
        works[i].item.routine = routine;
        works[i].item.param = &works[i];
        works[i].queue = queue;
        works[i].number = i;
    }
    done = at_once = 0;
}

static void WQ_CALL note(void *param)
{
    struct work *work = param;

    order[done] = work->number;
    work->runs++;
    done++;
}

static void WQ_CALL note_and_wait(void *param)
{
    check_gate_open(&entered);
    check_gate_wait(&go, "the test opens the gate");
    note(param);
}

static void WQ_CALL count_run(void *param)
{
    ((struct work *)param)->runs++;
    done++;
}

static void WQ_CALL submit_all(void *param)
{
    (void)param;
    for (unsigned i = 0; i < works_count; i++)
        wq_queue_submit(works[i].queue, &works[i].item, LEVEL);
}

/* Lets the only worker take the first item and wait inside of it, with others in the window. */
static void window_fill_from_works(void)
{
    works[0].item.routine = note_and_wait;
    check_gate_init(&entered);
    check_gate_init(&go);
    CHECK(wq_post(submit_all, NULL), "no memory");
    check_gate_wait(&entered, "the first item");
}

static void window_fill(struct wq_queue *queue, unsigned count)
{
    works_new(queue, count, note);
    window_fill_from_works();
}

static struct wq_queue *begin(void)
{
    check_restart("1", "1");
    finished = 0;
    return queue_new(NULL, WQ_UNLIMITED);
}

/* ---- one worker: what is in the window ---- */

static void higher_level_comes(void)
{
    struct wq_queue *queue = begin();
    struct work high = {.item = {.routine = note, .param = &high}, .number = ITEMS};

    window_fill(queue, ITEMS);
    wq_queue_submit(queue, &high.item, LEVEL + 1);
    check_gate_open(&go);
    queue_end(queue);
    CHECK(order[1] == ITEMS, "%u ran before the higher level", order[1]);
    for (unsigned i = 1; i < ITEMS; i++)
        CHECK(order[i + 1] == i, "%u ran as number %u", order[i + 1], i);
    free(works);
}

static bool is_cancelled(unsigned i)
{
    return i % 9 == 1;
}

static void item_is_cancelled(void)
{
    struct wq_queue *queue = begin();
    unsigned n = 0;

    window_fill(queue, ITEMS);
    CHECK(!wq_queue_cancel(queue, &works[0].item), "took back an item that runs");
    for (unsigned i = 0; i < ITEMS; i++) {
        CHECK(!is_cancelled(i) || wq_queue_cancel(queue, &works[i].item), "item %u not found", i);
        CHECK(!is_cancelled(i) || !wq_queue_cancel(queue, &works[i].item), "item %u found twice", i);
    }
    check_gate_open(&go);
    queue_end(queue);
    for (unsigned i = 0; i < ITEMS; i++) {
        CHECK(is_cancelled(i) || order[n++] == i, "%u ran in the place of %u", order[n - 1], i);
        CHECK(works[i].runs == !is_cancelled(i), "%u ran %u times", i, works[i].runs);
    }
    free(works);
}

static void item_is_looked_for(void)
{
    struct wq_queue *queue = begin();

    window_fill(queue, ITEMS);
    for (unsigned i = ITEMS; i-- > 0;)
        CHECK(wq_queue_holds(queue, &works[i].item) == (i > 0), "%u", i);
    check_gate_open(&go);
    CHECK_WAIT(done == ITEMS, "%u ran", done);
    for (unsigned i = 0; i < ITEMS; i++) {
        CHECK(!wq_queue_holds(queue, &works[i].item), "%u ran", i);
        CHECK(order[i] == i, "%u ran as number %u", order[i], i);
    }
    queue_end(queue);
    free(works);
}

#define LOOKERS 3u
#define LOOKED  40u

static struct check_gate last;
static _Atomic unsigned reached;

static void WQ_CALL wait_for_lookers(void *param)
{
    reached = 1;
    check_gate_wait(&last, "the end of the lookers");
    note(param);
}

/* The worker moves items to the window, the others back, while each of them looks for the last one. */
static void look_or_work(void *queue, unsigned number)
{
    uint64_t end = check_deadline();

    if (number == LOOKERS) {
        check_gate_open(&go);
        return;
    }
    for (unsigned looks = 1; !reached && (looks % 4096 || !check_late(end)); looks++)
        CHECK(wq_queue_holds(queue, &works[LOOKED - 1].item), "not held, after %u ran", done);
}

static void held_and_in_order_while_others_look(void)
{
    struct wq_queue *queue = begin();

    for (unsigned round = check_scaled(500); round; round--) {
        reached = 0;
        check_gate_init(&last);
        window_fill(queue, LOOKED);
        works[LOOKED - 2].item.routine = wait_for_lookers; /* nobody reads it before the gate opens */
        check_threads(LOOKERS + 1, look_or_work, queue);
        check_gate_open(&last);
        CHECK_WAIT(done == LOOKED, "%u ran", done);
        for (unsigned i = 0; i < LOOKED; i++)
            CHECK(order[i] == i, "%u ran as number %u", order[i], i);
        free(works);
    }
    queue_end(queue);
}

static void queue_is_closed(void)
{
    struct wq_queue *queue = begin();

    window_fill(queue, ITEMS);
    wq_queue_close(queue, check_count, &finished);
    CHECK(!finished, "finished while items wait");
    check_gate_open(&go);
    CHECK_WAIT(finished == 1, "%u ran, finished %u times", done, finished);
    for (unsigned i = 0; i < ITEMS; i++)
        CHECK(order[i] == i, "%u ran as number %u", order[i], i);
    free(works);
}

/* What the queue below has to run comes between the items of the window. */
static void queue_below_has_its_turn(void)
{
    struct wq_queue *base = begin(), *over = queue_new(base, WQ_UNLIMITED);
    struct work other = {.item = {.routine = note, .param = &other}, .number = ITEMS};

    window_fill(over, ITEMS);
    wq_queue_submit(base, &other.item, LEVEL + 1);
    check_gate_open(&go);
    queue_end(over);
    CHECK(order[1] == ITEMS, "%u ran before the item of the queue below", order[1]);
    CHECK(done == ITEMS + 1, "%u ran", done);
    queue_end(base);
    free(works);
}

static void window_below_has_its_turn(void)
{
    struct wq_queue *base = begin(), *over = queue_new(base, WQ_UNLIMITED);

    works_new(base, 10, note);
    works[0].queue = works[1].queue = over; /* its second item comes when those of the queue below have run */
    window_fill_from_works();
    check_gate_open(&go);
    queue_end(over);
    for (unsigned i = 2; i < 10; i++)
        CHECK(order[i - 1] == i, "%u ran as number %u", order[i - 1], i - 1);
    queue_end(base);
    CHECK(done == 10 && order[9] == 1, "%u ran, the last was %u", done, order[9]);
    free(works);
}

/* ---- many workers ---- */

/* Waits until as many are inside as there are items. */
static void WQ_CALL meet(void *param)
{
    (void)param;
    wq_blocking_begin();
    at_once++;
    CHECK_WAIT(at_once == works_count, "%u of %u run at once", at_once, works_count);
    wq_blocking_end();
    done++;
}

static void others_go_on_while_one_blocks(void)
{
    struct wq_queue *base = queue_new(NULL, WQ_UNLIMITED), *over = queue_new(base, WQ_UNLIMITED);

    finished = 0;
    for (unsigned round = 0; round < 20; round++) {
        works_new(round % 2 ? over : base, 40, meet);
        submit_all(NULL);
        CHECK_WAIT(done == 40, "%u ran", done);
        free(works);
    }
    queue_end(over);
    queue_end(base);
}

#define FLOOD     40000u
#define PRODUCERS 4u

static _Atomic unsigned cancelled;

static void flood(void *arg, unsigned number)
{
    unsigned share = works_count / PRODUCERS;
    struct work *mine = works + share * number;

    for (unsigned i = 0; i < share; i++) {
        wq_queue_submit(mine->queue, &mine[i].item, LEVEL);
        if (arg && i % 64 == 63 && wq_queue_cancel(mine->queue, &mine[i - i / 64 % 64].item))
            cancelled++;
    }
}

static void each_is_taken_once(bool cancel)
{
    struct wq_queue *queue;

    check_restart("4", NULL);
    queue = queue_new(NULL, WQ_UNLIMITED);
    works_new(queue, PRODUCERS * check_scaled(FLOOD), count_run);
    finished = cancelled = 0;
    check_threads(PRODUCERS, flood, cancel ? works : NULL);
    queue_end(queue);
    CHECK(done + cancelled == works_count, "%u ran and %u cancelled of %u", done, cancelled, works_count);
    for (unsigned i = 0; i < works_count; i++)
        CHECK(works[i].runs <= 1, "%u ran %u times", i, works[i].runs);
    check_settled(done);
    free(works);
}

static void several_take_each_once(void)
{
    each_is_taken_once(false);
}

static void several_take_while_some_cancel(void)
{
    each_is_taken_once(true);
}

static const struct check_test tests[] = {
    {"a higher level overtakes the window", higher_level_comes},
    {"items in the window can be cancelled", item_is_cancelled},
    {"items in the window are found", item_is_looked_for},
    {"items stay held and in order while others look for them", held_and_in_order_while_others_look},
    {"a queue with a full window is closed", queue_is_closed},
    {"the queue below has its turn after each item", queue_below_has_its_turn},
    {"the window of the queue below has its turn", window_below_has_its_turn},
    {"all items run while each blocks", others_go_on_while_one_blocks},
    {"several workers take each item once", several_take_each_once},
    {"several workers take items while some are cancelled", several_take_while_some_cancel},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
