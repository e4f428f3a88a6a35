/*
 * rx_end.c: the dispatcher as a whole: torn down and made again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define QUEUED 200
#define RACERS 3
#define RACES  12

static struct ktest_gate gate;
static volatile LONG ran, torn_down;

static void init_again(void)
{
    kok(RxInitializeDispatcher() == STATUS_SUCCESS, "not initialised");
}

static void check_refused(void)
{
    LARGE_INTEGER interval = {.QuadPart = 0};
    RX_WORK_QUEUE_ITEM item = {0};
    ULONG before = rx_logged();
    RX_WORK_ITEM timer;
    NTSTATUS status;

    RtlZeroMemory(&timer, sizeof(timer));
    status = RxPostToWorkerThread(rx_device, CriticalWorkQueue, &item, rx_count, (PVOID)&ran);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "post: %lx", status);
    rx_logged_since(before, "torn down");
    status = RxDispatchToWorkerThread(rx_device, CriticalWorkQueue, rx_count, (PVOID)&ran);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "dispatch: %lx", status);
    status = RxPostOneShotTimerRequest(rx_device, &timer, rx_count, (PVOID)&ran, interval);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "one-shot timer: %lx", status);
    status = RxPostRecurrentTimerRequest(rx_device, rx_count, (PVOID)&ran, interval);
    kok(status == STATUS_INSUFFICIENT_RESOURCES, "recurrent timer: %lx", status);
}

/* Everything that is queued runs; nothing is accepted until it is initialised again. */
static void again(void)
{
    LARGE_INTEGER hour = {.QuadPart = 36000000000LL};
    static RX_WORK_ITEM timer;

    init_again(); /* although it is */
    for (int i = 0; i < 5; i++) {
        ran = 0;
        RtlZeroMemory(&timer, sizeof(timer));
        for (ULONG k = 0; k < QUEUED; k++)
            kok(!RxDispatchToWorkerThread(rx_device, k % 3, rx_count, (PVOID)&ran), "refused");
        kok(!RxPostOneShotTimerRequest(rx_device, &timer, rx_count, (PVOID)&ran, hour), "refused");
        kok(!RxPostRecurrentTimerRequest(rx_device, rx_count, (PVOID)&ran, hour), "refused");
        kok(RxTearDownDispatcher() == STATUS_SUCCESS, "not torn down");
        kok(ran == QUEUED, "%ld of %d had run", ran, QUEUED);
        kok(!timer.WorkQueueItem.List.Flink, "a timer still waits");
        check_refused();
        kok(RxTearDownDispatcher() == STATUS_SUCCESS, "not torn down twice");
        kok(RxSpinDownMRxDispatcher(rx_device) == STATUS_SUCCESS, "not spun down");
        kok(RxInitializeMRxDispatcher(rx_device) == STATUS_SUCCESS, "not initialised again");
        check_refused();
        init_again();
    }
}

static void NTAPI pass_run(PVOID context)
{
    ktest_gate_pass(context);
    kok(!torn_down, "torn down while the routine runs");
    InterlockedIncrement(&ran);
}

static void tear_main(PVOID context)
{
    (void)context;
    kok(RxTearDownDispatcher() == STATUS_SUCCESS, "not torn down");
    torn_down = 1;
}

static void init_main(PVOID context)
{
    (void)context;
    init_again();
}

static void while_running(void)
{
    struct rx_thread first, second, third;
    LARGE_INTEGER none = {.QuadPart = 0};

    ran = torn_down = 0;
    ktest_gate_init(&gate);
    kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, pass_run, &gate), "refused");
    ktest_wait(&gate.entered, "the routine to run");
    for (ULONG k = 0; k < QUEUED; k++)
        kok(!RxDispatchToWorkerThread(rx_device, k % 3, rx_count, (PVOID)&ran), "refused");
    rx_thread_start(&first, tear_main, NULL);
    while (!RxDispatchToWorkerThread(rx_device, CriticalWorkQueue, rx_count, (PVOID)&gate.count))
        KeDelayExecutionThread(KernelMode, FALSE, &none);
    rx_thread_start(&second, tear_main, NULL);
    rx_thread_start(&third, init_main, NULL); /* waits for the end and makes it anew */
    kok(!torn_down, "torn down while a routine runs");
    KeSetEvent(&gate.open, 0, FALSE);
    rx_thread_end(&first, "the teardown");
    rx_thread_end(&second, "the second teardown");
    rx_thread_end(&third, "the initialisation");
    kok(ran == QUEUED + 1, "%ld of %d ran", ran, QUEUED + 1);
    init_again();
}

static NTSTATUS inside;

static void NTAPI inside_run(PVOID context)
{
    inside = RxTearDownDispatcher();
    kok(RxInitializeDispatcher() == STATUS_SUCCESS, "not initialised inside");
    KeSetEvent(context, 0, FALSE);
}

static void from_inside(void)
{
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, inside_run, &done), "refused");
    ktest_wait(&done, "the routine");
    kok(inside == STATUS_POSSIBLE_DEADLOCK, "from inside: %lx", inside);
    kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, rx_count, (PVOID)&ran),
        "torn down all the same");
    rx_settle();
}

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

static void race(void)
{
    struct rx_thread threads[RACERS];

    for (int n = 0; n < RACES; n++) {
        LONG seen;

        accepted = ran = 0;
        for (int i = 0; i < RACERS; i++)
            rx_thread_start(&threads[i], race_main, NULL);
        while (ran < n % 5)
            YieldProcessor();
        kok(RxTearDownDispatcher() == STATUS_SUCCESS, "not torn down");
        seen = ran;
        for (int i = 0; i < RACERS; i++)
            rx_thread_end(&threads[i], "a racer to be refused");
        kok(accepted == seen && ran == seen, "%ld accepted, %ld had run, %ld ran", accepted, seen, ran);
        init_again();
    }
    rx_settle();
}

const struct ktest ktest_rx_end[] = {{"again", again, TRUE, POOL_ANY},
                                     {"while running", while_running, TRUE, POOL_SEVERAL},
                                     {"from inside", from_inside, TRUE, POOL_ANY},
                                     {"race", race, TRUE, POOL_ANY},
                                     {NULL, NULL, FALSE, POOL_ANY}};
