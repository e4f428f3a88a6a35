/*
 * timerq_delete.c: deleting timers and their queues: what is reported, when the completion event is set, and
 * what still runs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

/* Deletes the probe's timer or, if it is not on the default queue, that queue. */
struct target {
    struct probe *probe;
    HANDLE queue;
    HANDLE done; /* of delete_on_thread */
};

static BOOL target_delete(struct target *target, HANDLE completion)
{
    if (target->queue)
        return DeleteTimerQueueEx(target->queue, completion);
    return DeleteTimerQueueTimer(NULL, target->probe->timer, completion);
}

static void test_not_fired(BOOL own_queue)
{
    static struct probe probe;
    HANDLE event = event_make(TRUE), completions[] = {NULL, event, INVALID_HANDLE_VALUE};
    ULONG flags[] = {WT_EXECUTEDEFAULT, WT_EXECUTEINTIMERTHREAD};
    unsigned i, j;

    for (i = 0; i < ARRAY_SIZE(completions); i++) {
        for (j = 0; j < ARRAY_SIZE(flags); j++) {
            struct target target = {&probe, own_queue ? CreateTimerQueue() : NULL, NULL};

            winetest_push_context("queue %p, completion %p, flags %lx", target.queue, completions[i],
                                  flags[j]);
            ResetEvent(event);
            probe_init(&probe, 1);
            create(&probe, target.queue, NEVER_MS, j, flags[j]);
            todo_if(quwi_builtin() && (!completions[i] || (own_queue && completions[i] == event)))
                expect_true(target_delete(&target, completions[i]));
            if (completions[i] == event)
                handle_wait(event, "completion");
            else
                event_is(event, FALSE);
            probe_check(&probe, 0);
            winetest_pop_context();
        }
    }
    CloseHandle(event);
}

/* The timer thread's next callback comes when the one before is over, so here nothing is outstanding. */
static void test_finished(BOOL own_queue)
{
    static struct probe probe;
    HANDLE event = event_make(TRUE), completions[] = {NULL, event, INVALID_HANDLE_VALUE};
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(completions); i++) {
        struct target target = {&probe, own_queue ? CreateTimerQueue() : NULL, NULL};

        winetest_push_context("queue %p, completion %p", target.queue, completions[i]);
        probe_init(&probe, 1);
        create(&probe, target.queue, 1, 0, WT_EXECUTEINTIMERTHREAD);
        probe_wait(&probe);
        timer_thread_flush(target.queue);
        todo_if(quwi_builtin() && (!completions[i] || (own_queue && completions[i] == event)))
            expect_true(target_delete(&target, completions[i]));
        if (completions[i] == event)
            handle_wait(event, "completion");
        probe_check(&probe, 1);
        winetest_pop_context();
    }
    CloseHandle(event);
}

static DWORD WINAPI delete_on_thread(void *param)
{
    struct target *target = param;

    expect_true(target_delete(target, INVALID_HANDLE_VALUE));
    ok(target->probe->ended.count == 1, "returned while the callback ran\n");
    SetEvent(target->done);
    return 0;
}

/* Begins a callback that stays in its gate. */
static void hold_up(struct target *target, ULONG flags, BOOL own_queue)
{
    HANDLE gate = target->probe->gate;

    ResetEvent(gate);
    probe_init(target->probe, 1);
    target->probe->gate = gate;
    target->queue = own_queue ? CreateTimerQueue() : NULL;
    create(target->probe, target->queue, 0, 0, flags);
    probe_wait_started(target->probe);
}

static void test_running(ULONG flags, BOOL own_queue)
{
    static struct probe probe;
    struct target target = {&probe, NULL, event_make(FALSE)};
    HANDLE event = event_make(TRUE), thread;

    winetest_push_context("flags %lx, own queue %d", flags, own_queue);
    probe.gate = event_make(TRUE);

    hold_up(&target, flags, own_queue);
    expect_error(target_delete(&target, NULL), ERROR_IO_PENDING);
    SetEvent(probe.gate);
    probe_wait(&probe);

    if (!own_queue) { /* no page says what this one returns */
        hold_up(&target, flags, FALSE);
        expect_error(CancelTimerQueueTimer(NULL, probe.timer), ERROR_IO_PENDING);
        SetEvent(probe.gate);
        probe_wait(&probe);
    }

    /* Wine's builtin would wait here for ever. */
    if (!own_queue || !quwi_builtin()) {
        hold_up(&target, flags, own_queue);
        expect_error(target_delete(&target, event), ERROR_IO_PENDING);
        event_is(event, FALSE);
        SetEvent(probe.gate);
        handle_wait(event, "completion");
        probe_check(&probe, 1);
    }

    hold_up(&target, flags, own_queue);
    thread = CreateThread(NULL, 0, delete_on_thread, &target, 0, NULL);
    ok(WaitForSingleObject(target.done, 50) == WAIT_TIMEOUT, "did not wait for the callback\n");
    SetEvent(probe.gate);
    handle_wait(target.done, "blocking delete");
    handle_wait(thread, "the deleting thread");
    probe_check(&probe, 1);

    CloseHandle(thread);
    CloseHandle(event);
    CloseHandle(target.done);
    CloseHandle(probe.gate);
    winetest_pop_context();
}

