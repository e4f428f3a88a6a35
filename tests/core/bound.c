/*
 * bound.c: queues that are bound to a processor: where their items run, and that nothing else is bound after.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sched.h>

#include "check.h"

#define PROCESSORS 64u
#define PER_QUEUE  500u

struct work {
    struct wq_item item;
    struct wq_queue *queue;
    unsigned processor; /* where it is to run; NOWHERE = anywhere */
    unsigned left;      /* how often it submits itself again */
};

#define NOWHERE UINT32_MAX

static unsigned processors[PROCESSORS], processor_count; /* that we may use */
static cpu_set_t all;
static _Atomic unsigned done, finished;

static void find_processors(void)
{
    processor_count = 0;
    if (sched_getaffinity(0, sizeof(all), &all))
        check_give_up(__FILE__, __LINE__, "no affinity");
    for (unsigned i = 0; i < CPU_SETSIZE && processor_count < PROCESSORS; i++) {
        if (CPU_ISSET(i, &all))
            processors[processor_count++] = i;
    }
    done = finished = 0;
}

static struct wq_queue *bound_new(unsigned limit, unsigned processor)
{
    struct wq_queue *queue = wq_queue_create(limit);

    if (!queue)
        check_give_up(__FILE__, __LINE__, "no queue");
    wq_queue_set_processor(queue, processor);
    return queue;
}

static void queue_end(struct wq_queue *queue)
{
    unsigned before = finished;

    wq_queue_close(queue, check_count, &finished);
    CHECK_WAIT(finished == before + 1, "the queue never finished; %u ran", done);
}

/* Where the calling thread may run. */
static void check_place(unsigned processor)
{
    cpu_set_t now;

    if (sched_getaffinity(0, sizeof(now), &now)) {
        CHECK(false, "no affinity");
        return;
    }
    if (processor == NOWHERE) {
        CHECK(CPU_EQUAL(&now, &all), "bound to some of %d processors: %d", CPU_COUNT(&all), CPU_COUNT(&now));
        return;
    }
    CHECK(CPU_COUNT(&now) == 1 && CPU_ISSET(processor, &now), "may run on %d processors", CPU_COUNT(&now));
    CHECK(wq_processor() == processor, "runs on %u instead of %u", wq_processor(), processor);
}

static void WQ_CALL place_run(void *param)
{
    struct work *work = param;

    check_place(work->processor);
    if (work->left) {
        work->left--;
        wq_queue_submit(work->queue, &work->item, work->left % WQ_LEVELS);
        return;
    }
    done++;
}

static struct work *works_new(unsigned count, struct wq_queue *queue, unsigned processor, unsigned left)
{
    struct work *works = calloc(count, sizeof(*works));

    for (unsigned i = 0; i < count; i++) {
        works[i].item.routine = place_run;
        works[i].item.param = &works[i];
        works[i].queue = queue;
        works[i].processor = processor;
        works[i].left = left;
    }
    return works;
}

/* ---- where items run ---- */

static void each_processor(void)
{
    struct wq_queue *queues[PROCESSORS];
    struct work *works[PROCESSORS];

    find_processors();
    for (unsigned i = 0; i < processor_count; i++) {
        queues[i] = bound_new(i % 2 ? WQ_UNLIMITED : 1, processors[i]);
        works[i] = works_new(PER_QUEUE, queues[i], processors[i], 2);
        for (unsigned k = 0; k < PER_QUEUE; k++)
            wq_queue_submit(queues[i], &works[i][k].item, k % WQ_LEVELS);
    }
    for (unsigned i = 0; i < processor_count; i++)
        queue_end(queues[i]);
    CHECK(done == processor_count * PER_QUEUE, "%u of %u ran", done, processor_count * PER_QUEUE);
    check_place(NOWHERE);
    for (unsigned i = 0; i < processor_count; i++)
        free(works[i]);
}

struct producer {
    struct wq_queue *queues[PROCESSORS];
    struct work *works[PROCESSORS];
};

/* A thread that is bound itself submits to the queue of the processor that it is told to be on. */
static void produce_own(void *arg, unsigned number)
{
    struct producer *producer = arg;
    cpu_set_t one;
    unsigned here;

    CPU_ZERO(&one);
    CPU_SET(processors[number], &one);
    if (sched_setaffinity(0, sizeof(one), &one))
        check_give_up(__FILE__, __LINE__, "a thread cannot be bound");
    for (unsigned k = 0; k < PER_QUEUE; k++) {
        here = wq_processor();
        CHECK(here == processors[number], "bound to %u, told %u", processors[number], here);
        producer->works[number][k].processor = here;
        wq_queue_submit(producer->queues[number], &producer->works[number][k].item, 0);
    }
}

static void own_processor(void)
{
    static struct producer producer;

    find_processors();
    for (unsigned i = 0; i < processor_count; i++) {
        producer.queues[i] = bound_new(WQ_UNLIMITED, processors[i]);
        producer.works[i] = works_new(PER_QUEUE, producer.queues[i], NOWHERE, 0);
    }
    check_threads(processor_count, produce_own, &producer);
    for (unsigned i = 0; i < processor_count; i++)
        queue_end(producer.queues[i]);
    CHECK(done == processor_count * PER_QUEUE, "%u of %u ran", done, processor_count * PER_QUEUE);
    for (unsigned i = 0; i < processor_count; i++)
        free(producer.works[i]);
}

