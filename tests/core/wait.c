/*
 * wait.c: registered waits on eventfds: each signal is delivered once, closing is exact, and the end of the
 * core gives everything back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"

#define WAITS 200u
#define TURNS 20u

static _Atomic unsigned fired, timed, closed;

static void count(void *param, bool timed_out)
{
    (void)param;
    atomic_fetch_add(timed_out ? &timed : &fired, 1);
}

static void count_closed(void *param)
{
    (void)param;
    atomic_fetch_add(&closed, 1);
}

static void zero(void)
{
    fired = 0;
    timed = 0;
    closed = 0;
}

static int semaphore_make(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
}

static void semaphore_release(int fd, uint64_t n)
{
    CHECK(write(fd, &n, sizeof(n)) == (ssize_t)sizeof(n), "errno %d", errno);
}

static bool semaphore_take(int fd)
{
    uint64_t n;

    return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

static struct wq_wait *wait_start(int fd, uint32_t ms, unsigned flags)
{
    struct wq_wait *wait = NULL;
    enum wq_wait_result result = wq_wait_open(&wait, (void *)(intptr_t)(fd + 1), count, NULL, ms, flags);

    CHECK(result == WQ_WAIT_OK, "result %d", result);
    if (wait)
        wq_wait_start(wait);
    return wait;
}

static void many(unsigned flags)
{
    static struct wq_wait *waits[WAITS];
    static int fds[WAITS];
    uint64_t fired_before = check_counters().waits_fired;

    zero();
    for (unsigned i = 0; i < WAITS; i++) {
        fds[i] = semaphore_make();
        waits[i] = wait_start(fds[i], WQ_WAIT_FOREVER, flags);
    }
    CHECK(check_counters().waits == WAITS, "%u waits", check_counters().waits);
    for (unsigned i = 0; i < WAITS; i++)
        semaphore_release(fds[i], TURNS);
    CHECK_WAIT(fired == WAITS * TURNS, "%u signals of %u", fired, WAITS * TURNS);
    CHECK(check_counters().waits_fired - fired_before == WAITS * TURNS, "%llu fired",
          (unsigned long long)(check_counters().waits_fired - fired_before));
    for (unsigned i = 0; i < WAITS; i++)
        wq_wait_close(waits[i], count_closed, NULL);
    CHECK_WAIT(closed == WAITS, "%u closed", closed);
    CHECK(fired == WAITS * TURNS && !timed, "%u signals, %u time-outs", fired, timed);
    for (unsigned i = 0; i < WAITS; i++)
        close(fds[i]);
    CHECK(wq_shutdown(), "shutdown");
    CHECK(!check_counters().threads && !check_counters().waits, "%u threads, %u waits",
          check_counters().threads, check_counters().waits);
}

static void test_many(void)
{
    many(0);
    many(WQ_WAIT_INLINE);
    many(WQ_WAIT_LONG);
    many(WQ_WAIT_IO);
    many(WQ_WAIT_PERSISTENT);
}

/* What was released is delivered or still there, whenever the wait is closed. */
static void close_races(void *arg, unsigned number)
{
    (void)arg;
    for (unsigned i = 0; i < check_scaled(500); i++) {
        int fd = semaphore_make();
        struct wq_wait *wait =
            wait_start(fd, (number + i) % 5 ? WQ_WAIT_FOREVER : 0, i & 1 ? WQ_WAIT_INLINE : 0);

        semaphore_release(fd, 3);
        if (i & 2)
            sched_yield();
        wq_wait_close(wait, count_closed, NULL);
        for (unsigned k = 0; k < 4; k++)
            fired += semaphore_take(fd);
        close(fd);
    }
}

static void test_close_races(void)
{
    unsigned total = 3 * check_scaled(500);

    zero();
    check_threads(3, close_races, NULL);
    CHECK_WAIT(closed == total, "%u closed of %u", closed, total);
    CHECK(fired == 3 * total, "%u signals of %u", fired, 3 * total);
    CHECK(wq_shutdown(), "shutdown");
}

/* Waits come and go so fast that their threads stay out of the system's wait for moments: whatever is signalled
 * meanwhile is delivered or still there, and after a close nothing is taken. */
static void bursts(unsigned flags)
{
    static struct wq_wait *waits[WAITS];
    static int fds[WAITS];
    unsigned left = 0;

    zero();
    for (unsigned i = 0; i < WAITS; i++)
        fds[i] = semaphore_make();
    for (unsigned i = 0; i < WAITS; i++) {
        waits[i] = wait_start(fds[i], WQ_WAIT_FOREVER, flags);
        semaphore_release(fds[i], 2);
        if (i & 1) {
            wq_wait_close(waits[i], count_closed, NULL);
            semaphore_release(fds[i], 1);
        }
    }
    for (unsigned i = 1; i < WAITS; i += 2) {
        unsigned there = 0;

        while (semaphore_take(fds[i]))
            there++;
        CHECK(there, "a closed wait took a signal");
        left += there;
    }
    CHECK_WAIT(closed == WAITS / 2, "%u closed of %u", closed, WAITS / 2);
    CHECK_WAIT(fired + left == WAITS * 5 / 2, "%u signals of %u", fired + left, WAITS * 5 / 2);
    for (unsigned i = 0; i < WAITS; i += 2)
        wq_wait_close(waits[i], count_closed, NULL);
    CHECK_WAIT(closed == WAITS, "%u closed of %u", closed, WAITS);
    for (unsigned i = 0; i < WAITS; i++)
        close(fds[i]);
}