/* A timer that is due at once was queued when the call returned: deleting it is too late. */
static void test_due_at_once(void)
{
    static struct probe probe[100];
    ULONG flags[] = {WT_EXECUTEDEFAULT, WT_EXECUTEINTIMERTHREAD, WT_EXECUTEINPERSISTENTTHREAD,
                     WT_EXECUTELONGFUNCTION, WT_EXECUTEINIOTHREAD};
    LONG pending = 0, done = 0, ran = 0, i;
    HANDLE event = event_make(FALSE);

    for (i = 0; i < (LONG)ARRAY_SIZE(probe); i++) {
        probe_init(&probe[i], 1);
        create(&probe[i], NULL, 0, i % 2 ? NEVER_MS : 0, flags[i % (LONG)ARRAY_SIZE(flags)]);
        if (DeleteTimerQueueTimer(NULL, probe[i].timer, event))
            done++;
        else if (GetLastError() == ERROR_IO_PENDING)
            pending++;
        handle_wait(event, "completion");
        ran += probe[i].ended.count == 1 && probe[i].started.count == 1;
    }
    ok(done + pending == (LONG)ARRAY_SIZE(probe), "%ld done, %ld pending\n", done, pending);
    todo_if(quwi_builtin()) ok(ran == (LONG)ARRAY_SIZE(probe), "%ld ran once\n", ran);
    CloseHandle(event);
}

/* With every thread that could run it busy, the callback is queued when the timer is deleted. */
static void test_queued(void)
{
    static struct probe blocker, probe;
    HANDLE event = event_make(TRUE), queue = CreateTimerQueue();

    probe_init(&blocker, 1);
    blocker.gate = event_make(TRUE);
    create(&blocker, queue, 0, 0, WT_EXECUTEINTIMERTHREAD);
    probe_wait_started(&blocker);
    probe_init(&probe, 1);
    create(&probe, queue, 0, 0, WT_EXECUTEINTIMERTHREAD);
    todo_if(quwi_builtin()) expect_error(DeleteTimerQueueTimer(queue, probe.timer, event), ERROR_IO_PENDING);
    todo_if(quwi_builtin()) event_is(event, FALSE);
    probe_check(&probe, 0);
    SetEvent(blocker.gate);
    handle_wait(event, "completion");
    todo_if(quwi_builtin()) ok(probe.ended.count == 1, "ran %ld times\n", probe.ended.count);
    expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    CloseHandle(blocker.gate);
    CloseHandle(event);
}

static void delete_itself(struct probe *probe)
{
    SetLastError(0xdeadbeef);
    probe->result = DeleteTimerQueueTimer(NULL, probe->timer, NULL);
    probe->error = GetLastError();
}

static void test_from_own_callback(void)
{
    static struct probe probe;
    ULONG flags[] = {WT_EXECUTEDEFAULT, WT_EXECUTEINTIMERTHREAD, WT_EXECUTEINPERSISTENTTHREAD};
    DWORD periods[] = {0, 1000};
    unsigned i, j;

    for (i = 0; i < ARRAY_SIZE(flags); i++) {
        for (j = 0; j < ARRAY_SIZE(periods); j++) {
            winetest_push_context("flags %lx, period %lu", flags[i], periods[j]);
            probe_init(&probe, 1);
            probe.body = delete_itself;
            create(&probe, NULL, 0, periods[j], flags[i]);
            probe_wait(&probe);
            ok(!probe.result && probe.error == ERROR_IO_PENDING, "%d, error %lu\n", probe.result,
               probe.error);
            probe_check(&probe, 1);
            winetest_pop_context();
        }
    }
}

static HANDLE callback_queue;
static struct probe second;

