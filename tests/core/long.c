/*
 * long.c: items in the caller's memory for long routines and for the persistent thread, and routines that say while
 * they run that they may run long.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define MANY 300u

static _Atomic unsigned done;

struct work {
    struct wq_item item;
    struct check_gate gate; /* opened when it runs */
    struct work *awaited;   /* whose gate it waits for, or NULL */
    unsigned left;          /* times that it submits itself again */
    void (*submit)(struct wq_item *item);
    pthread_t thread; /* that ran it last */
    unsigned order;
};

static void WQ_CALL work_run(void *param)
{
    struct work *work = param;

    work->thread = pthread_self();
    work->order = done;
    if (work->awaited)
        check_gate_wait(&work->awaited->gate, "the item submitted next runs");
    if (work->left && work->left--)
        work->submit(&work->item);
    else
        check_gate_open(&work->gate);
    done++;
}

static struct work *works_new(unsigned count, void (*submit)(struct wq_item *item))
{
    struct work *works = calloc(count, sizeof(*works));

    for (unsigned i = 0; i < count; i++) {
        works[i].item = (struct wq_item){.spare = works, .routine = work_run, .param = &works[i]};
        works[i].submit = submit;
        check_gate_init(&works[i].gate);
    }
    done = 0;
    return works;
}

/* ---- long items ---- */

static void long_chain(void)
{
    struct work *works = works_new(MANY, wq_submit_long);

    for (unsigned i = 0; i < MANY; i++) {
        works[i].awaited = i + 1 < MANY ? &works[i + 1] : NULL;
        wq_submit_long(&works[i].item);
    }
    CHECK_WAIT(done == MANY, "%u of %u done", done, MANY);
    check_settled(MANY);
    free(works);
}

static void long_again(void)
{
    struct work *works = works_new(8, wq_submit_long);
    unsigned times = check_scaled(2000);

    for (unsigned i = 0; i < 8; i++) {
        works[i].left = times - 1;
        wq_submit_long(&works[i].item);
    }
    CHECK_WAIT(done == 8 * times, "%u of %u done", done, 8 * times);
    check_settled(8 * times);
    free(works);
}

static void long_without_memory(void)
{
    struct work *works = works_new(MANY, NULL);

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    for (unsigned i = 1; i < MANY; i++)
        wq_submit_long(&works[i].item);
    CHECK(!check_counters().threads && !done, "%u ran", done);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    wq_submit_long(&works[0].item);
    CHECK_WAIT(done == MANY, "%u of %u ran", done, MANY);
    check_settled(MANY);
    free(works);
}

static void long_left_by_no_memory(void)
{
    struct work *works = works_new(10, NULL);

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    for (unsigned i = 0; i < 10; i++)
        wq_submit_long(&works[i].item);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    CHECK(wq_shutdown(), "refused");
    CHECK(done == 10, "%u of 10 ran", done);
    free(works);
}

static void long_without_thread(void)
{
    struct work *works = works_new(2, NULL);

    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    wq_submit_long(&works[0].item);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    wq_submit_long(&works[1].item);
    CHECK_WAIT(done == 2, "%u of 2 ran", done);
    check_settled(2);
    free(works);
}

/* ---- persistent items ---- */

static void persistent_order(void)
{
    struct work *works = works_new(MANY, NULL);

    for (unsigned i = 0; i < MANY; i++) {
        if (i % 2)
            wq_submit_persistent(&works[i].item);
        else
            CHECK(wq_post_persistent(work_run, &works[i]), "refused");
    }
    CHECK_WAIT(done == MANY, "%u of %u done", done, MANY);
    for (unsigned i = 0; i < MANY; i++)
        CHECK(works[i].order == i && pthread_equal(works[i].thread, works[0].thread), "%u ran as number %u",
              i, works[i].order);
    free(works);
}

static void persistent_again(void)
{
    struct work *works = works_new(2, wq_submit_persistent);

    works[0].left = works[1].left = check_scaled(2000) - 1;
    wq_submit_persistent(&works[0].item);
    wq_submit_persistent(&works[1].item);
    CHECK_WAIT(done == 2 * check_scaled(2000), "%u done", done);
    free(works);
}

static void persistent_without_anything(void)
{
    struct work *works = works_new(4, NULL);

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    wq_submit_persistent(&works[0].item);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    wq_submit_persistent(&works[1].item);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    CHECK(!done, "%u ran", done);
    wq_submit_persistent(&works[2].item);
    CHECK_WAIT(done == 3, "%u of 3 ran", done);
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    wq_submit_persistent(&works[3].item);
    CHECK_WAIT(done == 4, "%u of 4 ran", done);
    free(works);
}