static void test_bursts(void)
{
    for (unsigned i = 0; i < check_scaled(40); i++)
        bursts(i & 1 ? WQ_WAIT_INLINE : 0);
    CHECK(wq_shutdown(), "shutdown");
}

/* A wait that is registered again and again, each time after the last signal. */
struct chain {
    int fd;
    _Atomic unsigned turns;
    unsigned most;
    unsigned flags;
    struct wq_wait *_Atomic wait; /* the one that is open */
};

static void chain_turn(void *param, bool timed_out)
{
    struct chain *chain = param;
    struct wq_wait *last = chain->wait, *next = NULL;

    CHECK(!timed_out, "timed out");
    if (chain->turns + 1 < chain->most) {
        CHECK(wq_wait_open(&next, (void *)(intptr_t)(chain->fd + 1), chain_turn, chain, WQ_WAIT_FOREVER,
                           chain->flags) == WQ_WAIT_OK,
              "not opened");
        chain->wait = next;
    }
    wq_wait_close(last, count_closed, NULL);
    atomic_fetch_add(&chain->turns, 1); /* before the next may run */
    if (next) {
        wq_wait_start(next);
        semaphore_release(chain->fd, 1);
    }
}

/* Each signal comes only after the one before was delivered, so a thread that waits for more of them in vain
 * must go on by itself. */
static void test_chain(void)
{
    static struct chain chain;

    for (unsigned i = 0; i < 2; i++) {
        struct wq_wait *first = NULL;

        zero();
        chain.fd = semaphore_make();
        chain.turns = 0;
        chain.most = check_scaled(2000);
        chain.flags = WQ_WAIT_ONCE | (i ? WQ_WAIT_INLINE : 0);
        CHECK(wq_wait_open(&first, (void *)(intptr_t)(chain.fd + 1), chain_turn, &chain, WQ_WAIT_FOREVER,
                           chain.flags) == WQ_WAIT_OK,
              "not opened");
        chain.wait = first;
        wq_wait_start(first);
        semaphore_release(chain.fd, 1);
        CHECK_WAIT(chain.turns == chain.most, "%u turns of %u", chain.turns, chain.most);
        CHECK_WAIT(closed == chain.most, "%u closed of %u", closed, chain.most);
        close(chain.fd);
    }
    CHECK(wq_shutdown(), "shutdown");
}

/* A descriptor that is closed early ends its own wait only; one that is none is refused. */
static void test_bad_object(void)
{
    int good = semaphore_make(), bad = semaphore_make();
    struct wq_wait *waits[2], *none = NULL;

    zero();
    waits[0] = wait_start(bad, WQ_WAIT_FOREVER, 0);
    waits[1] = wait_start(good, WQ_WAIT_FOREVER, 0);
    close(bad);
    semaphore_release(good, 2);
    CHECK_WAIT(fired == 2, "%u signals", fired);
    CHECK(wq_wait_close(waits[0], count_closed, NULL) == WQ_WAIT_LEFT_NONE, "something is left");
    wq_wait_close(waits[1], count_closed, NULL);
    CHECK_WAIT(closed == 2, "%u closed", closed);
    CHECK(wq_wait_open(&none, (void *)(intptr_t)(bad + 1), count, NULL, 0, 0) == WQ_WAIT_BAD_OBJECT,
          "opened");
    close(good);
    CHECK(wq_shutdown(), "shutdown");
}

/* A wait that is open at the end of the core may be closed later. */
static void test_shutdown_open(void)
{
    int fd = semaphore_make();
    struct wq_wait *wait = wait_start(fd, WQ_WAIT_FOREVER, 0);

    zero();
    CHECK(wq_shutdown(), "shutdown");
    CHECK(!check_counters().threads, "%u threads", check_counters().threads);
    CHECK(wq_wait_close(wait, count_closed, NULL) == WQ_WAIT_LEFT_NONE && closed == 1, "%u closed", closed);
    close(fd);
}

static void test_faults(void)
{
    int fd = semaphore_make();
    struct wq_wait *wait = NULL;

    wq_fault_set(WQ_FAULT_THREAD, UINT32_MAX);
    CHECK(wq_wait_open(&wait, (void *)(intptr_t)(fd + 1), count, NULL, 0, 0) == WQ_WAIT_NO_MEMORY,
          "a thread");
    wq_fault_set(WQ_FAULT_THREAD, 0);
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    CHECK(wq_wait_open(&wait, (void *)(intptr_t)(fd + 1), count, NULL, 0, 0) == WQ_WAIT_NO_MEMORY, "memory");
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    close(fd);
    CHECK(wq_shutdown(), "shutdown");
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"many", test_many},    {"close_races", test_close_races}, {"bursts", test_bursts},
        {"chain", test_chain},  {"bad_object", test_bad_object},   {"shutdown_open", test_shutdown_open},
        {"faults", test_faults}};

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
