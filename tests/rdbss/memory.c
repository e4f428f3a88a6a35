/*
 * memory.c: RDBSS without memory, and what it leaves behind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "../drivers/rx.h"
#include "memory.h"
#include "wqcore.h"

static RDBSS_DEVICE_OBJECT device;
static volatile LONG ran;

static const char *said(const char *what, long value)
{
    static char text[100];

    snprintf(text, sizeof(text), "%s: %lx", what, value);
    return text;
}

static void wait_for(LONG count)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};

    for (int i = 0; i < 30000 && ran < count; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
}

static const char *with_memory(void)
{
    static RX_WORK_QUEUE_ITEM items[100];
    static RX_WORK_ITEM timer;
    LARGE_INTEGER soon = {.QuadPart = 0};
    NTSTATUS status;

    status = RxInitializeDispatcher();
    if (status)
        return said("RxInitializeDispatcher after memory came back", status);
    /* Threads need memory when they start, so there must be some. */
    ran = 0;
    RxDispatchToWorkerThread(&device, DelayedWorkQueue, rx_count, (PVOID)&ran);
    RxPostOneShotTimerRequest(&device, &timer, rx_count, (PVOID)&ran, soon);
    wait_for(2);
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    for (unsigned i = 0; i < 100; i++) {
        status = RxPostToWorkerThread(&device, i % 3, &items[i], rx_count, (PVOID)&ran);
        if (status)
            return said("RxPostToWorkerThread needs memory", status);
    }
    status = RxPostOneShotTimerRequest(&device, &timer, rx_count, (PVOID)&ran, soon);
    if (status)
        return said("RxPostOneShotTimerRequest needs memory", status);
    status = RxDispatchToWorkerThread(&device, DelayedWorkQueue, rx_count, (PVOID)&ran);
    if (status != STATUS_INSUFFICIENT_RESOURCES)
        return said("RxDispatchToWorkerThread", status);
    status = RxPostRecurrentTimerRequest(&device, rx_count, (PVOID)&ran, soon);
    if (status != STATUS_INSUFFICIENT_RESOURCES)
        return said("RxPostRecurrentTimerRequest", status);
    wait_for(103);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    status = RxSpinDownMRxDispatcher(&device);
    return status ? said("RxSpinDownMRxDispatcher", status) : ran == 103 ? NULL : said("ran", ran);
}

const char *memory_refused(void)
{
    static RX_WORK_QUEUE_ITEM item;
    NTSTATUS status;

    /* The dispatcher cannot be made with any number of allocations less than it needs. */
    for (unsigned n = 0; n < 2; n++) {
        wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
        status = RxPostToWorkerThread(&device, DelayedWorkQueue, &item, rx_count, (PVOID)&ran);
        if (status != STATUS_INSUFFICIENT_RESOURCES)
            return said("RxPostToWorkerThread without queues", status);
        status = RxInitializeDispatcher();
        if (status != STATUS_INSUFFICIENT_RESOURCES)
            return said("RxInitializeDispatcher", status);
        wq_fault_set(WQ_FAULT_MEMORY, 0);
        RxTearDownDispatcher();
    }
    return with_memory();
}

const char *memory_left(void)
{
    struct wq_counters counters;
    NTSTATUS status = RxTearDownDispatcher();

    if (status)
        return said("RxTearDownDispatcher", status);
    if (!wq_shutdown())
        return "the core was not shut down";
    wq_counters_read(&counters);
    if (counters.threads || counters.workers)
        return said("threads are left", (long)counters.threads);
    return counters.memory ? said("memory is left", (long)counters.memory) : NULL;
}
