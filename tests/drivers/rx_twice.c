/*
 * rx_twice.c: one item that is posted, or waits for its time, and is posted again: refused on every way, and of several
 * threads at a time one succeeds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define ROUNDS  60
#define THREADS 3

static const LARGE_INTEGER hour = {.QuadPart = 36000000000LL};

static struct ktest_gate gate;

static void refused_all(RX_WORK_ITEM *item, volatile LONG *ran, const char *when)
{
    ULONG before = rx_logged();
    NTSTATUS status;

    for (WORK_QUEUE_TYPE type = CriticalWorkQueue; type <= HyperCriticalWorkQueue; type++) {
        status = RxPostToWorkerThread(rx_device, type, &item->WorkQueueItem, rx_count, (PVOID)ran);
        kok(status == STATUS_INVALID_PARAMETER, "%s: posted as %d: %lx", when, type, status);
        rx_logged_since(before, "posted already");
    }
    before = rx_logged();
    status = RxPostOneShotTimerRequest(rx_device, item, rx_count, (PVOID)ran, hour);
    kok(status == STATUS_INVALID_PARAMETER, "%s: a timer: %lx", when, status);
    rx_logged_since(before, "posted, or waits");
}

static void while_queued(void)
{
    static RX_WORK_ITEM item;
    static volatile LONG ran;

    ran = 0;
    RtlZeroMemory(&item, sizeof(item));
    if (!rx_block(&gate))
        return;
    kok(!RxPostToWorkerThread(rx_device, DelayedWorkQueue, &item.WorkQueueItem, rx_count, (PVOID)&ran),
        "refused");
    refused_all(&item, &ran, "queued");
    rx_unblock(&gate);
    kok(ran == 1, "ran %ld times", ran);
}

static void while_waiting(void)
{
    static RX_WORK_ITEM item;
    static volatile LONG ran;

    ran = 0;
    RtlZeroMemory(&item, sizeof(item));
    kok(!RxPostOneShotTimerRequest(rx_device, &item, rx_count, (PVOID)&ran, hour), "refused");
    refused_all(&item, &ran, "waiting");
    kok(!RxCancelTimerRequest(rx_device, rx_count, (PVOID)&ran), "not cancelled");
    kok(!RxPostToWorkerThread(rx_device, DelayedWorkQueue, &item.WorkQueueItem, rx_count, (PVOID)&ran),
        "refused after the cancel");
    ktest_wait_value(&ran, 1, "the item after the cancel");
    /* A device that is spun down lets go of its timers. */
    kok(!RxPostOneShotTimerRequest(rx_device, &item, rx_count, (PVOID)&ran, hour), "refused");
    rx_settle();
    kok(!RxPostToWorkerThread(rx_device, DelayedWorkQueue, &item.WorkQueueItem, rx_count, (PVOID)&ran),
        "refused after the spin-down");
    ktest_wait_value(&ran, 2, "the item after the spin-down");
    rx_settle();
}

/* ---- several at a time ---- */

static struct {
    RX_WORK_ITEM item;
    volatile LONG accepted, ran, cancelled;
} race;

static void race_main(PVOID context)
{
    ULONG odd = (ULONG)(ULONG_PTR)context % 2;

    for (ULONG i = 0; i < ROUNDS; i++) {
        NTSTATUS status =
            (i + odd) % 4
                ? RxPostToWorkerThread(rx_device, i % 3, &race.item.WorkQueueItem, rx_count, (PVOID)&race.ran)
                : RxPostOneShotTimerRequest(rx_device, &race.item, rx_count, (PVOID)&race.ran, hour);

        if (!status)
            InterlockedIncrement(&race.accepted);
        else
            kok(status == STATUS_INVALID_PARAMETER, "got %lx", status);
        if (i % 2 && !RxCancelTimerRequest(rx_device, rx_count, (PVOID)&race.ran))
            InterlockedIncrement(&race.cancelled);
    }
}

static void by_many(void)
{
    struct rx_thread threads[THREADS];

    RtlZeroMemory(&race, sizeof(race));
    for (ULONG_PTR i = 0; i < THREADS; i++)
        rx_thread_start(&threads[i], race_main, (PVOID)i);
    for (int i = 0; i < THREADS; i++)
        rx_thread_end(&threads[i], "a thread that posts");
    if (!RxCancelTimerRequest(rx_device, rx_count, (PVOID)&race.ran))
        race.cancelled++;
    ktest_wait_value(&race.ran, race.accepted - race.cancelled, "what was accepted and not cancelled");
    rx_settle();
    kok(race.accepted > 0 && race.ran == race.accepted - race.cancelled,
        "%ld accepted, %ld cancelled, %ld ran", race.accepted, race.cancelled, race.ran);
}

const struct ktest ktest_rx_twice[] = {{"posted while it is queued", while_queued, TRUE, POOL_SINGLE},
                                       {"posted while it waits for its time", while_waiting, TRUE, POOL_ANY},
                                       {"one item posted by several threads", by_many, TRUE, POOL_ANY},
                                       {NULL, NULL, FALSE, POOL_ANY}};
