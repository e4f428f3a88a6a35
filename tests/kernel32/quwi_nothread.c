/*
 * quwi_nothread.c: QueueUserWorkItem when no threads can be made: items wait for the first that can. A
 * program of its own, because it begins with a pool that has none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

static struct tally done, inside;
static HANDLE leave;

static DWORD WINAPI count(void *context)
{
    (void)context;
    tally_add(&done, 1);
    return 0;
}

static DWORD WINAPI block(void *context)
{
    (void)context;
    tally_add(&inside, 1);
    handle_wait(leave, "leave");
    tally_add(&done, 1);
    return 0;
}

/* The item is taken and runs as soon as a thread can be made. */
static void test_no_thread_first(void)
{
    struct wq_counters counters;
    unsigned i;

    quwi_fault(WQ_FAULT_THREAD, UINT32_MAX);
    tally_init(&done, 3 * QUWI_CLASSES);
    for (i = 0; i < 2 * QUWI_CLASSES; i++)
        queue(count, 0, quwi_classes[i % QUWI_CLASSES]);
    quwi_counters(&counters);
    ok(!counters.threads, "%u threads\n", counters.threads);
    ok(counters.threads_failed != 0, "no start of a thread was tried\n");
    ok(!done.count, "%ld items ran without a thread\n", done.count);
    quwi_fault(WQ_FAULT_THREAD, 0);
    for (i = 0; i < QUWI_CLASSES; i++)
        queue(count, 0, quwi_classes[i]);
    tally_wait(&done, "items queued while there were no threads, and after");
}

/* Queues n blocking items, while some starts of threads are refused, and more when none is. All must
 * be inside at the same time before they may leave. */
static void block_with_refusals(unsigned n, uint32_t refusals, unsigned more)
{
    unsigned i;

    winetest_push_context("%u items, %u refusals", n, refusals);
    leave = CreateEventA(NULL, TRUE, FALSE, NULL);
    tally_init(&inside, (LONG)(n + more));
    tally_init(&done, (LONG)(n + more));
    quwi_fault(WQ_FAULT_THREAD, refusals);
    for (i = 0; i < n; i++)
        queue(block, 0, i & 1 ? WT_EXECUTELONGFUNCTION : 0);
    if (more)
        quwi_fault(WQ_FAULT_THREAD, 0);
    for (i = 0; i < more; i++)
        queue(block, 0, 0);
    tally_wait(&inside, "blocking items");
    quwi_fault(WQ_FAULT_THREAD, 0);
    SetEvent(leave);
    tally_wait(&done, "blocking items that left");
    CloseHandle(leave);
    winetest_pop_context();
}

/* With hardly any thread there, the next submission is the one that tries again. */
static void test_next_submission_helps(void)
{
    block_with_refusals(8, UINT32_MAX, 1);
}

/* Later the core tries again by itself. */
static void test_no_thread_for_a_while(void)
{
    block_with_refusals(64, 5, 0);
}

START_TEST(quwi_nothread)
{
    if (!quwi_ours()) {
        skip("failures can be injected into our modules only\n");
        return;
    }
    test_no_thread_first();
    test_next_submission_helps();
    test_no_thread_for_a_while();
}
