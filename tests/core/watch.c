/*
 * watch.c: watches on eventfds: each setting completes once or is recalled, recalling is exact and consumes no
 * signal, setting needs no memory, and what is closed gives everything back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define MS 1000u /* in microseconds */

/* A watch, a semaphore that it waits for, and what is known of both. */
struct eye {
    struct wq_watch *watch;
    int fd;
    _Atomic unsigned held, fired, timed;
    void (*inside)(struct eye *eye); /* called by the routine, or NULL */
};

static void hold(void *param)
{
    ((struct eye *)param)->held++;
}

static void seen(void *param, bool timed_out)
{
    struct eye *eye = param;

    if (eye->inside)
        eye->inside(eye);
    ++*(timed_out ? &eye->timed : &eye->fired);
}

static void *object_of(int fd)
{
    return (void *)(intptr_t)(fd + 1);
}

static int semaphore_make(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
}

static void semaphore_release(int fd, uint64_t n)
{
    CHECK(write(fd, &n, sizeof(n)) == (ssize_t)sizeof(n), "errno %d", errno);
}

/* Takes all signals that are left; returns how many. */
static unsigned semaphore_left(int fd)
{
    unsigned left = 0;
    uint64_t n;

    while (read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
        left++;
    return left;
}

static void eye_open(struct eye *eye)
{
    enum wq_wait_result result;

    memset(eye, 0, sizeof(*eye));
    eye->fd = semaphore_make();
    result = wq_watch_create(&eye->watch, seen, eye, hold);
    if (result != WQ_WAIT_OK)
        check_give_up(__FILE__, __LINE__, "result %d", result);
}

static bool eye_set(struct eye *eye, uint64_t due_us, unsigned flags)
{
    bool recalled = true;
    uint32_t status = wq_watch_set(eye->watch, object_of(eye->fd), due_us, flags, &recalled);

    CHECK(!status, "status %u", status);
    return recalled;
}

/* Waits until the routines that are owed have returned, as far as that can be seen. */
static void eye_settle(struct eye *eye)
{
    CHECK_WAIT(eye->held == eye->fired + eye->timed, "%u held, %u fired, %u timed out", eye->held, eye->fired,
               eye->timed);
}

static void eye_close(struct eye *eye)
{
    wq_watch_close(eye->watch);
    eye_settle(eye);
    close(eye->fd);
}

static uint64_t clock_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec + 11644473600) * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* One setting, one signal, whatever else the object has. */
static void test_once(void)
{
    struct eye eye;

    eye_open(&eye);
    semaphore_release(eye.fd, 3);
    for (unsigned i = 1; i <= 2; i++) {
        CHECK(!eye_set(&eye, WQ_NEVER, 0), "something was recalled");
        CHECK_WAIT(eye.fired == i, "%u fired of %u", eye.fired, i);
        CHECK(!wq_watch_unset(eye.watch), "a setting that has completed was recalled");
    }
    CHECK(semaphore_left(eye.fd) == 1 && eye.held == 2 && !eye.timed, "%u held, %u timed out", eye.held,
          eye.timed);
    eye_close(&eye);
}

static void test_recall(void)
{
    struct eye eye;

    eye_open(&eye);
    CHECK(!wq_watch_unset(eye.watch), "nothing was set");
    eye_set(&eye, WQ_NEVER, 0);
    CHECK(wq_watch_unset(eye.watch), "not recalled");
    CHECK(!wq_watch_unset(eye.watch), "recalled twice");
    semaphore_release(eye.fd, 1);
    CHECK(!eye.held && semaphore_left(eye.fd) == 1, "a signal was consumed");
    eye_close(&eye);
}

/* Setting a watch anew takes the old object back, with its signals. */
static void test_replace(void)
{
    struct eye eye;
    bool recalled = false;
    int other = semaphore_make();

    eye_open(&eye);
    eye_set(&eye, WQ_NEVER, 0);
    CHECK(!wq_watch_set(eye.watch, object_of(other), WQ_NEVER, 0, &recalled) && recalled, "not recalled");
    semaphore_release(eye.fd, 1);
    semaphore_release(other, 1);
    CHECK_WAIT(eye.fired == 1, "%u fired", eye.fired);
    CHECK(semaphore_left(eye.fd) == 1 && !semaphore_left(other), "the wrong signal was consumed");
    eye_close(&eye);
    close(other);
}

