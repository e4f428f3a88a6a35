/*
 * random.c: random operations from several threads against a model of what must have happened.
 *
 * Each of four threads owns items and posts, submits to the pool and to queues (some of them over others, and moved
 * about), cancels, looks for items, sends to the persistent thread; routines submit further items, say that they
 * block, or hold their queue, while memory or threads fail now and then. The model: an accepted call runs once, an
 * item runs or is cancelled once for each submission, a serial queue runs one at a time and in each owner's order, no
 * queue exceeds its limit and finishes once, after its last routine. CHECK_SEED repeats a run's choices (not its
 * timing).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sched.h>
#include <time.h>

#include "check.h"

#define OWNERS 4u
#define ITEMS  64u /* of each owner */
#define QUEUES 6u
#define LEVEL  7u /* items of serial queues all go there, so that order is defined */

enum state { IDLE, QUEUED };

struct queue {
    struct wq_queue *queue;
    unsigned limit;
    bool mixed; /* items of different levels go there */
    _Atomic unsigned running, finished;
    _Atomic unsigned submitted, over; /* over: run or cancelled */
    unsigned next[OWNERS];            /* serial queues: guarded by the queue itself */
};

struct work {
    struct wq_item item;
    struct queue *queue; /* NULL: the pool's */
    _Atomic unsigned state;
    unsigned owner, number;
    uint64_t random;
};

struct owner {
    uint64_t random;
    struct work works[ITEMS];
    unsigned sequence[QUEUES];
};

static struct queue queues[QUEUES];
static struct owner owners[OWNERS];
static _Atomic unsigned pool_expected, pool_ran, persistent_expected, persistent_ran, items_expected,
    items_over, items_cancelled;
static unsigned operations;

static unsigned roll(uint64_t *random, unsigned sides)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (unsigned)(*random >> 33) % sides;
}

static void WQ_CALL post_run(void *param);

/* Counted before it is queued, so that the model is never behind what runs. */
static void post(uint64_t random, bool (*how)(wq_routine routine, void *param))
{
    pool_expected++;
    if (!how(post_run, (void *)(uintptr_t)(random >> 8)))
        pool_expected--;
}

static void WQ_CALL post_run(void *param)
{
    uint64_t random = (uint64_t)(uintptr_t)param | 1;

    roll(&random, 1);
    if (roll(&random, 8) == 0)
        post(random, wq_post);
    if (roll(&random, 50) == 0) {
        wq_blocking_begin();
        sched_yield();
        wq_blocking_end();
    }
    pool_ran++;
}

static void WQ_CALL persistent_run(void *param)
{
    (void)param;
    persistent_ran++;
}

static void enter_queue(struct work *work)
{
    struct queue *queue = work->queue;
    unsigned now = ++queue->running;

    CHECK(!queue->finished, "an item runs after its queue finished");
    CHECK(queue->limit == WQ_UNLIMITED || now <= queue->limit, "%u run, %u may", now, queue->limit);
    if (queue->limit == 1) {
        CHECK(work->number >= queue->next[work->owner], "item %u of owner %u after %u", work->number,
              work->owner, queue->next[work->owner]);
        queue->next[work->owner] = work->number + 1;
    }
}

static void WQ_CALL item_run(void *param)
{
    struct work *work = param;
    struct queue *queue = work->queue;

    CHECK(work->state == QUEUED, "an item runs that is not queued");
    if (queue)
        enter_queue(work);
    if (roll(&work->random, 6) == 0)
        post(work->random, wq_post);
    if (roll(&work->random, 20) == 0)
        sched_yield();
    if (queue && roll(&work->random, 30) == 0) {
        wq_queue_hold(queue->queue);
        wq_queue_resume(queue->queue);
    }
    work->state = IDLE; /* the owner may submit it again, or free it */
    items_over++;
    if (queue) {
        queue->running--;
        queue->over++;
    }
}

static void submit(struct owner *owner, unsigned number)
{
    struct work *work = &owner->works[roll(&owner->random, ITEMS)];
    unsigned chosen = roll(&owner->random, QUEUES + 2);
    struct queue *queue = chosen < QUEUES ? &queues[chosen] : NULL;
    unsigned level;

    if (work->state != IDLE)
        return;
    work->state = QUEUED;
    work->item.routine = item_run;
    work->item.param = work;
    work->queue = queue;
    work->owner = number;
    work->random = owner->random;
    items_expected++;
    if (!queue) {
        wq_submit(&work->item);
        return;
    }
    work->number = owner->sequence[chosen]++;
    queue->submitted++;
    level = queue->mixed ? roll(&owner->random, 40) : LEVEL;
    if (roll(&owner->random, 8)) {
        wq_queue_submit(queue->queue, &work->item, level);
    } else if (!wq_queue_try_submit(queue->queue, &work->item, level)) {
        work->state = IDLE;
        items_expected--;
        queue->submitted--;
    }
}

static void cancel(struct owner *owner)
{
    struct work *work = &owner->works[roll(&owner->random, ITEMS)];
    struct queue *queue = work->queue;

    if (!queue || !wq_queue_cancel(queue->queue, &work->item))
        return;
    CHECK(work->state == QUEUED, "took an item back that was not queued");
    work->state = IDLE;
    items_over++;
    items_cancelled++;
    queue->over++;
}

