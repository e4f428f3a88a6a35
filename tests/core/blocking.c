/*
 * blocking.c: routines that wait for others: these get a thread, whether the ones that wait said so or not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define MANY 300u

static _Atomic unsigned done;

static bool needs_monitor(void)
{
    if (check_without_monitor())
        check_skip("needs the monitor");
    return !check_without_monitor();
}

static void WQ_CALL gate_open_run(void *param)
{
    check_gate_open(param);
}

/* ---- long routines ---- */

struct chain {
    struct check_gate gates[MANY + 1];
    unsigned next;
    void (*begin)(void);
    void (*end)(void);
};

struct link {
    struct chain *chain;
    unsigned number;
};

static struct chain chain;
static struct link links[MANY + 1];

/* Waits for the routine that is queued after it. */
static void WQ_CALL link_run(void *param)
{
    struct link *link = param;

    if (link->chain->begin)
        link->chain->begin();
    if (link->number < link->chain->next)
        check_gate_wait(&link->chain->gates[link->number + 1], "the routine queued next runs");
    if (link->chain->end)
        link->chain->end();
    check_gate_open(&link->chain->gates[link->number]);
    done++;
}

static void chain_run(unsigned count, bool long_ones, void (*begin)(void), void (*end)(void))
{
    chain.next = count - 1;
    chain.begin = begin;
    chain.end = end;
    done = 0;
    for (unsigned i = 0; i < count; i++) {
        links[i] = (struct link){&chain, i};
        check_gate_init(&chain.gates[i]);
    }
    for (unsigned i = 0; i < count; i++)
        CHECK(long_ones ? wq_post_long(link_run, &links[i]) : wq_post(link_run, &links[i]), "refused");
    CHECK_WAIT(done == count, "%u of %u done", done, count);
    check_settled(count);
}

static void long_chain(void)
{
    chain_run(MANY, true, NULL, NULL);
}

static void hinted_chain(void)
{
    chain_run(MANY, false, wq_blocking_begin, wq_blocking_end);
}

static void long_and_hinted_chain(void)
{
    chain_run(MANY, true, wq_blocking_begin, wq_blocking_end);
}

static void WQ_CALL hint_then_wait_run(void *param)
{
    wq_blocking_begin();
    wq_blocking_end();
    CHECK(wq_post(gate_open_run, param), "refused");
    check_gate_wait(param, "another routine runs beside a long one that had said that it blocks");
    done++;
}

static void long_stays_long(void)
{
    struct check_gate gate = CHECK_GATE;

    check_restart("1", NULL);
    done = 0;
    CHECK(wq_post_long(hint_then_wait_run, &gate), "refused");
    CHECK_WAIT(done == 1, "still waiting");
    check_settled(2);
}

static void wait_for_gate_run(void *gate)
{
    check_gate_wait(gate, "a long routine starts before the backlog");
    done++;
}

/* Each of the backlog waits for the long routine. Only without the monitor is it sure that nobody replaces
 * the worker that waits before the long routine is there. */
static void long_overtakes_backlog(void)
{
    const unsigned backlog = 100;
    struct check_gate gate = CHECK_GATE;

    if (!check_without_monitor()) {
        check_skip("the monitor might start workers too early");
        return;
    }
    check_restart("1", NULL);
    done = 0;
    for (unsigned i = 0; i < backlog; i++)
        CHECK(wq_post(wait_for_gate_run, &gate), "refused");
    CHECK(wq_post_long(gate_open_run, &gate), "refused");
    CHECK_WAIT(done == backlog, "%u of %u done", done, backlog);
    check_settled(backlog + 1);
}

static _Atomic bool compute_stop;
static _Atomic unsigned computing;

static void WQ_CALL compute_run(void *param)
{
    volatile unsigned sink = 0;

    (void)param;
    computing++;
    while (!compute_stop)
        sink++;
    computing--;
    done++;
}

static void long_starts_while_all_compute(void)
{
    unsigned processors;
    struct check_gate gate = CHECK_GATE;

    CHECK(wq_post(check_count, &done), "refused");
    processors = check_counters().processors;
    done = 0;
    compute_stop = false;
    for (unsigned i = 0; i < processors; i++)
        CHECK(wq_post(compute_run, NULL), "refused");
    CHECK_WAIT(computing == processors, "%u of %u compute", computing, processors);
    CHECK(wq_post_long(gate_open_run, &gate), "refused");
    check_gate_wait(&gate, "a long routine starts while all workers compute");
    compute_stop = true;
    CHECK_WAIT(done >= processors, "%u of %u ended", done, processors);
}

/* ---- routines that do not say so ---- */

static void blocking_chain(void)
{
    if (needs_monitor())
        chain_run(MANY, false, NULL, NULL);
}

static void WQ_CALL nest_run(void *param)
{
    struct link *link = param;

    if (link->number < link->chain->next) {
        CHECK(wq_post(nest_run, link + 1), "refused");
        check_gate_wait(&link->chain->gates[link->number + 1], "the routine that this one queued runs");
    }
    check_gate_open(&link->chain->gates[link->number]);
    done++;
}

