/*
 * pool.c: private pools: their bounds, their independence, and their end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define ITEMS 400u

static _Atomic unsigned done, running, running_most, finished;
static struct check_gate gate;

static void enter(void)
{
    unsigned now = ++running, most = running_most;

    while (most < now && !atomic_compare_exchange_weak(&running_most, &most, now))
        ;
}

static void leave(void)
{
    running--;
    done++;
}

static void WQ_CALL brief_run(void *param)
{
    (void)param;
    enter();
    leave();
}

static void WQ_CALL finished_run(void *param)
{
    (void)param;
    finished++;
}

static struct wq_pool *pool_new(void)
{
    struct wq_pool *pool = wq_pool_create();

    if (!pool)
        check_give_up(__FILE__, __LINE__, "no pool");
    done = running = running_most = finished = 0;
    check_gate_init(&gate);
    return pool;
}

static struct wq_queue *queue_in(struct wq_pool *pool, unsigned limit)
{
    struct wq_queue *queue = wq_queue_create_in(pool, limit);

    if (!queue)
        check_give_up(__FILE__, __LINE__, "no queue");
    return queue;
}

static struct wq_item *items_new(unsigned count, wq_routine routine, void *param)
{
    struct wq_item *items = calloc(count, sizeof(*items));

    for (unsigned i = 0; i < count; i++)
        items[i] = (struct wq_item){.routine = routine, .param = param};
    return items;
}

static void submit_all(struct wq_queue *queue, struct wq_item *items, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        wq_queue_submit(queue, &items[i], 0);
}

/* Closes queue and pool, and waits until both have ended by themselves: shutting down is not needed for that. */
static void pool_end(struct wq_pool *pool, struct wq_queue *queue)
{
    wq_queue_close(queue, finished_run, NULL);
    wq_pool_close(pool);
    CHECK_WAIT(finished == 1, "the queue has not finished");
    CHECK_WAIT(!check_counters().pools && !check_counters().workers, "%u pools, %u workers",
               check_counters().pools, check_counters().workers);
}

/* ---- minimum ---- */

/* Spins until `meet` of these run at a time: only a thread for each lets them meet. */
static _Atomic unsigned here, meet;

static void WQ_CALL meet_run(void *param)
{
    uint64_t end = check_deadline();

    (void)param;
    here++;
    while (here < meet && !check_late(end))
        ;
    CHECK(here >= meet, "%u of %u came", here, meet);
    done++;
}

static void let_meet(struct wq_queue *queue, unsigned count)
{
    struct wq_item *items = items_new(count, meet_run, NULL);

    here = done = 0;
    meet = count;
    submit_all(queue, items, count);
    CHECK_WAIT(done == count, "%u of %u done", done, count);
    free(items);
}

static void minimum_runs_at_a_time(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);

    CHECK(wq_pool_set_minimum(pool, 7), "no threads");
    CHECK(check_counters().workers == 7, "%u workers", check_counters().workers);
    for (unsigned i = 0; i < 20; i++)
        let_meet(queue, 7);
    if (!check_stressed() || check_without_monitor()) /* else its delays look like waits to the monitor */
        CHECK(check_counters().workers_started == 7, "%u workers were started",
              check_counters().workers_started);
    pool_end(pool, queue);
}

static void minimum_keeps_threads(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);

    CHECK(wq_pool_set_minimum(pool, 3), "no threads");
    /* Under stress workers that are not kept retire after 0.3 ms. */
    for (unsigned i = 0; i < 30; i++) {
        uint64_t late = check_deadline();

        for (unsigned n = 0; n < 3; n++)
            check_late(late);
        CHECK(check_counters().workers == 3, "%u workers", check_counters().workers);
    }
    CHECK(check_counters().workers_started == 3, "%u workers were started", check_counters().workers_started);
    pool_end(pool, queue);
}

static void minimum_raises_maximum(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);

    wq_pool_set_maximum(pool, 1);
    CHECK(wq_pool_set_minimum(pool, 4), "no threads");
    let_meet(queue, 4);
    wq_pool_set_maximum(pool, 2);
    CHECK(wq_pool_set_minimum(pool, 0), "a minimum of none");
    CHECK(!wq_pool_set_minimum(pool, 4096), "more than there can be");
    pool_end(pool, queue);
}

/* ---- one thread ---- */

static pthread_t the_thread;
static _Atomic bool have_thread;

static void WQ_CALL same_thread_run(void *param)
{
    (void)param;
    if (!have_thread) {
        the_thread = pthread_self();
        have_thread = true;
    }
    CHECK(pthread_equal(the_thread, pthread_self()), "another thread");
    enter();
    leave();
}

