/*
 * wait_group.c: waits for any of several eventfds: the routine is called once, exactly one signal is consumed,
 * and the other objects are left alone afterwards.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"

#define SIZE_MAX_USED 63u /* objects of the largest group */

static _Atomic unsigned fired, closed;

/* A group of semaphores and the wait for it. */
struct group {
    int fds[SIZE_MAX_USED];
    unsigned count;
    struct wq_wait *wait;
    _Atomic unsigned fired;
};

static void count(void *param, bool timed_out)
{
    struct group *group = param;

    CHECK(!timed_out, "timed out");
    atomic_fetch_add(&fired, 1);
    atomic_fetch_add(&group->fired, 1); /* last: what tests wait for */
}

static void count_closed(void *param)
{
    (void)param;
    atomic_fetch_add(&closed, 1);
}

static int semaphore_make(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
}

static void semaphore_release(int fd, uint64_t n)
{
    CHECK(write(fd, &n, sizeof(n)) == (ssize_t)sizeof(n), "errno %d", errno);
}

/* Takes all signals that are left in a group's semaphores; returns how many. */
static unsigned group_left(struct group *group)
{
    unsigned left = 0;
    uint64_t n;

    for (unsigned i = 0; i < group->count; i++)
        while (read(group->fds[i], &n, sizeof(n)) == (ssize_t)sizeof(n))
            left++;
    return left;
}

static enum wq_wait_result group_open(struct group *group, unsigned flags)
{
    void *objects[SIZE_MAX_USED];

    for (unsigned i = 0; i < group->count; i++)
        objects[i] = (void *)(intptr_t)(group->fds[i] + 1);
    return wq_wait_open_group(&group->wait, objects, group->count, count, group, flags);
}

static void group_make(struct group *group, unsigned size, unsigned flags)
{
    enum wq_wait_result result;

    group->count = size;
    group->fired = 0;
    group->wait = NULL;
    for (unsigned i = 0; i < size; i++)
        group->fds[i] = semaphore_make();
    result = group_open(group, flags);
    CHECK(result == WQ_WAIT_OK, "result %d", result);
}

static void group_end(struct group *group)
{
    for (unsigned i = 0; i < group->count; i++)
        close(group->fds[i]);
}

static void zero(void)
{
    fired = 0;
    closed = 0;
}

static const unsigned kinds[] = {0, WQ_WAIT_INLINE, WQ_WAIT_LONG, WQ_WAIT_IO, WQ_WAIT_PERSISTENT};

/* Everything is signalled, more than once, before the wait begins. */
static void test_one_is_consumed(void)
{
    static const unsigned sizes[] = {1, 2, 5, SIZE_MAX_USED};
    static struct group group;

    for (unsigned kind = 0; kind < CHECK_COUNT(kinds); kind++) {
        for (unsigned i = 0; i < CHECK_COUNT(sizes); i++) {
            unsigned left;

            zero();
            group_make(&group, sizes[i], kinds[kind]);
            for (unsigned k = 0; k < group.count; k++)
                semaphore_release(group.fds[k], 3);
            wq_wait_start(group.wait);
            CHECK_WAIT(fired == 1, "%u calls", fired);
            wq_wait_close(group.wait, count_closed, NULL);
            CHECK_WAIT(closed == 1, "%u closed", closed);
            left = group_left(&group);
            CHECK(fired == 1 && left == 3 * group.count - 1, "size %u, flags %#x: %u calls, %u signals left",
                  group.count, kinds[kind], fired, left);
            group_end(&group);
        }
    }
}

/* Any of the objects will do; those of groups that have fired are not waited for although these are open. */
static void test_each_object(void)
{
    enum { SIZE = 7 };
    static struct group groups[SIZE];

    for (unsigned kind = 0; kind < CHECK_COUNT(kinds); kind++) {
        zero();
        for (unsigned i = 0; i < SIZE; i++) {
            group_make(&groups[i], SIZE, kinds[kind]);
            wq_wait_start(groups[i].wait);
        }
        for (unsigned i = 0; i < SIZE; i++) {
            semaphore_release(groups[i].fds[i], 1);
            CHECK_WAIT(groups[i].fired == 1, "group %u: %u calls", i, groups[i].fired);
            for (unsigned k = 0; k < SIZE; k++)
                semaphore_release(groups[i].fds[k], 1);
            CHECK(fired == i + 1, "%u calls of %u", fired, i + 1);
        }
        for (unsigned i = 0; i < SIZE; i++) {
            unsigned left = group_left(&groups[i]);

            wq_wait_close(groups[i].wait, count_closed, NULL);
            CHECK(left == SIZE, "group %u: %u signals left", i, left);
            group_end(&groups[i]);
        }
        CHECK_WAIT(closed == SIZE, "%u closed", closed);
        CHECK(fired == SIZE, "%u calls", fired);
    }
}

