/*
 * item.c: wq_submit: items in the caller's memory, and what happens when there is no memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define ROUNDS 50u

struct work {
    struct wq_item item; /* first, so that the routine's parameter can be either */
    _Atomic unsigned runs;
    unsigned left;
};

static _Atomic unsigned done;

static void WQ_CALL work_run(void *param)
{
    struct work *work = param;

    work->runs++;
    done++;
}

static struct work *works_new(unsigned count, wq_routine routine)
{
    struct work *works = calloc(count, sizeof(*works));

    for (unsigned i = 0; i < count; i++) {
        works[i].item.routine = routine;
        works[i].item.param = &works[i];
    }
    done = 0;
    return works;
}

static void works_check(struct work *works, unsigned count, unsigned runs)
{
    for (unsigned i = 0; i < count; i++)
        CHECK(works[i].runs == runs, "item %u ran %u times, not %u", i, works[i].runs, runs);
    free(works);
}

static void items_run_once(void)
{
    unsigned count = check_scaled(100000);
    struct work *works = works_new(count, work_run);

    for (unsigned i = 0; i < count; i++)
        wq_submit(&works[i].item);
    CHECK_WAIT(done == count, "%u of %u ran", done, count);
    check_settled(count);
    works_check(works, count, 1);
}

static void WQ_CALL again_run(void *param)
{
    struct work *work = param;

    work->runs++;
    if (--work->left)
        wq_submit(&work->item);
    else
        done++;
}

static void items_submit_themselves(void)
{
    struct work *works = works_new(100, again_run);

    for (unsigned i = 0; i < 100; i++) {
        works[i].left = ROUNDS;
        wq_submit(&works[i].item);
    }
    CHECK_WAIT(done == 100, "%u of 100 chains ended", done);
    check_settled(100 * ROUNDS);
    works_check(works, 100, ROUNDS);
}

static void WQ_CALL free_run(void *param)
{
    free(param);
    done++;
}

static void items_free_themselves(void)
{
    unsigned count = check_scaled(20000);

    done = 0;
    for (unsigned i = 0; i < count; i++) {
        struct wq_item *item = malloc(sizeof(*item));

        item->routine = free_run;
        item->param = item;
        wq_submit(item);
    }
    CHECK_WAIT(done == count, "%u of %u ran", done, count);
    check_settled(count);
}

/* ---- no memory ---- */

static void no_memory_for_the_pool(void)
{
    struct work *works = works_new(1000, work_run);

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    CHECK(!wq_post(work_run, &works[0]), "accepted");
    CHECK(!wq_post_long(work_run, &works[0]), "accepted");
    CHECK(!wq_post_persistent(work_run, &works[0]), "accepted");
    CHECK(!wq_queue_create(1), "made");
    CHECK(!wq_alloc(1), "given");
    for (unsigned i = 1; i < 1000; i++)
        wq_submit(&works[i].item);
    CHECK(check_counters().threads == 0, "%u threads", check_counters().threads);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    CHECK(wq_post(work_run, &works[0]), "refused");
    CHECK_WAIT(done == 1000, "%u of 1000 ran", done);
    check_settled(1000);
    works_check(works, 1000, 1);
}

static void items_left_by_no_memory_run_at_the_end(void)
{
    struct work *works = works_new(10, work_run);

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    for (unsigned i = 0; i < 10; i++)
        wq_submit(&works[i].item);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    CHECK(wq_shutdown(), "refused");
    works_check(works, 10, 1);
}

static struct check_gate held, may_go;

static void WQ_CALL hold_run(void *param)
{
    (void)param;
    check_gate_open(&held);
    check_gate_wait(&may_go, "the test lets its worker go");
}

/* One worker and one shard, the worker inside a routine. */
static void hold_the_worker(void)
{
    check_restart("1", "1");
    check_gate_init(&held);
    check_gate_init(&may_go);
    CHECK(wq_post(hold_run, NULL), "refused");
    check_gate_wait(&held, "the worker starts");
}

/* Posts until there is no memory, then submits. Returns how many calls were accepted. */
static unsigned post_until_no_memory(struct work *works, unsigned submits)
{
    unsigned posted = 0;

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    while (posted < 1000000 && wq_post(check_count, &done))
        posted++;
    CHECK(posted < 1000000, "memory never ran out");
    for (unsigned i = 0; i < submits; i++)
        wq_submit(&works[i].item);
    return posted + submits;
}

static void no_memory_outside(void)
{
    struct work *works = works_new(1000, work_run);
    unsigned accepted;

    hold_the_worker();
    accepted = post_until_no_memory(works, 1000);
    check_gate_open(&may_go);
    CHECK_WAIT(done == accepted, "%u of %u ran", done, accepted);
    check_settled(accepted + 1);
    works_check(works, 1000, 1);
}

static struct work *inside_works;
static _Atomic unsigned inside_accepted;

static void WQ_CALL flood_run(void *param)
{
    unsigned accepted = post_until_no_memory(inside_works, 1000);

    (void)param;
    inside_accepted = accepted;
}

static void no_memory_inside(void)
{
    inside_works = works_new(1000, work_run);
    inside_accepted = 0;
    hold_the_worker();
    CHECK(wq_post(flood_run, NULL), "refused");
    check_gate_open(&may_go);
    CHECK_WAIT(inside_accepted && done == inside_accepted, "%u of %u ran", done, inside_accepted);
    check_settled(inside_accepted + 2);
    works_check(inside_works, 1000, 1);
}

/* Memory comes and goes while four threads post and submit. */
struct flaky {
    unsigned count;
    _Atomic unsigned accepted;
    struct work *works;
};

static void flaky_produce(void *arg, unsigned number)
{
    struct flaky *flaky = arg;

    for (unsigned i = number; i < flaky->count; i += 4) {
        if (i % 64 == 0)
            wq_fault_set(WQ_FAULT_MEMORY, 3);
        if (i % 3 && wq_post(check_count, &done))
            flaky->accepted++;
        wq_submit(&flaky->works[i].item);
        flaky->accepted++;
    }
}

static void memory_comes_and_goes(void)
{
    struct flaky flaky = {check_scaled(200000), 0, NULL};

    flaky.works = works_new(flaky.count, work_run);
    check_threads(4, flaky_produce, &flaky);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    CHECK(wq_post(check_count, &done), "refused"); /* for what waits for a thread */
    flaky.accepted++;
    CHECK_WAIT(done == flaky.accepted, "%u of %u ran", done, flaky.accepted);
    check_settled(flaky.accepted);
    works_check(flaky.works, flaky.count, 1);
}

static const struct check_test tests[] = {
    {"items run once", items_run_once},
    {"items may submit themselves", items_submit_themselves},
    {"items may free themselves", items_free_themselves},
    {"no memory for the pool: posts fail, items wait", no_memory_for_the_pool},
    {"items left by lack of memory run at the end", items_left_by_no_memory_run_at_the_end},
    {"no memory outside: posts fail, items run", no_memory_outside},
    {"no memory inside a routine: posts fail, items run", no_memory_inside},
    {"memory comes and goes", memory_comes_and_goes},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