/* ---- routines that say that they may run long ---- */

static _Atomic unsigned yes, no;

/* Asks twice: the second time says only that it has been asked. */
static void WQ_CALL ask_run(void *param)
{
    ++*(wq_may_run_long() ? &yes : &no);
    CHECK(wq_may_run_long(), "refused the second time");
    if (param)
        check_gate_wait(param, "the test to open the gate");
    done++;
}

static void ask_zero(void)
{
    done = yes = no = 0;
}

static void may_elsewhere(void)
{
    struct work *works = works_new(1, NULL);

    CHECK(!wq_may_run_long(), "on a thread that is not the pool's");
    ask_zero();
    wq_submit_long(&works[0].item);
    CHECK(wq_post_long(ask_run, NULL), "refused");
    CHECK_WAIT(done == 2 && yes == 1, "%u done, %u told yes", done, yes);
    check_settled(2);
    free(works);
}

/* Each routine on the only worker is told so, and the next one is no long routine any more. */
static void may_not_at_the_maximum(void)
{
    check_restart("2", "1");
    ask_zero();
    for (unsigned i = 0; i < 10; i++)
        CHECK(wq_post(ask_run, NULL), "refused");
    CHECK_WAIT(done == 10, "%u done", done);
    CHECK(no == 10 && !yes, "%u told no, %u told yes", no, yes);
    check_settled(10);
    check_restart(NULL, NULL);
}

/* As long as another worker is idle or may be made the answer is yes. */
static void may_till_the_maximum(void)
{
    struct check_gate gate = CHECK_GATE;

    check_restart("1", "4");
    ask_zero();
    for (unsigned i = 1; i <= 4; i++) {
        CHECK(wq_post(ask_run, &gate), "refused");
        CHECK_WAIT(yes + no == i, "%u told yes, %u told no of %u", yes, no, i);
    }
    CHECK(yes == 3 && no == 1, "%u told yes, %u told no", yes, no);
    CHECK(check_counters().workers == 4, "%u workers", check_counters().workers);
    check_gate_open(&gate);
    CHECK_WAIT(done == 4, "%u done", done);
    check_settled(4);
    check_restart(NULL, NULL);
}

static void WQ_CALL ask_without_thread_run(void *param)
{
    (void)param;
    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    ++*(wq_may_run_long() ? &yes : &no);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    done++;
}

static void may_not_without_thread(void)
{
    check_restart("1", NULL);
    ask_zero();
    CHECK(wq_post(ask_without_thread_run, NULL), "refused");
    CHECK_WAIT(done == 1, "%u done", done);
    CHECK(no == 1, "told yes");
    check_settled(1);
    check_restart(NULL, NULL);
}

/* Brackets around waits nest in it. */
static void WQ_CALL ask_in_bracket_run(void *param)
{
    wq_blocking_begin();
    CHECK(wq_may_run_long(), "refused");
    wq_blocking_end();
    wq_blocking_begin();
    wq_blocking_end();
    check_gate_wait(param, "another routine runs beside one that may run long");
    done++;
}

static void WQ_CALL gate_open_run(void *param)
{
    check_gate_open(param);
}

static void may_in_bracket(void)
{
    struct check_gate gate = CHECK_GATE;

    check_restart("1", NULL);
    ask_zero();
    CHECK(wq_post(ask_in_bracket_run, &gate), "refused");
    CHECK(wq_post(gate_open_run, &gate), "refused");
    CHECK_WAIT(done == 1, "%u done", done);
    check_settled(2);
    check_restart(NULL, NULL);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {{"long_chain", long_chain},
                                              {"long_again", long_again},
                                              {"long_without_memory", long_without_memory},
                                              {"long_left_by_no_memory", long_left_by_no_memory},
                                              {"long_without_thread", long_without_thread},
                                              {"persistent_order", persistent_order},
                                              {"persistent_again", persistent_again},
                                              {"persistent_without_anything", persistent_without_anything},
                                              {"may_elsewhere", may_elsewhere},
                                              {"may_not_at_the_maximum", may_not_at_the_maximum},
                                              {"may_till_the_maximum", may_till_the_maximum},
                                              {"may_not_without_thread", may_not_without_thread},
                                              {"may_in_bracket", may_in_bracket}};

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