static void test_time_out(void)
{
    const uint64_t delays[] = {0, 1, 5 * MS};
    struct eye eye;

    eye_open(&eye);
    for (unsigned i = 0; i < CHECK_COUNT(delays); i++) {
        eye_set(&eye, delays[i], 0);
        CHECK_WAIT(eye.timed == i + 1, "%u timed out", eye.timed);
        CHECK(!wq_watch_unset(eye.watch), "recalled after its time-out");
    }
    for (unsigned i = 1; i <= 3; i++) { /* a signal that is there counts, also if there is no time */
        semaphore_release(eye.fd, 1);
        eye_set(&eye, 0, 0);
        CHECK_WAIT(eye.fired == i, "%u fired", eye.fired);
    }
    CHECK(eye.timed == CHECK_COUNT(delays) && !semaphore_left(eye.fd), "%u timed out", eye.timed);
    eye_set(&eye, UINT64_MAX - 1, 0);
    CHECK(wq_watch_unset(eye.watch), "a time-out far away has come");
    eye_close(&eye);
}

static void test_clock(void)
{
    struct eye eye;
    uint64_t due = clock_now_us() + 20 * MS;

    eye_open(&eye);
    eye_set(&eye, due, WQ_WATCH_CLOCK);
    CHECK_WAIT(eye.timed == 1, "not timed out");
    CHECK(clock_now_us() >= due, "too early");
    eye_set(&eye, 1, WQ_WATCH_CLOCK);
    CHECK_WAIT(eye.timed == 2, "the past has not come");
    eye_set(&eye, clock_now_us() + 3600000000, WQ_WATCH_CLOCK);
    eye_set(&eye, WQ_NEVER - 1, WQ_WATCH_CLOCK);
    eye_set(&eye, WQ_NEVER, WQ_WATCH_CLOCK);
    semaphore_release(eye.fd, 1);
    CHECK_WAIT(eye.fired == 1, "not fired");
    CHECK(eye.timed == 2, "%u timed out", eye.timed);
    eye_close(&eye);
}

/* While another object of the same thread never rests, times are up all the same. */
static void test_time_out_beside(void)
{
    struct eye busy, eye;

    eye_open(&busy);
    eye_open(&eye);
    semaphore_release(busy.fd, 100000000);
    eye_set(&eye, MS, 0);
    CHECK_WAIT((eye_set(&busy, WQ_NEVER, 0), eye.timed == 1), "not timed out, %u signals", busy.fired);
    eye_set(&eye, clock_now_us() + MS, WQ_WATCH_CLOCK);
    CHECK_WAIT((eye_set(&busy, WQ_NEVER, 0), eye.timed == 2), "not timed out by the clock, %u signals",
               busy.fired);
    eye_close(&busy);
    eye_close(&eye);
}

/* The caller's handle may go at once, and its number may come back for something else. */
static void test_handle_closed(void)
{
    struct eye eye;
    int other, reused;

    eye_open(&eye);
    other = dup(eye.fd);
    CHECK(!wq_watch_set(eye.watch, object_of(other), WQ_NEVER, 0, NULL), "not set");
    close(other);
    reused = semaphore_make();
    CHECK(reused == other, "the number did not come back");
    semaphore_release(reused, 1);
    eye_settle(&eye);
    CHECK(!eye.held, "another object's signal counts");
    semaphore_release(eye.fd, 1);
    CHECK_WAIT(eye.fired == 1, "%u fired", eye.fired);
    CHECK(semaphore_left(reused) == 1, "another object's signal was consumed");
    close(reused);
    eye_set(&eye, MS, 0);
    close(eye.fd);
    CHECK_WAIT(eye.timed == 1, "no time-out without the caller's handle");
    eye.fd = semaphore_make();
    eye_close(&eye);
}

static void test_bad_object(void)
{
    struct eye eye;
    bool recalled = true;
    int bad;

    eye_open(&eye);
    eye_set(&eye, WQ_NEVER, 0);
    bad = semaphore_make();
    close(bad);
    CHECK(wq_watch_set(eye.watch, object_of(bad), 0, 0, &recalled) == EBADF && !recalled, "recalled: %d",
          recalled);
    semaphore_release(eye.fd, 1);
    CHECK_WAIT(eye.fired == 1, "the setting before was lost");
    eye_close(&eye);
}

static void close_inside(struct eye *eye)
{
    wq_watch_close(eye->watch);
}

static void set_inside(struct eye *eye)
{
    if (eye->fired < 9)
        CHECK(!eye_set(eye, WQ_NEVER, 0), "recalled in the routine");
}