static void one_thread(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED), *over;
    struct wq_item *items = items_new(ITEMS, same_thread_run, NULL);

    have_thread = false;
    wq_pool_set_maximum(pool, 1);
    CHECK(wq_pool_set_minimum(pool, 1), "no thread");
    over = wq_queue_create_over(queue, 3, 5);
    for (unsigned i = 0; i < ITEMS; i++) {
        wq_queue_submit(i % 3 ? queue : over, &items[i], i % 4);
        if (i % 50 == 0)
            CHECK_WAIT(done == i + 1, "%u of %u ran", done, i + 1);
    }
    CHECK_WAIT(done == ITEMS, "%u ran", done);
    CHECK(running_most == 1, "%u ran at a time", running_most);
    wq_queue_close(over, NULL, NULL);
    pool_end(pool, queue);
    free(items);
}

/* ---- maximum ---- */

static void WQ_CALL blocked_run(void *param)
{
    (void)param;
    enter();
    wq_blocking_begin();
    check_gate_wait(&gate, "the test opens the gate");
    wq_blocking_end();
    leave();
}

static void maximum_is_reached_and_kept(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);
    struct wq_item *items = items_new(ITEMS, blocked_run, NULL);

    wq_pool_set_maximum(pool, 5);
    submit_all(queue, items, ITEMS);
    CHECK_WAIT(running >= 5, "%u run", running);
    check_gate_open(&gate);
    CHECK_WAIT(done == ITEMS, "%u ran", done);
    CHECK(running_most == 5, "%u ran at a time", running_most);
    pool_end(pool, queue);
    free(items);
}

static void WQ_CALL gate_run(void *param)
{
    (void)param;
    here++;
    check_gate_wait(&gate, "the test opens the gate");
}

static unsigned awake(void)
{
    struct wq_counters c = check_counters();

    return c.workers - c.workers_parked;
}

/* More workers than the four may be awake, looking for work. Once they are parked none but the four goes on. */
static void maximum_is_lowered(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);
    struct wq_item *first = items_new(4, gate_run, NULL), *items = items_new(ITEMS, brief_run, NULL);

    here = 0;
    CHECK(wq_pool_set_minimum(pool, 4), "no threads");
    submit_all(queue, first, 4);
    CHECK_WAIT(here == 4 && awake() == 4, "%u run, %u are awake", here, awake());
    wq_pool_set_maximum(pool, 1);
    submit_all(queue, items, ITEMS);
    check_gate_open(&gate);
    CHECK_WAIT(done == ITEMS, "%u ran", done);
    CHECK(running_most == 1, "%u ran at a time", running_most);
    CHECK(wq_pool_set_minimum(pool, 4), "no threads");
    let_meet(queue, 4);
    pool_end(pool, queue);
    free(first);
    free(items);
}

static void maximum_of_none_is_one(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);
    struct wq_item *items = items_new(ITEMS, brief_run, NULL);

    wq_pool_set_maximum(pool, 0);
    submit_all(queue, items, ITEMS);
    CHECK_WAIT(done == ITEMS, "%u ran", done);
    CHECK(running_most == 1, "%u ran at a time", running_most);
    pool_end(pool, queue);
    free(items);
}

/* ---- independence ---- */

static void WQ_CALL open_run(void *param)
{
    check_gate_open(param);
}

static void a_full_default_pool_is_no_matter(void)
{
    struct wq_pool *pool;
    struct wq_queue *queue;
    struct wq_item *items = items_new(ITEMS, brief_run, NULL);

    check_restart("2", "3");
    pool = pool_new();
    queue = queue_in(pool, WQ_UNLIMITED);
    here = 0;
    for (unsigned i = 0; i < 10; i++)
        CHECK(wq_post(gate_run, NULL), "no memory");
    submit_all(queue, items, ITEMS);
    CHECK_WAIT(done == ITEMS, "%u ran", done);
    CHECK(here <= 3, "%u run", here);
    check_gate_open(&gate);
    wq_queue_close(queue, finished_run, NULL);
    wq_pool_close(pool);
    check_settled(ITEMS + 10);
    check_restart(NULL, NULL);
    free(items);
}

/* Waits for what it posts: it runs elsewhere. */
static void WQ_CALL post_run(void *param)
{
    struct check_gate posted;

    (void)param;
    check_gate_init(&posted);
    CHECK(wq_post(open_run, &posted), "no memory");
    check_gate_wait(&posted, "what was posted runs in the default pool");
    done++;
}

static void posts_go_to_the_default_pool(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);
    struct wq_item *items = items_new(20, post_run, NULL);

    wq_pool_set_maximum(pool, 1);
    submit_all(queue, items, 20);
    CHECK_WAIT(done == 20, "%u ran", done);
    wq_queue_close(queue, finished_run, NULL);
    wq_pool_close(pool);
    check_settled(40);
    free(items);
}

/* ---- stack ---- */