/* In a callback: a new timer on the same queue, deleted with waiting; then this one. */
static void delete_another(struct probe *probe)
{
    probe_init(&second, 1);
    create(&second, callback_queue, 0, 1, 0);
    probe_wait(&second);
    expect_true(DeleteTimerQueueTimer(callback_queue, second.timer, INVALID_HANDLE_VALUE));
    probe_check(&second, second.ended.count);
    second.bad = second.ended.count;
    delete_itself(probe);
}

static void test_another_from_callback(void)
{
    static struct probe probe;

    callback_queue = CreateTimerQueue();
    probe_init(&probe, 1);
    probe.body = delete_another;
    create(&probe, callback_queue, 0, 0, 0);
    probe_wait(&probe);
    expect_true(DeleteTimerQueueEx(callback_queue, INVALID_HANDLE_VALUE));
    ok(second.ended.count == second.bad, "%ld callbacks after the delete\n", second.ended.count - second.bad);
    ok(!probe.result && probe.error == ERROR_IO_PENDING, "%d, error %lu\n", probe.result, probe.error);
    probe_check(&probe, 1);
}

static HANDLE callback_event;

static void delete_own_queue(struct probe *probe)
{
    SetLastError(0xdeadbeef);
    probe->result = DeleteTimerQueueEx(callback_queue, callback_event);
    probe->error = GetLastError();
}

/* The queue is gone when its last callback, the one that deleted it, has returned. */
static void test_queue_from_callback(void)
{
    static struct probe probe, other;

    if (quwi_builtin()) {
        skip("the builtin waits in the callback for the callback\n");
        return;
    }
    callback_queue = CreateTimerQueue();
    callback_event = event_make(TRUE);
    probe_init(&other, 1);
    create(&other, callback_queue, NEVER_MS, 0, 0);
    probe_init(&probe, 1);
    probe.body = delete_own_queue;
    create(&probe, callback_queue, 0, 1000, 0);
    handle_wait(callback_event, "completion");
    ok(!probe.result && probe.error == ERROR_IO_PENDING, "%d, error %lu\n", probe.result, probe.error);
    probe_check(&probe, 1);
    probe_check(&other, 0);
    CloseHandle(callback_event);
}

/* A queue waits also for the callbacks of timers that were deleted before it. */
static void test_queue_after_timer(void)
{
    static struct probe probe;
    HANDLE queue = CreateTimerQueue(), event = event_make(TRUE);

    probe_init(&probe, 1);
    probe.gate = event_make(TRUE);
    create(&probe, queue, 0, 0, 0);
    probe_wait_started(&probe);
    expect_error(DeleteTimerQueueTimer(queue, probe.timer, NULL), ERROR_IO_PENDING);
    if (quwi_builtin()) {
        SetEvent(probe.gate); /* it would wait for ever */
        expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    } else {
        expect_error(DeleteTimerQueueEx(queue, event), ERROR_IO_PENDING);
        event_is(event, FALSE);
        SetEvent(probe.gate);
        handle_wait(event, "completion");
    }
    probe_check(&probe, 1);
    CloseHandle(probe.gate);
    CloseHandle(event);
}

static void test_empty_queue(void)
{
    HANDLE event = event_make(TRUE);

    todo_if(quwi_builtin()) expect_true(DeleteTimerQueue(CreateTimerQueue()));
    todo_if(quwi_builtin()) expect_true(DeleteTimerQueueEx(CreateTimerQueue(), NULL));
    expect_true(DeleteTimerQueueEx(CreateTimerQueue(), INVALID_HANDLE_VALUE));
    todo_if(quwi_builtin()) expect_true(DeleteTimerQueueEx(CreateTimerQueue(), event));
    handle_wait(event, "completion");
    CloseHandle(event);
}

START_TEST(timerq_delete)
{
    ULONG flags[] = {WT_EXECUTEDEFAULT, WT_EXECUTEINTIMERTHREAD, WT_EXECUTEINPERSISTENTTHREAD,
                     WT_EXECUTELONGFUNCTION, WT_EXECUTEINIOTHREAD};
    unsigned i;

    for (i = 0; i < 2 * ARRAY_SIZE(flags); i++)
        test_running(flags[i / 2], i % 2 != 0);
    test_not_fired(FALSE);
    test_not_fired(TRUE);
    test_finished(FALSE);
    test_finished(TRUE);
    test_due_at_once();
    test_queued();
    test_from_own_callback();
    test_another_from_callback();
    test_queue_from_callback();
    test_queue_after_timer();
    test_empty_queue();
}