static void set_and_unset_inside(struct eye *eye)
{
    eye_set(eye, WQ_NEVER, 0);
    CHECK(eye_set(eye, WQ_NEVER, 0), "not recalled in the routine");
    CHECK(wq_watch_unset(eye->watch), "not unset in the routine");
}

static void set_and_close_inside(struct eye *eye)
{
    eye_set(eye, WQ_NEVER, 0);
    close_inside(eye);
}

static void test_inside(void)
{
    struct eye eye;

    eye_open(&eye);
    eye.inside = set_inside;
    semaphore_release(eye.fd, 100);
    eye_set(&eye, WQ_NEVER, 0);
    CHECK_WAIT(eye.fired == 10, "%u fired", eye.fired);
    CHECK(semaphore_left(eye.fd) == 90, "the wrong number of signals was consumed");
    eye.inside = set_and_unset_inside;
    semaphore_release(eye.fd, 9);
    eye_set(&eye, WQ_NEVER, 0);
    CHECK_WAIT(eye.fired == 11, "%u fired", eye.fired);
    CHECK(semaphore_left(eye.fd) == 8, "the wrong number of signals was consumed");
    eye_close(&eye);
}

static void test_close_inside(void)
{
    struct eye eye;

    for (unsigned i = 0; i < check_scaled(1000); i++) {
        eye_open(&eye);
        eye.inside = i & 1 ? close_inside : set_and_close_inside;
        semaphore_release(eye.fd, 5);
        eye_set(&eye, i & 2 ? 0 : WQ_NEVER, 0);
        CHECK_WAIT(eye.fired == 1, "%u fired", eye.fired);
        CHECK(semaphore_left(eye.fd) == 4, "the wrong number of signals was consumed");
        close(eye.fd);
    }
}

/* Whatever comes first, setting and signal agree: a setting is recalled or its routine is called, and only then a
 * signal is gone. */
static void recall_races(void *arg, unsigned number)
{
    struct eye eye;
    unsigned recalled = 0, settings = check_scaled(20000), released = 0;

    (void)arg;
    eye_open(&eye);
    for (unsigned i = 0; i < settings; i++) {
        uint64_t due = (number + i) % 7 == 0 ? 0 : (number + i) % 5 == 0 ? 20 : WQ_NEVER;

        if (i % 3 == 0) {
            semaphore_release(eye.fd, 1);
            released++;
        }
        recalled += eye_set(&eye, due, 0);
        if (i % 3 == 1) {
            semaphore_release(eye.fd, 1);
            released++;
        }
        if (i % 2)
            recalled += wq_watch_unset(eye.watch);
        CHECK(i % 2 == 0 || eye.held + recalled == i + 1, "%u held, %u recalled of %u", eye.held, recalled,
              i + 1);
    }
    recalled += wq_watch_unset(eye.watch);
    CHECK(eye.held + recalled == settings, "%u held, %u recalled of %u", eye.held, recalled, settings);
    eye_settle(&eye);
    released -= semaphore_left(eye.fd);
    CHECK(eye.fired == released, "%u fired, %u signals consumed", eye.fired, released);
    eye_close(&eye);
}

static void test_recall_races(void)
{
    check_threads(3, recall_races, NULL);
}

/* Several threads set one watch. */
static struct {
    struct eye eye;
    _Atomic unsigned settings, recalled, released;
} shared;

static void share(void *arg, unsigned number)
{
    (void)arg;
    for (unsigned i = 0; i < check_scaled(10000); i++) {
        if ((i + number) % 4 == 0) {
            semaphore_release(shared.eye.fd, 1);
            shared.released++;
        }
        if ((i + number) % 3) {
            shared.recalled += eye_set(&shared.eye, i % 11 ? WQ_NEVER : 0, 0);
            shared.settings++;
        } else {
            shared.recalled += wq_watch_unset(shared.eye.watch);
        }
    }
}

static void test_shared(void)
{
    memset(&shared, 0, sizeof(shared));
    eye_open(&shared.eye);
    check_threads(3, share, NULL);
    shared.recalled += wq_watch_unset(shared.eye.watch);
    CHECK(shared.eye.held + shared.recalled == shared.settings, "%u held, %u recalled of %u", shared.eye.held,
          shared.recalled, shared.settings);
    eye_settle(&shared.eye);
    shared.released -= semaphore_left(shared.eye.fd);
    CHECK(shared.eye.fired == shared.released, "%u fired, %u consumed", shared.eye.fired, shared.released);
    eye_close(&shared.eye);
}