/* Groups and single waits share threads; whatever leaves its slots, the others are still themselves. */
static void test_mixed(void)
{
    enum { GROUPS = 40 };
    static struct group groups[GROUPS];

    for (unsigned kind = 0; kind < 2; kind++) {
        zero();
        for (unsigned i = 0; i < GROUPS; i++) {
            group_make(&groups[i], i % 3 ? 1 + i * 7 % 40 : 1, kinds[kind]);
            wq_wait_start(groups[i].wait);
        }
        CHECK(check_counters().waits == GROUPS, "%u waits", check_counters().waits);
        CHECK(check_counters().wait_threads > 1, "%u threads", check_counters().wait_threads);
        for (unsigned i = 1; i < GROUPS; i += 2) /* from the middle of the slots */
            wq_wait_close(groups[i].wait, count_closed, NULL);
        for (unsigned i = GROUPS; i-- > 0;) {
            semaphore_release(groups[i].fds[groups[i].count / 2], 1);
            if (i % 2)
                continue;
            CHECK_WAIT(groups[i].fired == 1, "group %u: %u calls", i, groups[i].fired);
            wq_wait_close(groups[i].wait, count_closed, NULL);
        }
        CHECK_WAIT(closed == GROUPS, "%u closed", closed);
        for (unsigned i = 0; i < GROUPS; i++) {
            unsigned left = group_left(&groups[i]);

            CHECK(groups[i].fired + left == 1 && left == i % 2, "group %u: %u calls, %u left", i,
                  groups[i].fired, left);
            group_end(&groups[i]);
        }
        CHECK(wq_shutdown(), "shutdown");
        CHECK(!check_counters().threads && !check_counters().waits, "%u threads, %u waits",
              check_counters().threads, check_counters().waits);
    }
}

struct race {
    struct group group;
    struct check_gate go;
};

/* Thread 0 starts and closes the wait while 1 and 2 signal all objects; 3 lets them go. */
static void race(void *arg, unsigned number)
{
    struct race *at = arg;

    if (number == 3) {
        check_gate_open(&at->go);
        return;
    }
    check_gate_wait(&at->go, "the start of the race");
    if (number) {
        for (unsigned i = 0; i < at->group.count; i++)
            semaphore_release(at->group.fds[(i + number) % at->group.count], 1);
    } else {
        wq_wait_start(at->group.wait);
        wq_wait_close(at->group.wait, count_closed, NULL);
    }
}

/* Whenever the wait is closed, at most one signal is gone, and then the routine was called. */
static void test_close_races(void)
{
    static struct race at;

    zero();
    for (unsigned i = 0; i < check_scaled(300); i++) {
        unsigned before = fired, left;

        group_make(&at.group, 1 + i % 5, i & 1 ? WQ_WAIT_INLINE : 0);
        check_gate_init(&at.go);
        check_threads(4, race, &at);
        CHECK_WAIT(closed == i + 1, "%u closed of %u", closed, i + 1);
        left = group_left(&at.group);
        CHECK(fired - before <= 1, "%u calls", fired - before);
        CHECK(left + fired - before == 2 * at.group.count, "%u calls, %u left of %u", fired - before, left,
              2 * at.group.count);
        group_end(&at.group);
    }
}

/* The routine closes its own wait, as one-shot users do. */
static void close_self(void *param, bool timed_out)
{
    struct group *group = param;

    (void)timed_out;
    atomic_fetch_add(&fired, 1);
    wq_wait_close(group->wait, count_closed, NULL);
}

