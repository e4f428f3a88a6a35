/*
 * timerq.c: timers of timer queues: when their callbacks come, and how often.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

/* On the default queue and on one of their own, with every flag that chooses a thread. */
static void test_once(void)
{
    static struct probe probe;
    HANDLE queues[] = {NULL, CreateTimerQueue()};
    ULONG flags[] = {WT_EXECUTEDEFAULT,    WT_EXECUTEINTIMERTHREAD,      WT_EXECUTELONGFUNCTION,
                     WT_EXECUTEINIOTHREAD, WT_EXECUTEINPERSISTENTTHREAD, WT_EXECUTEONLYONCE};
    DWORD dues[] = {0, 1, 30};
    unsigned i, j, k;

    ok(queues[1] != NULL, "no queue: error %lu\n", GetLastError());
    for (i = 0; i < ARRAY_SIZE(queues); i++) {
        for (j = 0; j < ARRAY_SIZE(flags); j++) {
            for (k = 0; k < ARRAY_SIZE(dues); k++) {
                winetest_push_context("queue %u, flags %lx, due %lu", i, flags[j], dues[k]);
                probe_init(&probe, 1);
                create(&probe, queues[i], dues[k], 0, flags[j]);
                probe_wait(&probe);
                ok(probe.thread != GetCurrentThreadId(), "ran on its creator's thread\n");
                expect_true(DeleteTimerQueueTimer(queues[i], probe.timer, INVALID_HANDLE_VALUE));
                probe_check(&probe, 1);
                winetest_pop_context();
            }
        }
    }
    expect_true(DeleteTimerQueueEx(queues[1], INVALID_HANDLE_VALUE));
}

static double created_ms;

static void note_early(struct probe *probe)
{
    double due = created_ms + 5.0 * probe->started.count;

    if (clock_ms() < due)
        probe->result = TRUE;
}

/* Neither the first nor a later callback comes before it is due. */
static void test_never_early(void)
{
    static struct probe probe;

    probe_init(&probe, 20);
    probe.body = note_early;
    created_ms = clock_ms();
    create(&probe, NULL, 5, 5, WT_EXECUTEINTIMERTHREAD);
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    /* Windows counts from its last clock tick. */
    todo_if(quwi_builtin() && probe.result) ok(!probe.result || broken(TRUE), "a callback came early\n");
}

/* Of timers that expire often, seldom, once and not at all. */
static void test_counts(void)
{
    static struct probe fast, slow, once, never, forever;
    HANDLE queue = CreateTimerQueue();

    probe_init(&fast, 30);
    probe_init(&slow, 2);
    probe_init(&once, 1);
    probe_init(&never, 1);
    probe_init(&forever, 1);
    create(&fast, queue, 0, 10, 0);
    create(&slow, queue, 0, 100, 0);
    create(&once, queue, 0, NEVER_MS, 0);
    create(&never, queue, NEVER_MS, 0, 0);
    create(&forever, queue, INFINITE, 5, 0);
    probe_wait(&once);
    probe_wait(&fast);
    probe_wait(&slow);
    expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    ok(fast.ended.count > slow.ended.count, "%ld with a period of 10 ms, %ld with 100\n", fast.ended.count,
       slow.ended.count);
    probe_check(&fast, fast.ended.count);
    probe_check(&slow, slow.ended.count);
    probe_check(&once, 1);
    probe_check(&never, 0);
    probe_check(&forever, 0);
}

/* Timers expire in the order of their due times, not in that of their creation. */
static struct probe row[10];
static LONG row_next;

static void take_place(struct probe *probe)
{
    probe->error = (DWORD)InterlockedIncrement(&row_next);
}

static void test_order(void)
{
    HANDLE queue = CreateTimerQueue();
    DWORD i;

    row_next = 0;
    for (i = 0; i < ARRAY_SIZE(row); i++) {
        probe_init(&row[i], 1);
        row[i].body = take_place;
        create(&row[i], queue, 50 + 20 * ((i * 7) % 10), 0, WT_EXECUTEINTIMERTHREAD);
    }
    for (i = 0; i < ARRAY_SIZE(row); i++)
        probe_wait(&row[i]);
    expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    for (i = 0; i < ARRAY_SIZE(row); i++)
        ok(row[i].error == (i * 7) % 10 + 1, "timer %lu came as number %lu\n", i, row[i].error);
}

