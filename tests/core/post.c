/*
 * post.c: wq_post: everything runs exactly once, wherever it comes from, and nobody starves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

/* ---- exactly once: one counter for each call that was queued ---- */

struct ledger {
    unsigned count, producers;
    _Atomic unsigned done;
    struct entry {
        struct ledger *ledger;
        _Atomic unsigned runs;
    } * entries;
};

static void ledger_init(struct ledger *ledger, unsigned count)
{
    *ledger = (struct ledger){.count = count, .entries = calloc(count, sizeof(*ledger->entries))};
    for (unsigned i = 0; i < count; i++)
        ledger->entries[i].ledger = ledger;
}

/* Waits for all of them; other: routines besides. */
static void ledger_check(struct ledger *ledger, unsigned other)
{
    CHECK_WAIT(ledger->done == ledger->count, "%u of %u ran", ledger->done, ledger->count);
    check_settled(ledger->count + other);
    for (unsigned i = 0; i < ledger->count; i++)
        CHECK(ledger->entries[i].runs == 1, "call %u ran %u times", i, ledger->entries[i].runs);
    free(ledger->entries);
}

static void WQ_CALL entry_run(void *param)
{
    struct entry *entry = param;

    entry->runs++;
    entry->ledger->done++;
}

static void produce(void *arg, unsigned number)
{
    struct ledger *ledger = arg;

    for (unsigned i = number; i < ledger->count; i += ledger->producers)
        CHECK(wq_post(entry_run, &ledger->entries[i]), "call %u refused", i);
}

static void outside(unsigned producers)
{
    struct ledger ledger;

    ledger_init(&ledger, check_scaled(300000));
    ledger.producers = producers;
    check_threads(producers, produce, &ledger);
    ledger_check(&ledger, 0);
}

static void outside_1(void)
{
    outside(1);
}

static void outside_2(void)
{
    outside(2);
}

static void outside_4(void)
{
    outside(4);
}

static void outside_16(void)
{
    outside(16);
}

static void WQ_CALL fan_out_run(void *param)
{
    struct ledger *ledger = param;

    ledger->producers = 1;
    produce(ledger, 0);
}

static void fan_out(unsigned count)
{
    struct ledger ledger;

    ledger_init(&ledger, count);
    CHECK(wq_post(fan_out_run, &ledger), "refused");
    ledger_check(&ledger, 1);
}

static void inside_ring(void)
{
    fan_out(200);
}

static void inside_overflow(void)
{
    for (unsigned i = 0; i < 20; i++) {
        fan_out(257 + 100 * i);
        check_restart(getenv("CHECK_PROCESSORS"), NULL);
    }
}

static void inside_10000(void)
{
    fan_out(10000);
}

/* ---- a tree: each call queues two more ---- */

static _Atomic unsigned tree_runs;
static unsigned tree_levels;

static void WQ_CALL tree_run(void *param)
{
    uintptr_t level = (uintptr_t)param;

    tree_runs++;
    if (level < tree_levels) {
        CHECK(wq_post(tree_run, (void *)(level + 1)), "refused");
        CHECK(wq_post(tree_run, (void *)(level + 1)), "refused");
    }
}

static void inside_tree(void)
{
    unsigned expected;

    tree_runs = 0;
    for (tree_levels = 4; (2u << tree_levels) < check_scaled(200000);)
        tree_levels++;
    expected = (2u << tree_levels) - 1;
    CHECK(wq_post(tree_run, NULL), "refused");
    CHECK_WAIT(tree_runs == expected, "%u of %u ran", tree_runs, expected);
    check_settled(expected);
}

/* ---- routines that queue themselves again and again ---- */

static _Atomic bool spinners_stop;
static _Atomic unsigned spinners_left, spins;

static void WQ_CALL spinner_run(void *param)
{
    spins++;
    if (spinners_stop)
        spinners_left--;
    else
        CHECK(wq_post(spinner_run, param), "refused");
}

static void spinners_start(unsigned count)
{
    spinners_stop = false;
    spinners_left = count;
    for (unsigned i = 0; i < count; i++)
        CHECK(wq_post(spinner_run, NULL), "refused");
}

static void spinners_end(void)
{
    spinners_stop = true;
    CHECK_WAIT(!spinners_left, "%u still queue themselves", spinners_left);
}

static void spinners_do_not_starve_posts(void)
{
    _Atomic unsigned done = 0;

    spinners_start(4 * 64);
    for (unsigned i = 0; i < 1000; i++)
        CHECK(wq_post(check_count, &done), "refused");
    CHECK_WAIT(done == 1000, "%u of 1000 ran beside routines that queue themselves", done);
    spinners_end();
}

static struct check_gate left_behind;

static void WQ_CALL left_behind_run(void *param)
{
    (void)param;
    check_gate_open(&left_behind);
}

static void WQ_CALL leave_behind_run(void *param)
{
    unsigned before;

    wq_blocking_begin();
    before = spins;
    CHECK_WAIT(spins > before, "nobody took the place of a blocked worker");
    CHECK(wq_post(left_behind_run, param), "refused");
    check_gate_wait(&left_behind, "a call left in the ring of a blocked worker runs");
}

/* One processor's worth of workers is busy for ever; what a blocked routine queued must get its turn. */
static void spinners_do_not_starve_rings(void)
{
    check_restart("1", NULL);
    check_gate_init(&left_behind);
    spinners_start(3);
    CHECK(wq_post(leave_behind_run, NULL), "refused");
    check_gate_wait(&left_behind, "a blocked routine's call runs");
    spinners_end();
}

/* ---- back to back: each is queued when the one before has run, so every one needs its wake-up ---- */

static void one_at_a_time(void)
{
    unsigned count = check_scaled(5000);
    _Atomic unsigned done = 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t end = check_deadline();
        unsigned looks = 0;

        CHECK(wq_post(check_count, &done), "refused");
        while (done <= i) {
            if (looks++ > 10000 && check_late(end))
                check_give_up(__FILE__, __LINE__, "call %u was queued and never ran", i);
        }
    }
    check_settled(count);
}

static void million_empty_items(void)
{
    unsigned count = check_scaled(1000000);
    _Atomic unsigned done = 0;
    struct wq_counters c;

    for (unsigned i = 0; i < count; i++)
        CHECK(wq_post(check_count, &done), "refused");
    CHECK_WAIT(done == count, "%u of %u ran", done, count);
    check_settled(count);
    c = check_counters();
    CHECK(c.threads_peak <= c.processors + 2 || check_stressed(), "%u threads for %u processors",
          c.threads_peak, c.processors);
}

static const struct check_test tests[] = {
    {"exactly once, 1 producer", outside_1},
    {"exactly once, 2 producers", outside_2},
    {"exactly once, 4 producers", outside_4},
    {"exactly once, 16 producers", outside_16},
    {"exactly once, queued by a routine, fits the ring", inside_ring},
    {"exactly once, queued by a routine, overflows the ring", inside_overflow},
    {"exactly once, queued by a routine, 10000", inside_10000},
    {"exactly once, tree", inside_tree},
    {"self-queueing routines do not starve posts", spinners_do_not_starve_posts},
    {"self-queueing routines do not starve a blocked worker's ring", spinners_do_not_starve_rings},
    {"every single post wakes a worker", one_at_a_time},
    {"a million empty items need no more threads than processors", million_empty_items},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