static void not_ours(void)
{
    static const unsigned wrong[] = {CPU_SETSIZE - 1, CPU_SETSIZE, UINT32_MAX};

    find_processors();
    for (unsigned i = 0; i < CHECK_COUNT(wrong); i++) {
        struct wq_queue *queue = bound_new(1, wrong[i]);
        struct work *work = works_new(1, queue, NOWHERE, 3);

        wq_queue_submit(queue, &work->item, 0);
        CHECK_WAIT(done == i + 1, "%u ran", done);
        queue_end(queue);
        free(work);
    }
}

/* ---- what is left behind ---- */

static void WQ_CALL free_run(void *param)
{
    check_place(NOWHERE);
    check_count(param);
}

static void nothing_stays_bound(void)
{
    static _Atomic unsigned freely;
    struct wq_queue *bound, *unbound;
    struct work *works, *others;

    find_processors();
    freely = 0;
    bound = bound_new(1, processors[processor_count - 1]);
    unbound = wq_queue_create(1);
    works = works_new(PER_QUEUE, bound, processors[processor_count - 1], 0);
    others = works_new(PER_QUEUE, unbound, NOWHERE, 0);
    for (unsigned k = 0; k < PER_QUEUE; k++) {
        wq_queue_submit(bound, &works[k].item, 0);
        CHECK(wq_post(free_run, &freely), "refused");
        wq_queue_submit(unbound, &others[k].item, 0);
    }
    CHECK_WAIT(freely == PER_QUEUE, "%u of %u ran", freely, PER_QUEUE);
    queue_end(bound);
    queue_end(unbound);
    CHECK(done == 2 * PER_QUEUE, "%u of %u ran", done, 2 * PER_QUEUE);
    free(works);
    free(others);
}

/* ---- queues over each other ---- */

static void nested(void)
{
    unsigned first, last;
    struct wq_queue *below, *over, *own;
    struct work *a, *b, *c;

    find_processors();
    first = processors[0];
    last = processors[processor_count - 1];
    below = bound_new(WQ_UNLIMITED, first);
    over = wq_queue_create_over(below, 3, 1);
    own = wq_queue_create_over(below, 7, 1);
    wq_queue_set_processor(own, last);
    a = works_new(PER_QUEUE, over, first, 1);
    b = works_new(PER_QUEUE, own, last, 1);
    c = works_new(PER_QUEUE, below, first, 1);
    for (unsigned k = 0; k < PER_QUEUE; k++) {
        wq_queue_submit(over, &a[k].item, 0);
        wq_queue_submit(own, &b[k].item, 0);
        wq_queue_submit(below, &c[k].item, 5);
    }
    queue_end(over);
    queue_end(own);
    queue_end(below);
    CHECK(done == 3 * PER_QUEUE, "%u of %u ran", done, 3 * PER_QUEUE);
    free(a);
    free(b);
    free(c);
}

/* ---- blocking, closing ---- */

static struct check_gate gate, reached;

static void WQ_CALL gate_run(void *param)
{
    (void)param;
    check_gate_open(&reached);
    wq_blocking_begin(); /* one processor and no monitor will do */
    check_gate_wait(&gate, "the test opens the gate");
    wq_blocking_end();
    done++;
}

static void WQ_CALL open_run(void *param)
{
    (void)param;
    check_gate_open(&gate);
    done++;
}

/* A routine that waits does not keep its processor's other items from running. */
static void blocked(void)
{
    struct wq_item waits = {.routine = gate_run}, opens = {.routine = open_run};
    struct wq_queue *queue;

    find_processors();
    queue = bound_new(WQ_UNLIMITED, processors[0]);
    check_gate_init(&gate);
    check_gate_init(&reached);
    wq_queue_submit(queue, &waits, 0);
    check_gate_wait(&reached, "the first item starts");
    wq_queue_submit(queue, &opens, 0);
    CHECK_WAIT(done == 2, "%u of 2 ran", done);
    queue_end(queue);
}

/* Closed while one item runs and others are queued: all run, bound, then the queue finishes. */
static void closed_while_used(void)
{
    struct wq_item waits = {.routine = gate_run};
    struct wq_queue *queue;
    struct work *works;

    find_processors();
    queue = bound_new(1, processors[0]);
    works = works_new(PER_QUEUE, queue, processors[0], 0);
    check_gate_init(&gate);
    check_gate_init(&reached);
    wq_queue_submit(queue, &waits, 0);
    check_gate_wait(&reached, "the first item starts");
    for (unsigned k = 0; k < PER_QUEUE; k++)
        wq_queue_submit(queue, &works[k].item, 0);
    CHECK(wq_queue_cancel(queue, &works[7].item), "a queued item was not taken back");
    wq_queue_close(queue, check_count, &finished);
    CHECK(!finished && !done, "finished although %u ran", done);
    check_gate_open(&gate);
    CHECK_WAIT(finished, "never finished; %u ran", done);
    CHECK(done == PER_QUEUE, "%u of %u ran", done, PER_QUEUE);
    free(works);
}

static const struct check_test tests[] = {
    {"items run on the processor of their queue", each_processor},
    {"a bound thread's items run where it runs", own_processor},
    {"a processor that is not ours binds nothing", not_ours},
    {"nothing else runs bound afterwards", nothing_stays_bound},
    {"queues over a bound queue, bound elsewhere or not", nested},
    {"a routine that waits does not block its processor", blocked},
    {"closed while one item runs and others wait", closed_while_used},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