static void WQ_CALL deep_run(void *param)
{
    pthread_attr_t attributes;
    size_t size = 0;

    if (!pthread_getattr_np(pthread_self(), &attributes)) {
        pthread_attr_getstacksize(&attributes, &size);
        pthread_attr_destroy(&attributes);
    }
    CHECK(size >= *(size_t *)param && size < *(size_t *)param * 2, "%zu bytes of stack", size);
    done++;
}

static void stack_size(void)
{
    size_t size = 48u << 20;
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);
    struct wq_item *items = items_new(1, deep_run, &size);

    wq_pool_set_stack(pool, size, 65536);
    submit_all(queue, items, 1);
    CHECK_WAIT(done == 1, "%u ran", done);
    pool_end(pool, queue);
    free(items);
}

/* ---- the end ---- */

static void queued_items_run_after_close(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, 3);
    struct wq_item *first = items_new(1, gate_run, NULL), *items = items_new(ITEMS, brief_run, NULL);

    here = 0;
    submit_all(queue, first, 1);
    CHECK_WAIT(here == 1, "%u run", here);
    submit_all(queue, items, ITEMS);
    wq_pool_close(pool);
    CHECK(check_counters().pools == 1, "%u pools", check_counters().pools);
    wq_queue_close(queue, finished_run, NULL);
    check_gate_open(&gate);
    CHECK_WAIT(finished == 1 && !check_counters().pools, "%u finished, %u pools", finished,
               check_counters().pools);
    CHECK(done == ITEMS, "%u ran", done);
    check_settled(ITEMS + 1);
    free(first);
    free(items);
}

struct own_end {
    struct wq_item item;
    struct wq_pool *pool;
    struct wq_queue *queue;
};

static void WQ_CALL close_both_run(void *param)
{
    struct own_end *end = param;

    wq_pool_close(end->pool);
    wq_queue_close(end->queue, finished_run, NULL);
    done++;
}

static void closed_from_inside(void)
{
    for (unsigned i = 0; i < check_scaled(200); i++) {
        struct own_end end = {.item = {.routine = close_both_run, .param = &end}, .pool = pool_new()};

        end.queue = queue_in(end.pool, WQ_UNLIMITED);
        if (i % 2)
            CHECK(wq_pool_set_minimum(end.pool, i % 4), "no threads");
        wq_queue_submit(end.queue, &end.item, 0);
        CHECK_WAIT(finished == 1 && !check_counters().pools, "%u finished, %u pools", finished,
                   check_counters().pools);
    }
}

static void unused_pools_leave_nothing(void)
{
    uint64_t before;

    wq_pool_close(pool_new());
    CHECK_WAIT(!check_counters().pools, "%u pools", check_counters().pools);
    before = check_counters().memory;
    for (unsigned i = 0; i < 50; i++) {
        struct wq_pool *pool = pool_new();

        CHECK(wq_pool_set_minimum(pool, i % 3), "no threads");
        wq_pool_close(pool);
    }
    CHECK_WAIT(!check_counters().workers && check_counters().memory == before,
               "%u workers, %llu bytes of %llu", check_counters().workers,
               (unsigned long long)check_counters().memory, (unsigned long long)before);
}

static void an_open_pool_keeps_the_core(void)
{
    struct wq_pool *pool = pool_new();

    CHECK(!wq_shutdown(), "a pool is open");
    wq_pool_close(pool);
}

/* ---- races ---- */

#define RACERS 4u
#define EACH   60u

static void WQ_CALL free_run(void *param)
{
    enter();
    free(param);
    leave();
}

static void submit_new(struct wq_queue *queue, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct wq_item *item = items_new(1, free_run, NULL);

        item->param = item;
        wq_queue_submit(queue, item, i % 4);
    }
}

/* A pool from its beginning to its end, while others do the same. */
static void race(void *arg, unsigned number)
{
    for (unsigned round = 0; round < check_scaled(100); round++) {
        struct wq_pool *pool = wq_pool_create();
        struct wq_queue *queue = pool ? wq_queue_create_in(pool, round % 3 ? WQ_UNLIMITED : 1) : NULL;

        (void)arg;
        if (!queue)
            check_give_up(__FILE__, __LINE__, "no memory");
        wq_pool_set_maximum(pool, 1 + round % 5);
        if (round % 2)
            CHECK(wq_pool_set_minimum(pool, 1 + (number + round) % 3), "no threads");
        submit_new(queue, EACH / 2);
        wq_pool_set_maximum(pool, 2);
        submit_new(queue, EACH / 2);
        if (round % 4)
            wq_pool_close(pool);
        wq_queue_close(queue, finished_run, NULL);
        if (round % 4 == 0)
            wq_pool_close(pool);
    }
}