/* After a close no signal is taken, and what hold announced is called. */
static void close_races(void *arg, unsigned number)
{
    (void)arg;
    for (unsigned i = 0; i < check_scaled(500); i++) {
        struct eye eye;
        unsigned left;

        eye_open(&eye);
        eye_set(&eye, (number + i) % 3 ? WQ_NEVER : 10, 0);
        semaphore_release(eye.fd, 3);
        if (i & 1)
            sched_yield();
        wq_watch_close(eye.watch);
        left = semaphore_left(eye.fd);
        CHECK(eye.held <= 1, "%u held", eye.held);
        eye_settle(&eye);
        CHECK(eye.fired + left == 3, "%u fired, %u left", eye.fired, left);
        close(eye.fd);
    }
}

static void test_close_races(void)
{
    check_threads(3, close_races, NULL);
}

/* They share wait threads, each watch fires, and setting them costs no memory. */
static void many(unsigned count)
{
    struct eye *eyes = calloc(count, sizeof(*eyes));
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 3ul * count / 2) {
        check_skip("too few descriptors");
        free(eyes);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        eye_open(&eyes[i]);
        if (i) {
            close(eyes[i].fd);
            eyes[i].fd = eyes[0].fd;
        }
    }
    CHECK(check_counters().wait_threads == (count + 62) / 63, "%u threads", check_counters().wait_threads);
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    for (unsigned i = 0; i < count; i++)
        eye_set(&eyes[i], WQ_NEVER, 0);
    semaphore_release(eyes[0].fd, count);
    for (unsigned i = 0; i < count; i++)
        CHECK_WAIT(eyes[i].fired == 1, "%u: %u fired", i, eyes[i].fired);
    for (unsigned i = 0; i < count; i++)
        eye_set(&eyes[i], 5 * MS, 0);
    for (unsigned i = 0; i < count; i++)
        CHECK_WAIT(eyes[i].timed == 1, "%u: %u timed out", i, eyes[i].timed);
    for (unsigned i = 0; i < count; i++)
        eye_set(&eyes[i], WQ_NEVER, 0);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    wq_fault_set(WQ_FAULT_THREAD, 0);
    for (unsigned i = count; i-- > 0;)
        wq_watch_close(eyes[i].watch);
    close(eyes[0].fd);
    free(eyes);
}

static void test_512(void)
{
    many(512);
}

static void test_10000(void)
{
    many(check_scaled(10000));
}

/* Making one fails cleanly at each step, and for good once it is made nothing fails. */
static void test_faults(void)
{
    for (unsigned kind = WQ_FAULT_MEMORY; kind <= WQ_FAULT_THREAD; kind++) {
        bool failed = true;

        for (unsigned spared = 0; failed; spared++) {
            struct wq_watch *watch = NULL;
            enum wq_wait_result result;

            wq_fault_after(kind, spared);
            result = wq_watch_create(&watch, seen, NULL, NULL);
            failed = !wq_fault_waits(kind);
            wq_fault_set(kind, 0);
            CHECK(result == (failed ? WQ_WAIT_NO_MEMORY : WQ_WAIT_OK), "%u spared: result %d", spared,
                  result);
            if (result == WQ_WAIT_OK)
                wq_watch_close(watch);
            CHECK(wq_shutdown(), "shutdown");
        }
    }
}

/* Watches that are open at the end of the core, set and unset, may be closed later. */
static void test_shutdown_open(void)
{
    struct eye set, unset;

    eye_open(&set);
    eye_open(&unset);
    eye_set(&set, WQ_NEVER, 0);
    CHECK(wq_shutdown(), "shutdown");
    CHECK(!check_counters().threads, "%u threads", check_counters().threads);
    semaphore_release(set.fd, 1);
    CHECK(!eye_set(&unset, WQ_NEVER, 0), "recalled");
    eye_close(&set);
    eye_close(&unset);
    CHECK(!set.held, "fired after the end");
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {{"once", test_once},
                                              {"recall", test_recall},
                                              {"replace", test_replace},
                                              {"time_out", test_time_out},
                                              {"clock", test_clock},
                                              {"beside", test_time_out_beside},
                                              {"handle_closed", test_handle_closed},
                                              {"bad_object", test_bad_object},
                                              {"inside", test_inside},
                                              {"close_inside", test_close_inside},
                                              {"recall_races", test_recall_races},
                                              {"shared", test_shared},
                                              {"close_races", test_close_races},
                                              {"512", test_512},
                                              {"10000", test_10000},
                                              {"faults", test_faults},
                                              {"shutdown_open", test_shutdown_open}};

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
