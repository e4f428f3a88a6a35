/*
 * rx_spin.c: spinning a device down: what it waits for, what is refused afterwards.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define QUEUED 100
#define RACERS 4
#define RACES  20

static struct ktest_gate gate;
static volatile LONG ran;

static void again(PRDBSS_DEVICE_OBJECT device)
{
    kok(RxInitializeMRxDispatcher(device) == STATUS_SUCCESS, "not initialised again");
}

static void check_refused(PRDBSS_DEVICE_OBJECT device)
{
    LARGE_INTEGER interval = {.QuadPart = 0};
    RX_WORK_QUEUE_ITEM item = {0};
    RX_WORK_ITEM timer;
    ULONG before = rx_logged();
    LONG ran_before = ran;
    NTSTATUS status;

    RtlZeroMemory(&timer, sizeof(timer));
    status = RxPostToWorkerThread(device, CriticalWorkQueue, &item, rx_count, (PVOID)&ran);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "post: %lx", status);
    rx_logged_since(before, "RxPostToWorkerThread: device");
    before = rx_logged();
    status = RxDispatchToWorkerThread(device, CriticalWorkQueue, rx_count, (PVOID)&ran);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "dispatch: %lx", status);
    rx_logged_since(before, "spun down");
    status = RxPostOneShotTimerRequest(device, &timer, rx_count, (PVOID)&ran, interval);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "one-shot timer: %lx", status);
    status = RxPostRecurrentTimerRequest(device, rx_count, (PVOID)&ran, interval);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "recurrent timer: %lx", status);
    kok(!item.List.Flink && ran == ran_before, "something was queued all the same");
}

static void refused_until_initialized(void)
{
    ran = 0;
    for (int i = 0; i < 3; i++) {
        kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, rx_count, (PVOID)&ran), "refused");
        kok(RxSpinDownMRxDispatcher(rx_device) == STATUS_SUCCESS, "not spun down");
        kok(ran == i + 1, "%ld of %d ran", ran, i + 1);
        check_refused(rx_device);
        kok(RxSpinDownMRxDispatcher(rx_device) == STATUS_SUCCESS, "not spun down twice");
        check_refused(rx_device);
        again(rx_device);
    }
}

/* ---- waiting ---- */

static volatile LONG spun_down;

static void NTAPI pass_run(PVOID context)
{
    ktest_gate_pass(context);
    InterlockedIncrement(&ran);
    /* Its end is the routine's, not that of what it waits for. */
    kok(!spun_down, "spun down while the routine runs");
}

static void spin_main(PVOID context)
{
    kok(RxSpinDownMRxDispatcher(context) == STATUS_SUCCESS, "not spun down");
    spun_down = 1;
}

/* Waits until a spin-down has begun on another thread. */
static void wait_refused(void)
{
    LARGE_INTEGER none = {.QuadPart = 0};

    while (!rx_device->DispatcherContext.pTearDownEvent)
        KeDelayExecutionThread(KernelMode, FALSE, &none);
}

static void while_running(void)
{
    struct rx_thread first, second;

    ktest_gate_init(&gate);
    ran = spun_down = 0;
    kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, pass_run, &gate), "refused");
    ktest_wait(&gate.entered, "the routine to run");
    rx_thread_start(&first, spin_main, rx_device);
    rx_thread_start(&second, spin_main, rx_device); /* two may wait */
    wait_refused();
    check_refused(rx_device);
    kok(!spun_down, "spun down while a routine runs");
    KeSetEvent(&gate.open, 0, FALSE);
    rx_thread_end(&first, "the spin-down");
    rx_thread_end(&second, "the second spin-down");
    kok(ran == 1, "%ld of 1 ran", ran);
    again(rx_device);
}

static void while_queued(void)
{
    static RX_WORK_QUEUE_ITEM items[QUEUED];
    struct rx_thread thread;

    ran = spun_down = 0;
    RtlZeroMemory(items, sizeof(items));
    if (!rx_block(&gate))
        return;
    for (ULONG i = 0; i < QUEUED; i++)
        kok(!RxPostToWorkerThread(rx_device, i % 3, &items[i], rx_count, (PVOID)&ran), "refused");
    rx_thread_start(&thread, spin_main, rx_device);
    wait_refused();
    kok(!spun_down && !ran, "spun down: %ld, ran: %ld while the worker is blocked", spun_down, ran);
    KeSetEvent(&gate.open, 0, FALSE);
    rx_thread_end(&thread, "the spin-down");
    kok(ran == QUEUED, "%ld of %d ran before it returned", ran, QUEUED);
    again(rx_device);
}

/* ---- from inside ---- */

static NTSTATUS inside_own, inside_other, inside_post;
static RDBSS_DEVICE_OBJECT other;

static void NTAPI inside_run(PVOID context)
{
    ULONG before = rx_logged();

    inside_own = RxSpinDownMRxDispatcher(rx_device);
    rx_logged_since(before, "RxSpinDownMRxDispatcher");
    inside_other = RxSpinDownMRxDispatcher(&other);
    inside_post = RxDispatchToWorkerThread(rx_device, CriticalWorkQueue, rx_count, (PVOID)&ran);
    KeSetEvent(context, 0, FALSE);
}

static void from_inside(void)
{
    KEVENT done;

    ran = 0;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    RtlZeroMemory(&other, sizeof(other));
    for (ULONG i = 0; i < QUEUED; i++)
        kok(!RxDispatchToWorkerThread(&other, i % 3, rx_count, (PVOID)&ran), "refused");
    kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, inside_run, &done), "refused");
    ktest_wait(&done, "the routine");
    kok(inside_own == STATUS_POSSIBLE_DEADLOCK, "its own device: %lx", inside_own);
    kok(inside_other == STATUS_SUCCESS, "another device: %lx", inside_other);
    kok(inside_post == STATUS_SUCCESS, "its own device was spun down all the same: %lx", inside_post);
    check_refused(&other);
    rx_settle();
    kok(ran == QUEUED + 1, "%ld of %d ran", ran, QUEUED + 1);
}

/* ---- races ---- */

static volatile LONG accepted;

static void race_main(PVOID context)
{
    (void)context;
    for (ULONG i = 0;; i++) {
        InterlockedIncrement(&accepted);
        if (RxDispatchToWorkerThread(rx_device, i % 3, rx_count, (PVOID)&ran))
            break;
    }
    InterlockedDecrement(&accepted);
}

/* What is accepted while the device is being spun down has run when that returns. */
static void race(void)
{
    struct rx_thread threads[RACERS];

    for (int n = 0; n < RACES; n++) {
        LONG seen;

        accepted = ran = 0;
        for (int i = 0; i < RACERS; i++)
            rx_thread_start(&threads[i], race_main, NULL);
        while (ran < n % 7)
            YieldProcessor();
        kok(RxSpinDownMRxDispatcher(rx_device) == STATUS_SUCCESS, "not spun down");
        seen = ran;
        for (int i = 0; i < RACERS; i++)
            rx_thread_end(&threads[i], "a racer to be refused");
        kok(accepted == seen && ran == seen, "%ld accepted, %ld had run, %ld ran", accepted, seen, ran);
        again(rx_device);
    }
}

const struct ktest ktest_rx_spin[] = {
    {"refused until initialised", refused_until_initialized, TRUE, POOL_ANY},
    {"while running", while_running, TRUE, POOL_ANY},
    {"while queued", while_queued, TRUE, POOL_SINGLE},
    {"from inside", from_inside, TRUE, POOL_SEVERAL},
    {"race", race, TRUE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