/* The next callback comes while the one before still runs. */
static void test_beside_itself(void)
{
    static struct probe probe;

    probe_init(&probe, 3);
    probe.gate = event_make(TRUE);
    create(&probe, NULL, 0, 1, WT_EXECUTELONGFUNCTION);
    probe_wait_started(&probe);
    ok(probe.inside >= 3 && probe.beside >= 3, "%ld at a time\n", probe.beside);
    SetEvent(probe.gate);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    probe_check(&probe, probe.started.count);
    CloseHandle(probe.gate);
}

/* A callback on the timer thread holds the others up, which don't make up for it afterwards. */
static void test_missed(void)
{
    static struct probe slow, fast;
    HANDLE queue = CreateTimerQueue();
    double start, took;

    probe_init(&slow, 1);
    probe_init(&fast, 3);
    slow.gate = event_make(TRUE);
    create(&slow, queue, 0, 0, WT_EXECUTEINTIMERTHREAD);
    probe_wait_started(&slow);
    start = clock_ms();
    create(&fast, queue, 1, 1, WT_EXECUTEINTIMERTHREAD);
    while (clock_ms() < start + 100)
        SwitchToThread();
    ok(!fast.started.count, "ran on a thread that is busy\n");
    took = clock_ms();
    SetEvent(slow.gate);
    probe_wait(&fast);
    expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    ok(fast.ended.count <= clock_ms() - took + 10, "%ld callbacks in %.0f ms\n", fast.ended.count,
       clock_ms() - took);
    CloseHandle(slow.gate);
}

/* While all workers are busy a periodic timer does not pile up callbacks. */
static void test_no_backlog(void)
{
    static struct probe probe, blocker;
    struct wq_counters before, now;
    HANDLE start = event_make(FALSE);

    if (!quwi_counters(&before)) {
        skip("whether expiries were merged is known of our core only\n");
        CloseHandle(start);
        return;
    }
    probe_init(&blocker, 1);
    blocker.gate = event_make(TRUE);
    probe_init(&probe, 1);
    create(&blocker, NULL, 0, 0, WT_EXECUTEINPERSISTENTTHREAD);
    probe_wait_started(&blocker);
    create(&probe, NULL, 0, 1, WT_EXECUTEINPERSISTENTTHREAD);
    do {
        SwitchToThread();
        quwi_counters(&now);
    } while (now.timers_merged < before.timers_merged + 20);
    expect_error(DeleteTimerQueueTimer(NULL, probe.timer, start), ERROR_IO_PENDING);
    ok(!probe.started.count, "ran on a thread that is busy\n");
    SetEvent(blocker.gate);
    handle_wait(start, "completion");
    probe_check(&probe, 1);
    expect_true(DeleteTimerQueueTimer(NULL, blocker.timer, INVALID_HANDLE_VALUE));
    CloseHandle(blocker.gate);
    CloseHandle(start);
}

static HANDLE WINAPI (*set_timer)(HANDLE, WAITORTIMERCALLBACKFUNC, void *, DWORD, DWORD, BOOL);

static void test_set_timer(void)
{
    static struct probe probe;
    HMODULE kernel32 = GetModuleHandleA("kernel32.dll");

    if (quwi_builtin()) {
        skip("SetTimerQueueTimer is a stub\n");
        return;
    }
    *(void **)&set_timer = (void *)(ULONG_PTR)GetProcAddress(kernel32, "SetTimerQueueTimer");
    ok(set_timer != NULL, "SetTimerQueueTimer is missing\n");
    probe_init(&probe, 2);
    SetLastError(0xdeadbeef);
    probe.timer = kernel32; /* something */
    probe.timer = set_timer(NULL, probe_callback, &probe, 20, 5, FALSE);
    ok(probe.timer && GetLastError() == 0xdeadbeef, "%p, error %lu\n", probe.timer, GetLastError());
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    probe_init(&probe, 1);
    probe.timer = set_timer(NULL, probe_callback, &probe, 20, 0, TRUE);
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
    probe_check(&probe, 1);
}

START_TEST(timerq)
{
    test_once();
    test_never_early();
    test_counts();
    test_order();
    test_beside_itself();
    test_missed();
    test_no_backlog();
    test_set_timer();
}