/* To be told from one that it is not in, an item only has to be somewhere else. */
static void look(struct owner *owner)
{
    struct work *work = &owner->works[roll(&owner->random, ITEMS)];
    struct queue *queue = &queues[roll(&owner->random, QUEUES)];

    if (queue != work->queue)
        CHECK(!wq_queue_holds(queue->queue, &work->item), "an item is held by a queue that it is not in");
    else if (work->state == IDLE)
        CHECK(!wq_queue_holds(queue->queue, &work->item), "an item is held that is not queued");
}

/* The queue that something runs over: none, or one that was opened before it and will be closed after it. */
static struct wq_queue *choose_target(uint64_t *random, unsigned number)
{
    return number && roll(random, 3) ? queues[roll(random, number)].queue : NULL;
}

static void move(struct owner *owner)
{
    unsigned number = roll(&owner->random, QUEUES);
    struct wq_queue *target = choose_target(&owner->random, number);

    wq_queue_move(queues[number].queue, target, LEVEL + roll(&owner->random, 2),
                  roll(&owner->random, 2) ? WQ_UNRANKED : roll(&owner->random, 5));
}

static void operate(void *arg, unsigned number)
{
    struct owner *owner = &owners[number];

    (void)arg;
    for (unsigned i = 0; i < operations; i++) {
        unsigned what = roll(&owner->random, 1000);

        if (what < 500)
            submit(owner, number);
        else if (what < 680)
            cancel(owner);
        else if (what < 699)
            look(owner);
        else if (what < 700 && !number) /* one thread at a time */
            move(owner);
        else if (what < 950)
            post(owner->random, wq_post);
        else if (what < 970)
            persistent_expected += wq_post_persistent(persistent_run, NULL);
        else if (what < 990)
            post(owner->random, wq_post_long);
        else
            wq_fault_set(what & 1 ? WQ_FAULT_MEMORY : WQ_FAULT_THREAD, roll(&owner->random, 4));
    }
}

static void WQ_CALL queue_finished(void *param)
{
    struct queue *queue = param;

    CHECK(!queue->running && queue->submitted == queue->over, "finished with %u running, %u of %u over",
          queue->running, queue->over, queue->submitted);
    queue->finished++;
}

static void open_queues(uint64_t *random)
{
    for (unsigned i = 0; i < QUEUES; i++) {
        queues[i] = (struct queue){.limit = i < 2 ? 1 : i < 4 ? WQ_UNLIMITED : 1 + roll(random, 5)};
        queues[i].mixed = queues[i].limit != 1 && roll(random, 2);
        queues[i].queue = wq_queue_create_over(choose_target(random, i), LEVEL, queues[i].limit);
        if (!queues[i].queue)
            check_give_up(__FILE__, __LINE__, "no queue");
    }
}

/* Closes the queues with what is in them, waits and compares with the model. */
static void settle(void)
{
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    CHECK(wq_post(post_run, NULL), "refused"); /* tries again what found no thread */
    CHECK(wq_post_persistent(persistent_run, NULL), "refused");
    pool_expected++;
    persistent_expected++;
    for (unsigned i = QUEUES; i-- > 0;) {
        wq_queue_close(queues[i].queue, queue_finished, &queues[i]);
        CHECK_WAIT(queues[i].finished == 1, "queue %u: finished %u times, %u of %u over", i,
                   queues[i].finished, queues[i].over, queues[i].submitted);
    }
    /* In this order: items queue posts, and no item is queued any more. */
    CHECK_WAIT(items_over == items_expected, "%u of %u items over", items_over, items_expected);
    CHECK_WAIT(pool_ran == pool_expected, "%u of %u posted calls ran", pool_ran, pool_expected);
    CHECK_WAIT(persistent_ran == persistent_expected, "%u of %u ran", persistent_ran, persistent_expected);
    check_settled((uint64_t)pool_ran + items_over - items_cancelled);
}

static void random_operations(void)
{
    static const char *const processors[] = {"1", "2", "4", "64", NULL};
    static const char *const max_workers[] = {"1", "2", "8", NULL};
    const char *seed_text = getenv("CHECK_SEED");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : (uint64_t)time(NULL), random;
    unsigned rounds = check_scaled(400);

    printf("CHECK_SEED=%llu\n", (unsigned long long)seed);
    random = seed * 0x9e3779b97f4a7c15u | 1;
    for (unsigned round = 0; round < rounds; round++) {
        check_restart(processors[roll(&random, 5)], max_workers[roll(&random, 4)]);
        pool_expected = pool_ran = persistent_expected = persistent_ran = 0;
        items_expected = items_over = items_cancelled = 0;
        operations = 1 + roll(&random, 2000);
        open_queues(&random);
        for (unsigned i = 0; i < OWNERS; i++) {
            owners[i] = (struct owner){.random = random + i};
            roll(&random, 1);
        }
        check_threads(OWNERS, operate, NULL);
        settle();
    }
}

static const struct check_test tests[] = {
    {"random operations", random_operations},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
