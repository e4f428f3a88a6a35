/*
 * rx_load.c: a mini-redirector's whole life, many times: nothing lost, nothing run twice, no thread too many.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define CYCLES  40
#define PER     150 /* items of a thread and cycle */
#define THREADS 3

struct load {
    RX_WORK_QUEUE_ITEM items[PER];
    volatile LONG runs[PER];
    PRDBSS_DEVICE_OBJECT device;
};

static struct load *loads;

static void load_main(PVOID context)
{
    struct load *load = context;

    for (ULONG i = 0; i < PER; i++)
        kok(!(i % 2 ? RxPostToWorkerThread(load->device, i % 3, &load->items[i], rx_count,
                                           (PVOID)&load->runs[i])
                    : RxDispatchToWorkerThread(load->device, i % 3, rx_count, (PVOID)&load->runs[i])),
            "refused");
}

static void cycle(PRDBSS_DEVICE_OBJECT device)
{
    struct rx_thread threads[THREADS];
    LARGE_INTEGER interval = {.QuadPart = 0};
    LONG wrong = 0;

    RtlZeroMemory(loads, THREADS * sizeof(*loads));
    kok(!RxInitializeMRxDispatcher(device), "not initialised");
    kok(!RxPostRecurrentTimerRequest(device, rx_count, (PVOID)&loads[0].runs[0], interval), "refused");
    for (int i = 0; i < THREADS; i++) {
        loads[i].device = device;
        rx_thread_start(&threads[i], load_main, &loads[i]);
    }
    for (int i = 0; i < THREADS; i++)
        rx_thread_end(&threads[i], "a thread that posts");
    kok(!RxSpinDownMRxDispatcher(device), "not spun down");
    for (int i = 0; i < THREADS; i++) {
        for (int k = 0; k < PER; k++)
            wrong += i + k ? loads[i].runs[k] != 1 : loads[0].runs[0] < 1; /* the timer counts there, too */
    }
    kok(!wrong, "%ld of %d did not run once", wrong, THREADS * PER);
}

/* The device's memory is given back each time. */
static void lives(void)
{
    loads = ExAllocatePoolWithTag(NonPagedPool, THREADS * sizeof(*loads), TAG);
    if (!kok(loads != NULL, "no memory"))
        return;
    for (int n = 0; n < CYCLES; n++) {
        PRDBSS_DEVICE_OBJECT device = ExAllocatePoolWithTag(NonPagedPool, sizeof(*device), TAG);

        if (!kok(device != NULL, "no memory"))
            break;
        cycle(device);
        RtlFillMemory(device, sizeof(*device), 0xdd);
        ExFreePoolWithTag(device, TAG);
    }
    ExFreePoolWithTag(loads, TAG);
}

const struct ktest ktest_rx_load[] = {{"many lives", lives, TRUE, POOL_ANY}, {NULL, NULL, FALSE, POOL_ANY}};
