/*
 * timerq_errors.c: what fails, and how.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

/* Documented or tested on Windows; safe everywhere. */
static void test_null(void)
{
    expect_error(DeleteTimerQueueEx(NULL, NULL), ERROR_INVALID_HANDLE);
    expect_error(DeleteTimerQueueEx(NULL, INVALID_HANDLE_VALUE), ERROR_INVALID_HANDLE);
    expect_error(DeleteTimerQueue(NULL), ERROR_INVALID_HANDLE);
    expect_error(DeleteTimerQueueTimer(NULL, NULL, NULL), ERROR_INVALID_PARAMETER);
    expect_error(DeleteTimerQueueTimer(NULL, NULL, INVALID_HANDLE_VALUE), ERROR_INVALID_PARAMETER);
    expect_error(CancelTimerQueueTimer(NULL, NULL), ERROR_INVALID_PARAMETER);
}

static struct probe probe;

static void bad_timer(HANDLE timer)
{
    expect_error(ChangeTimerQueueTimer(NULL, timer, 0, 0), ERROR_INVALID_HANDLE);
    expect_error(DeleteTimerQueueTimer(NULL, timer, NULL), ERROR_INVALID_HANDLE);
    expect_error(DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE), ERROR_INVALID_HANDLE);
    expect_error(CancelTimerQueueTimer(NULL, timer), ERROR_INVALID_HANDLE);
}

static void bad_queue(HANDLE queue)
{
    HANDLE timer = queue;

    expect_error(CreateTimerQueueTimer(&timer, queue, probe_callback, &probe, 0, 0, 0), ERROR_INVALID_HANDLE);
    ok(!timer, "got %p\n", timer);
    expect_error(DeleteTimerQueueEx(queue, NULL), ERROR_INVALID_HANDLE);
    expect_error(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE), ERROR_INVALID_HANDLE);
    expect_error(DeleteTimerQueue(queue), ERROR_INVALID_HANDLE);
}

/* Undefined on Windows; never a crash with us. */
static void test_stale(void)
{
    HANDLE event = event_make(TRUE), queue = CreateTimerQueue(), timer;

    probe_init(&probe, 1);
    create(&probe, queue, NEVER_MS, 0, 0);
    timer = probe.timer;
    bad_timer(queue);
    bad_queue(timer);
    expect_true(DeleteTimerQueueTimer(queue, timer, event));
    bad_timer(timer);
    create(&probe, queue, NEVER_MS, 0, 0);
    timer = probe.timer;
    expect_true(DeleteTimerQueueEx(queue, event));
    bad_timer(timer);
    bad_queue(queue);
    bad_timer(INVALID_HANDLE_VALUE);
    bad_timer(event);
    bad_timer(&probe);
    bad_queue(INVALID_HANDLE_VALUE);
    bad_queue(event);
    bad_queue(&probe);
    /* change and delete don't look at the queue */
    create(&probe, NULL, NEVER_MS, 0, 0);
    expect_true(ChangeTimerQueueTimer(queue, probe.timer, NEVER_MS, 0));
    expect_true(DeleteTimerQueueTimer(event, probe.timer, NULL));
    probe_check(&probe, 0);
    CloseHandle(event);
}

static void test_parameters(void)
{
    HANDLE timer = &probe;

    expect_error(ChangeTimerQueueTimer(NULL, NULL, 0, 0), ERROR_INVALID_PARAMETER);
    expect_error(CreateTimerQueueTimer(NULL, NULL, probe_callback, &probe, 0, 0, 0), ERROR_INVALID_PARAMETER);
    expect_error(CreateTimerQueueTimer(&timer, NULL, NULL, &probe, 0, 0, 0), ERROR_INVALID_PARAMETER);
    ok(!timer, "got %p\n", timer);
    expect_error(CreateTimerQueueTimer(&timer, NULL, probe_callback, &probe, 0, 0, 0x200),
                 ERROR_INVALID_PARAMETER);
    expect_error(CreateTimerQueueTimer(&timer, NULL, probe_callback, &probe, 0, 0, 0x8000),
                 ERROR_INVALID_PARAMETER);
    probe_check(&probe, 0);
}

static void test_no_memory(void)
{
    HANDLE queue = CreateTimerQueue(), timer = NULL, other;
    uint32_t failing;

    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    expect_error(CreateTimerQueueTimer(&timer, NULL, probe_callback, &probe, 0, 0, 0),
                 ERROR_NOT_ENOUGH_MEMORY);
    expect_error(CreateTimerQueueTimer(&timer, queue, probe_callback, &probe, 0, 0, 0),
                 ERROR_NOT_ENOUGH_MEMORY);
    SetLastError(0xdeadbeef);
    other = CreateTimerQueue();
    ok(!other && GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "%p, error %lu\n", other, GetLastError());
    quwi_fault(WQ_FAULT_MEMORY, 0);
    ok(!timer, "got %p\n", timer);
    probe_check(&probe, 0);
    /* deleting needs none, nor does expiring once there are threads */
    probe_init(&probe, 1);
    create(&probe, queue, 1, 0, 0);
    probe_wait(&probe);
    expect_true(DeleteTimerQueueTimer(queue, probe.timer, INVALID_HANDLE_VALUE));
    probe_init(&probe, 3);
    create(&probe, queue, NEVER_MS, 0, 0);
    quwi_fault(WQ_FAULT_MEMORY, UINT32_MAX);
    expect_true(ChangeTimerQueueTimer(queue, probe.timer, 1, 1));
    probe_wait(&probe);
    expect_true(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    quwi_fault(WQ_FAULT_MEMORY, 0);
    for (failing = 1; failing < 4; failing++) {
        probe_init(&probe, 1);
        quwi_fault(WQ_FAULT_MEMORY, failing);
        if (CreateTimerQueueTimer(&probe.timer, NULL, probe_callback, &probe, 0, 0, 0)) {
            quwi_fault(WQ_FAULT_MEMORY, 0);
            probe_wait(&probe);
            expect_true(DeleteTimerQueueTimer(NULL, probe.timer, INVALID_HANDLE_VALUE));
        }
        quwi_fault(WQ_FAULT_MEMORY, 0);
    }
}

START_TEST(timerq_errors)
{
    test_null();
    if (!quwi_ours()) {
        skip("what is undefined on Windows is defined with our modules only\n");
        return;
    }
    probe_init(&probe, 1);
    test_parameters();
    test_stale();
    test_no_memory();
}