static void many_come_and_go(void)
{
    unsigned pools = RACERS * check_scaled(100);

    done = running = running_most = finished = 0;
    check_threads(RACERS, race, NULL);
    CHECK_WAIT(finished == pools && !check_counters().pools, "%u of %u finished", finished, pools);
    CHECK(done == pools * EACH, "%u of %u ran", done, pools * EACH);
    check_settled(pools * EACH);
}

static struct wq_queue *_Atomic shared_queue;

static void submit_shared(void *arg, unsigned number)
{
    (void)arg;
    if (number)
        submit_new(shared_queue, EACH);
    for (unsigned i = 0; !number && i < EACH; i++) {
        wq_pool_set_maximum(arg, 1 + i % 6);
        CHECK(wq_pool_set_minimum(arg, i % 5), "no threads");
    }
}

/* Bounds change while others submit. */
static void bounds_change_meanwhile(void)
{
    for (unsigned i = 0; i < check_scaled(100); i++) {
        struct wq_pool *pool = pool_new();

        shared_queue = queue_in(pool, i % 2 ? WQ_UNLIMITED : 4);
        check_threads(RACERS, submit_shared, pool);
        CHECK_WAIT(done == (RACERS - 1) * EACH, "%u ran", done);
        wq_pool_set_maximum(pool, 3);
        pool_end(pool, shared_queue);
    }
}

/* ---- failures ---- */

static void no_memory_for_a_pool(void)
{
    struct wq_pool *pool;
    unsigned failed = 0;

    wq_pool_close(pool_new()); /* the default pool is there */
    for (unsigned spared = 0;; spared++) {
        wq_fault_after(WQ_FAULT_MEMORY, spared);
        pool = wq_pool_create();
        if (!wq_fault_waits(WQ_FAULT_MEMORY)) {
            CHECK(!pool, "a pool without memory");
            failed++;
            continue;
        }
        wq_fault_set(WQ_FAULT_MEMORY, 0);
        break;
    }
    CHECK(pool && failed >= 3, "%u failures", failed);
    wq_pool_close(pool);
}

static void no_memory_for_a_worker(void)
{
    struct wq_pool *pool = pool_new();

    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    CHECK(!wq_pool_set_minimum(pool, 2), "workers without memory");
    CHECK(!wq_queue_create_in(pool, 1), "a queue without memory");
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    CHECK(wq_pool_set_minimum(pool, 2), "no threads");
    wq_pool_close(pool);
}

static void no_thread_for_the_minimum(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, WQ_UNLIMITED);

    wq_fault_after(WQ_FAULT_THREAD, 2);
    CHECK(!wq_pool_set_minimum(pool, 4), "there are two threads");
    CHECK(!wq_fault_waits(WQ_FAULT_THREAD), "no start failed");
    CHECK(check_counters().workers <= 2, "%u workers", check_counters().workers);
    CHECK(wq_pool_set_minimum(pool, 4), "no threads");
    let_meet(queue, 4);
    pool_end(pool, queue);
}

/* What found no thread is served with the next submission, though the queue is not idle any more. */
static void no_thread_for_an_item(void)
{
    struct wq_pool *pool = pool_new();
    struct wq_queue *queue = queue_in(pool, 1);
    struct wq_item *items = items_new(11, brief_run, NULL);

    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    submit_all(queue, items, 10);
    CHECK(!done && !check_counters().workers, "%u ran, %u workers", done, check_counters().workers);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    wq_queue_submit(queue, &items[10], 0);
    CHECK_WAIT(done == 11, "%u ran", done);
    pool_end(pool, queue);
    free(items);
}

static const struct check_test tests[] = {
    {"a minimum runs at a time, even if all compute", minimum_runs_at_a_time},
    {"workers of the minimum do not retire", minimum_keeps_threads},
    {"a minimum above the maximum raises it", minimum_raises_maximum},
    {"minimum and maximum of one: always the same thread", one_thread},
    {"the maximum is reached and kept", maximum_is_reached_and_kept},
    {"a lowered maximum holds from the next item on", maximum_is_lowered},
    {"a maximum of none is one", maximum_of_none_is_one},
    {"a default pool full of blocked routines delays nobody", a_full_default_pool_is_no_matter},
    {"wq_post goes to the default pool", posts_go_to_the_default_pool},
    {"stack size", stack_size},
    {"what is queued runs after the close", queued_items_run_after_close},
    {"closed from inside", closed_from_inside},
    {"pools that nobody used leave nothing", unused_pools_leave_nothing},
    {"an open pool keeps the core", an_open_pool_keeps_the_core},
    {"many pools come and go", many_come_and_go},
    {"bounds change while others submit", bounds_change_meanwhile},
    {"no memory for a pool", no_memory_for_a_pool},
    {"no memory for a worker", no_memory_for_a_worker},
    {"no thread for the minimum", no_thread_for_the_minimum},
    {"no thread for an item", no_thread_for_an_item},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
