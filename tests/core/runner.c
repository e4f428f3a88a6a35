/*
 * runner.c: queues with a runner, the link that tells whether an item is queued, and trial submissions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define COUNT 1000u

struct tracked {
    struct wq_item item;
    _Atomic unsigned runs;
};

static _Atomic unsigned total, open_links, gate_open, gate_entered;

static void WQ_CALL never(void *param)
{
    CHECK(!param, "the item's own routine was called");
}

static void WQ_CALL track(struct wq_item *item)
{
    open_links += !item->link;
    item->link = NULL;
    ((struct tracked *)item)->runs++;
    total++;
}

/* Every item reaches the runner once, and no link was NULL before. */
static void runner_each(void)
{
    static struct tracked items[COUNT];
    struct wq_queue *queue = wq_queue_create(WQ_UNLIMITED);

    total = open_links = 0;
    wq_queue_set_runner(queue, track);
    for (unsigned i = 0; i < COUNT; i++) {
        items[i] = (struct tracked){.item = {.routine = never, .param = &items[i]}};
        wq_queue_submit(queue, &items[i].item, i % WQ_LEVELS);
    }
    CHECK_WAIT(total == COUNT, "%u of %u ran", total, COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        CHECK(items[i].runs == 1 && !items[i].item.link, "item %u ran %u times", i, items[i].runs);
    CHECK(!open_links, "%u queued items had no link", open_links);
    wq_queue_close(queue, NULL, NULL);
}

static void WQ_CALL gate(struct wq_item *item)
{
    (void)item;
    gate_entered++;
    CHECK_WAIT(gate_open, "gate still shut");
    total++;
}

static void WQ_CALL track_plain(struct wq_item *item)
{
    (void)item;
    total++;
}

/* A serial queue takes a trial item when it is empty, and refuses another one while the first runs. */
static void try_busy(void)
{
    struct wq_item first = {.routine = never}, second = {.routine = never};
    struct wq_queue *queue = wq_queue_create(1);

    total = gate_open = gate_entered = 0;
    wq_queue_set_runner(queue, gate);
    CHECK_WAIT(wq_queue_try_submit(queue, &first, 0), "refused although idle");
    CHECK_WAIT(gate_entered == 1, "not run");
    CHECK(!wq_queue_try_submit(queue, &second, 0), "taken although busy");
    gate_open = 1;
    CHECK_WAIT(wq_queue_try_submit(queue, &second, 0), "refused although idle again");
    CHECK_WAIT(total == 2, "%u of 2 ran", total);
    wq_queue_close(queue, NULL, NULL);
}

/* A queue at its limit refuses a trial although a worker is idle. */
static void try_at_limit(void)
{
    struct wq_item first = {.routine = never}, second = {.routine = never}, other = {.routine = never};
    struct wq_queue *queue, *others;

    check_restart("4", NULL);
    queue = wq_queue_create(1);
    others = wq_queue_create(1);
    total = open_links = gate_open = gate_entered = 0;
    wq_queue_set_runner(queue, gate);
    wq_queue_set_runner(others, track_plain);
    wq_queue_submit(queue, &first, 0);
    CHECK_WAIT(gate_entered == 1, "not run");
    wq_queue_submit(others, &other, 0);
    CHECK_WAIT(total == 1, "the other queue's item did not run");
    CHECK_WAIT(check_counters().workers_parked || check_counters().workers == 1,
               "no worker is idle or has ended");
    CHECK(!wq_queue_try_submit(queue, &second, 0), "taken although the limit is reached");
    gate_open = 1;
    CHECK_WAIT(total == 2, "%u of 2 ran", total);
    wq_queue_close(queue, NULL, NULL);
    wq_queue_close(others, NULL, NULL);
}

/* When every worker is busy a trial is refused, and leaves nothing behind. */
static void try_all_busy(void)
{
    static struct wq_item busy[64], extra;
    struct wq_queue *queue = wq_queue_create(WQ_UNLIMITED);
    struct wq_counters counters;
    unsigned count = 0;

    total = gate_open = gate_entered = 0;
    wq_queue_set_runner(queue, gate);
    wq_raise_max_workers(1); /* starts the pool */
    wq_counters_read(&counters);
    for (; count < counters.processors; count++) {
        busy[count].routine = never;
        wq_queue_submit(queue, &busy[count], 0);
        CHECK_WAIT(gate_entered == count + 1, "%u of %u run", gate_entered, count + 1);
    }
    extra.routine = never;
    CHECK(!wq_queue_try_submit(queue, &extra, 31), "taken although all are busy");
    CHECK(!extra.link, "a refused item was touched");
    gate_open = 1;
    CHECK_WAIT(total == count, "%u of %u ran", total, count);
    wq_queue_close(queue, NULL, NULL);
}

/* Items that are initialised anew while they are queued stay in the queue, and are known to be there. */
static void initialized_anew(void)
{
    static struct tracked items[COUNT];
    static struct wq_item blocker;
    struct wq_queue *queue = wq_queue_create(1);

    total = open_links = gate_open = gate_entered = 0;
    wq_queue_set_runner(queue, gate);
    blocker.routine = never;
    wq_queue_submit(queue, &blocker, 0);
    CHECK_WAIT(gate_entered == 1, "not run");
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK(!wq_queue_holds(queue, &items[i].item), "item %u is held already", i);
        CHECK(!wq_item_looks_queued(&items[i].item), "item %u looks queued already", i);
        wq_queue_submit(queue, &items[i].item, i % WQ_LEVELS);
        CHECK(wq_item_looks_queued(&items[i].item), "item %u does not look queued", i);
        if (i % 3 == 0)
            items[i].item.link = NULL;
        CHECK(wq_queue_holds(queue, &items[i].item), "item %u is not held", i);
    }
    CHECK(wq_queue_cancel(queue, &items[0].item), "not cancelled");
    CHECK(!wq_queue_holds(queue, &items[0].item), "held although cancelled");
    gate_open = 1;
    CHECK_WAIT(total == COUNT, "%u of %u ran", total, COUNT);
    CHECK(!wq_queue_holds(queue, &items[1].item), "held although it ran");
    wq_queue_close(queue, NULL, NULL);
}

static const struct check_test tests[] = {
    {"a runner gets every item once, and queued items have a link", runner_each},
    {"items initialised anew while they are queued", initialized_anew},
    {"a trial is refused while something waits or runs", try_busy},
    {"a trial is refused at the limit", try_at_limit},
    {"a trial is refused while all workers are busy", try_all_busy},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