static void blocking_nest(void)
{
    if (!needs_monitor())
        return;
    chain.next = 99;
    done = 0;
    for (unsigned i = 0; i < 100; i++) {
        links[i] = (struct link){&chain, i};
        check_gate_init(&chain.gates[i]);
    }
    CHECK(wq_post(nest_run, &links[0]), "refused");
    CHECK_WAIT(done == 100, "%u of 100 done", done);
    check_settled(100);
}

/* ---- a thread for the others is refused ---- */

struct pair {
    struct check_gate gate;
    _Atomic bool posted;
};

static void WQ_CALL wait_while_no_threads_run(void *param)
{
    struct pair *pair = param;

    wq_blocking_begin();
    wq_fault_set(WQ_FAULT_THREAD, 1);
    CHECK(wq_post(gate_open_run, &pair->gate), "refused");
    check_gate_wait(&pair->gate, "a call runs although the first thread for it was refused");
    wq_blocking_end();
    done++;
}

/* The only worker waits for a call for which no thread was to be had, and nobody submits anything any more. */
static void refused_thread_is_tried_again(void)
{
    struct pair pair = {CHECK_GATE, false};

    if (!needs_monitor())
        return;
    done = 0;
    CHECK(wq_post(wait_while_no_threads_run, &pair), "refused");
    CHECK_WAIT(done == 1, "still waiting");
}

/* ---- routines that say they wait ---- */

static void waiting_chain(void)
{
    if (needs_monitor())
        chain_run(MANY, false, wq_waiting_begin, wq_waiting_end);
}

static struct check_gate both;
static _Atomic unsigned inside;

/* Two of them at a time, so there are two workers then. */
static void WQ_CALL meet_run(void *param)
{
    (void)param;
    if (++inside == 2)
        check_gate_open(&both);
    check_gate_wait(&both, "two long routines run at a time");
    done++;
}

static void WQ_CALL say_and_wait_run(void *param)
{
    struct check_gate *gate = param;
    unsigned parked;

    CHECK(wq_waiting_counts(), "not on a worker");
    CHECK(wq_post(gate_open_run, gate), "refused");
    wq_waiting_begin();
    CHECK(!wq_waiting_counts(), "twice");
    parked = check_counters().workers_parked;
    CHECK(!parked || check_gate_is_open(gate), "the other worker was not woken at once");
    check_gate_wait(gate, "a parked worker takes the place of one that waits");
    wq_waiting_end();
    CHECK(wq_waiting_counts(), "still in the bracket");
    done++;
}

/* One processor, two workers, of which one is parked: without the hint only the monitor would wake it. */
static void parked_takes_place(void)
{
    struct check_gate gate = CHECK_GATE;

    check_restart("1", NULL);
    check_gate_init(&both);
    done = inside = 0;
    CHECK(wq_post_long(meet_run, NULL) && wq_post_long(meet_run, NULL), "refused");
    CHECK_WAIT(done == 2, "%u of 2 met", done);
    if (check_stressed()) { /* its workers soon retire */
        check_skip("the second worker may be gone");
        return;
    }
    CHECK_WAIT(check_counters().workers_parked == 2, "%u parked", check_counters().workers_parked);
    CHECK(wq_post(say_and_wait_run, &gate), "refused");
    CHECK_WAIT(done == 3, "still waiting");
    check_settled(4);
}

static void WQ_CALL wait_briefly_run(void *param)
{
    (void)param;
    CHECK(wq_post(check_count, &done), "refused");
    for (unsigned i = 0; i < 1000; i++) {
        wq_waiting_begin();
        wq_waiting_end();
    }
    done++;
}

/* Only without the monitor is it sure that no look falls into two of these moments. */
static void moments_make_no_threads(void)
{
    if (!check_without_monitor()) {
        check_skip("the monitor may believe it");
        return;
    }
    CHECK(!wq_waiting_counts(), "counts outside of the pool");
    check_restart("1", NULL);
    done = 0;
    for (unsigned i = 0; i < 10; i++)
        CHECK(wq_post(wait_briefly_run, NULL), "refused");
    CHECK_WAIT(done == 20, "%u of 20 ran", done);
    CHECK(check_counters().workers_started == 1, "%u workers", check_counters().workers_started);
}

static void hints_nest(void)
{
    wq_blocking_begin(); /* nothing outside of the pool */
    wq_blocking_end();
    wq_blocking_end();
    wq_raise_max_workers(1u << 20);
    CHECK(check_counters().max_workers == 65535, "%u", check_counters().max_workers);
    hinted_chain();
}

static const struct check_test tests[] = {
    {"a refused thread is tried again", refused_thread_is_tried_again},
    {"long routines that wait for later ones", long_chain},
    {"routines that say they block wait for later ones", hinted_chain},
    {"long routines that say they block wait for later ones", long_and_hinted_chain},
    {"a long routine stays long after it said that it blocks", long_stays_long},
    {"blocking routines that wait for later ones", blocking_chain},
    {"blocking routines that wait for what they queued", blocking_nest},
    {"routines that say they wait wait for later ones", waiting_chain},
    {"a parked worker takes the place of one that says it waits", parked_takes_place},
    {"no threads are made for waits of a moment", moments_make_no_threads},
    {"a long routine overtakes the backlog", long_overtakes_backlog},
    {"a long routine starts while all workers compute", long_starts_while_all_compute},
    {"blocking hints do nothing outside", hints_nest},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