static void test_close_inside(void)
{
    enum { SIZE = 4 };
    static struct group group;
    void *objects[SIZE];

    for (unsigned kind = 0; kind < CHECK_COUNT(kinds); kind++) {
        zero();
        group.count = SIZE;
        for (unsigned i = 0; i < SIZE; i++) {
            group.fds[i] = semaphore_make();
            objects[i] = (void *)(intptr_t)(group.fds[i] + 1);
        }
        CHECK(wq_wait_open_group(&group.wait, objects, SIZE, close_self, &group, kinds[kind]) == WQ_WAIT_OK,
              "not opened");
        wq_wait_start(group.wait);
        for (unsigned i = 0; i < SIZE; i++)
            semaphore_release(group.fds[i], 1);
        CHECK_WAIT(closed == 1, "%u closed", closed);
        CHECK(fired == 1 && group_left(&group) == SIZE - 1, "%u calls", fired);
        group_end(&group);
    }
}

/* A descriptor that is closed early ends its group and no other wait. */
static void test_bad_object(void)
{
    static struct group bad, good;
    void *objects[SIZE_MAX_USED + 1] = {NULL};
    struct wq_wait *none = NULL;

    zero();
    group_make(&bad, 3, 0);
    group_make(&good, 3, 0);
    wq_wait_start(bad.wait);
    wq_wait_start(good.wait);
    close(bad.fds[1]);
    semaphore_release(good.fds[2], 1);
    CHECK_WAIT(good.fired == 1, "%u calls", good.fired);
    CHECK(!bad.fired, "%u calls", bad.fired);
    wq_wait_close(bad.wait, count_closed, NULL);
    wq_wait_close(good.wait, count_closed, NULL);
    CHECK_WAIT(closed == 2, "%u closed", closed);
    bad.wait = NULL;
    CHECK(group_open(&bad, 0) == WQ_WAIT_BAD_OBJECT && !bad.wait, "opened with a closed descriptor");
    bad.fds[1] = bad.fds[0];
    group_end(&good);
    close(bad.fds[0]);
    close(bad.fds[2]);
    CHECK(wq_wait_open_group(&none, objects, 0, count, NULL, 0) == WQ_WAIT_BAD_OBJECT, "none");
    CHECK(wq_wait_open_group(&none, objects, SIZE_MAX_USED + 1, count, NULL, 0) == WQ_WAIT_BAD_OBJECT,
          "too many");
}

/* A group that is open at the end of the core may be closed later. */
static void test_shutdown_open(void)
{
    static struct group group;

    zero();
    group_make(&group, 5, 0);
    wq_wait_start(group.wait);
    CHECK(wq_shutdown(), "shutdown");
    semaphore_release(group.fds[3], 1);
    CHECK(wq_wait_close(group.wait, count_closed, NULL) == WQ_WAIT_LEFT_NONE && closed == 1, "%u closed",
          closed);
    CHECK(!fired && group_left(&group) == 1, "%u calls", fired);
    group_end(&group);
}

/* Whichever operation fails: it is reported, and nothing is left, which the harness checks. */
static void test_faults(void)
{
    static struct group group = {.count = 2};

    group.fds[0] = semaphore_make();
    group.fds[1] = semaphore_make();
    for (unsigned kind = WQ_FAULT_MEMORY; kind <= WQ_FAULT_THREAD; kind++) {
        bool failed = true;

        for (unsigned n = 0; failed; n++) {
            enum wq_wait_result result;

            group.wait = NULL;
            wq_fault_after(kind, n);
            result = group_open(&group, 0);
            failed = !wq_fault_waits(kind);
            wq_fault_set(kind, 0);
            CHECK(result == (failed ? WQ_WAIT_NO_MEMORY : WQ_WAIT_OK), "fault %u, operation %u: result %d",
                  kind, n, result);
            CHECK((group.wait == NULL) == failed, "fault %u, operation %u: a wait", kind, n);
            if (group.wait)
                wq_wait_close(group.wait, NULL, NULL);
            CHECK(n || failed, "nothing failed");
            CHECK(wq_shutdown(), "shutdown");
        }
    }
    group_end(&group);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {{"one_is_consumed", test_one_is_consumed},
                                              {"each_object", test_each_object},
                                              {"mixed", test_mixed},
                                              {"close_races", test_close_races},
                                              {"close_inside", test_close_inside},
                                              {"bad_object", test_bad_object},
                                              {"shutdown_open", test_shutdown_open},
                                              {"faults", test_faults}};

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
