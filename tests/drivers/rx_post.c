/*
 * rx_post.c: posting work: what runs where and in which order, and what is refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define EACH 300

/* ---- an item's life ---- */

struct life {
    RX_WORK_QUEUE_ITEM item;
    WORK_QUEUE_TYPE type;
    volatile LONG left; /* how often the routine posts the item again */
    volatile LONG runs;
    HANDLE poster;
    BOOLEAN wrong; /* the item was not cleared, or the poster's thread ran it */
    BOOLEAN free;
    volatile LONG *freed;
    KEVENT done;
};

static void NTAPI life_run(PVOID context)
{
    struct life *life = context;
    RX_WORK_QUEUE_ITEM *item = &life->item;

    life->runs++;
    life->wrong |= item->List.Flink != NULL || item->WorkerRoutine || item->Parameter ||
                   item->pDeviceObject || PsGetCurrentThreadId() == life->poster;
    if (life->free) {
        volatile LONG *freed = life->freed;

        RtlFillMemory(life, sizeof(*life), 0xdd);
        ExFreePoolWithTag(life, TAG);
        InterlockedIncrement(freed);
        return;
    }
    if (InterlockedDecrement(&life->left) < 0) {
        KeSetEvent(&life->done, 0, FALSE);
        return;
    }
    kok(!RxPostToWorkerThread(rx_device, life->type, item, life_run, life), "refused inside of the routine");
}

static void posted_again(void)
{
    static struct life life;

    /* 3 and more count as Delayed. */
    for (WORK_QUEUE_TYPE type = CriticalWorkQueue; type <= 5; type++) {
        RtlZeroMemory(&life, sizeof(life));
        life.type = type;
        life.left = EACH;
        life.poster = PsGetCurrentThreadId();
        KeInitializeEvent(&life.done, NotificationEvent, FALSE);
        kok(!RxPostToWorkerThread(rx_device, type, &life.item, life_run, &life), "type %d was refused", type);
        ktest_wait(&life.done, "an item that is posted again and again");
        kok(life.runs == EACH + 1 && !life.wrong, "type %d ran %ld times, wrong: %d", type, life.runs,
            life.wrong);
        rx_settle(); /* the routine may not have returned yet */
    }
}

static void freed_inside(void)
{
    static volatile LONG freed;

    freed = 0;
    for (ULONG i = 0; i < EACH; i++) {
        struct life *life = ExAllocatePoolWithTag(NonPagedPool, sizeof(*life), TAG);

        if (!kok(life != NULL, "no memory"))
            return;
        RtlZeroMemory(life, sizeof(*life));
        life->free = TRUE;
        life->freed = &freed;
        kok(!RxPostToWorkerThread(rx_device, i % 3, &life->item, life_run, life), "refused");
    }
    ktest_wait_value(&freed, EACH, "all items to be freed by their routines");
    rx_settle();
}

/* What the memory held before does not matter. */
static void not_zeroed(void)
{
    static RX_WORK_QUEUE_ITEM item;
    static volatile LONG ran;

    ran = 0;
    for (ULONG i = 0; i < 3; i++) {
        RtlFillMemory(&item, sizeof(item), i == 0 ? 0xcc : i == 1 ? 0xff : 0x01);
        kok(!RxPostToWorkerThread(rx_device, i, &item, rx_count, (PVOID)&ran), "memory %lu: refused", i);
        ktest_wait_value(&ran, (LONG)i + 1, "an item in memory that was not zeroed");
        rx_settle();
    }
}

static void dispatched(void)
{
    static volatile LONG ran;

    ran = 0;
    for (ULONG i = 0; i < EACH; i++)
        kok(!RxDispatchToWorkerThread(rx_device, i % 3, rx_count, (PVOID)&ran), "refused");
    ktest_wait_value(&ran, EACH, "all that was dispatched");
    rx_settle();
}

/* ---- processors ---- */

struct place {
    RX_WORK_QUEUE_ITEM item;
    ULONG posted_on, ran_on;
};

static struct place places[EACH];

static void NTAPI place_run(PVOID context)
{
    struct place *place = context;

    place->ran_on = KeGetCurrentProcessorNumberEx(NULL);
}

static void same_processor(void)
{
    ULONG bound = 0;

    for (ULONG processor = 0; processor < 64; processor++) {
        LONG elsewhere = 0;

        if (!rx_bind(processor))
            continue;
        bound++;
        RtlZeroMemory(places, sizeof(places));
        for (ULONG i = 0; i < EACH; i++) {
            places[i].posted_on = KeGetCurrentProcessorNumberEx(NULL);
            places[i].ran_on = ~0u;
            kok(!(i % 2 ? RxPostToWorkerThread(rx_device, i % 3, &places[i].item, place_run, &places[i])
                        : RxDispatchToWorkerThread(rx_device, i % 3, place_run, &places[i])),
                "refused");
        }
        rx_settle();
        for (ULONG i = 0; i < EACH; i++) {
            kok(places[i].posted_on == processor, "bound to %lu, on %lu", processor, places[i].posted_on);
            elsewhere += places[i].ran_on != processor;
        }
        kok(!elsewhere, "%ld of %d ran elsewhere than on %lu", elsewhere, EACH, processor);
    }
    kok(bound > 0, "the thread cannot be bound to any processor");
    rx_unbind();
}

/* ---- routines that wait ---- */

static struct ktest_gate gate;
static KEVENT inner;

static void NTAPI pass_run(PVOID context)
{
    ktest_gate_pass(context);
}

static void NTAPI set_run(PVOID context)
{
    KeSetEvent(context, 0, FALSE);
}

static void NTAPI wait_for_own(PVOID context)
{
    KeInitializeEvent(&inner, NotificationEvent, FALSE);
    kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, set_run, &inner), "refused");
    ktest_wait(&inner, "what the routine posted to its own queue");
    InterlockedIncrement((volatile LONG *)context);
}

static void waits_for_own(void)
{
    static volatile LONG done;

    done = 0;
    kok(!RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, wait_for_own, (PVOID)&done), "refused");
    ktest_wait_value(&done, 1, "a routine that waits for what it posted");
    rx_settle();
}

/* Until no more routines have come for a while: all that can be run wait then. If more come later, the test has
 * only seen less. */
static void wait_until_stuck(void)
{
    LARGE_INTEGER moment = {.QuadPart = -10000LL * 10};
    LONG seen = 0;

    for (int still = 0; still < 40 && seen < 40; still++) {
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
        if (gate.count != seen)
            still = 0;
        seen = gate.count;
    }
}

/* More routines of the other types wait than may run at a time if the pool is small. */
static void hyper_goes_on(void)
{
    KEVENT event;

    ktest_gate_init(&gate);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    for (ULONG i = 0; i < 40; i++)
        kok(!RxDispatchToWorkerThread(rx_device, i % 2 ? DelayedWorkQueue : CriticalWorkQueue, pass_run,
                                      &gate),
            "refused");
    ktest_wait(&gate.entered, "the others to wait");
    wait_until_stuck();
    for (ULONG i = 0; i < 10; i++) {
        KeClearEvent(&event);
        kok(!RxDispatchToWorkerThread(rx_device, HyperCriticalWorkQueue, set_run, &event), "refused");
        ktest_wait(&event, "HyperCritical while the others wait");
    }
    KeSetEvent(&gate.open, 0, FALSE);
    rx_settle();
    kok(gate.count == 40, "%ld of 40 ran", gate.count);
}

/* ---- order: with one worker ---- */

static volatile LONG order_next;
static LONG order_place[30];

static void NTAPI order_run(PVOID context)
{
    order_place[(ULONG_PTR)context] = InterlockedIncrement(&order_next) - 1;
}

static void order(void)
{
    static RX_WORK_QUEUE_ITEM items[30];
    static const WORK_QUEUE_TYPE types[3] = {DelayedWorkQueue, CriticalWorkQueue, HyperCriticalWorkQueue};
    LONG wrong = 0;

    rx_bind(KeGetCurrentProcessorNumberEx(NULL)); /* one set of queues */
    if (!rx_block(&gate))
        return;
    RtlZeroMemory(items, sizeof(items));
    order_next = 0;
    for (ULONG i = 0; i < 30; i++)
        kok(!RxPostToWorkerThread(rx_device, types[i % 3], &items[i], order_run, (PVOID)(ULONG_PTR)i),
            "refused");
    rx_unblock(&gate);
    kok(order_next == 30, "%ld of 30 ran", order_next);
    /* Those of one type are 0, 3, 6 ...; HyperCritical comes first, Delayed last. */
    for (LONG i = 0; i < 30; i++)
        wrong += order_place[i] != (2 - i % 3) * 10 + i / 3;
    kok(!wrong, "%ld of 30 ran at the wrong time", wrong);
    rx_unbind();
}

/* ---- what is refused ---- */

static void no_pointers(void)
{
    RX_WORK_QUEUE_ITEM item = {0};
    ULONG before = rx_logged();
    NTSTATUS status;

    status = RxPostToWorkerThread(NULL, DelayedWorkQueue, &item, rx_count, NULL);
    kok(status == STATUS_INVALID_PARAMETER, "no device: %lx", status);
    rx_logged_since(before, "RxPostToWorkerThread");
    status = RxPostToWorkerThread(rx_device, DelayedWorkQueue, NULL, rx_count, NULL);
    kok(status == STATUS_INVALID_PARAMETER, "no item: %lx", status);
    status = RxPostToWorkerThread(rx_device, DelayedWorkQueue, &item, NULL, NULL);
    kok(status == STATUS_INVALID_PARAMETER, "no routine: %lx", status);
    before = rx_logged();
    status = RxDispatchToWorkerThread(NULL, DelayedWorkQueue, rx_count, NULL);
    kok(status == STATUS_INVALID_PARAMETER, "no device: %lx", status);
    rx_logged_since(before, "RxDispatchToWorkerThread");
    status = RxDispatchToWorkerThread(rx_device, DelayedWorkQueue, NULL, NULL);
    kok(status == STATUS_INVALID_PARAMETER, "no routine: %lx", status);
    kok(!item.List.Flink && !rx_device->DispatcherContext.NumberOfWorkerThreads, "something was touched");
}

/* No source says whether a driver that was built with Microsoft's headers finds it there, too. */
static void layout(void)
{
    const ULONG place = FIELD_OFFSET(RDBSS_DEVICE_OBJECT, DispatcherContext);

    kok(place == (sizeof(void *) == 8 ? 648 : 424), "DispatcherContext at %lu", place);
}

static void logging(void)
{
    ULONG before = rx_logged();
    char longer[400];

    _RxLog("a line: %d %s", 42, "text");
    rx_logged_since(before, "a line: 42 text");
    RtlFillMemory(longer, sizeof(longer), 'x');
    longer[sizeof(longer) - 1] = 0;
    before = rx_logged();
    _RxLog("%s", longer);
    longer[200] = 0;
    rx_logged_since(before, longer);
    kok(rx_logged() == before + 1, "%lu lines", rx_logged() - before);
}

const struct ktest ktest_rx_post[] = {{"posted again by its routine", posted_again, TRUE, POOL_ANY},
                                      {"freed by its routine", freed_inside, TRUE, POOL_ANY},
                                      {"memory that was not zeroed", not_zeroed, TRUE, POOL_ANY},
                                      {"dispatched", dispatched, TRUE, POOL_ANY},
                                      {"the poster's processor", same_processor, TRUE, POOL_ANY},
                                      {"a routine waits for its own", waits_for_own, TRUE, POOL_SEVERAL},
                                      {"HyperCritical goes on", hyper_goes_on, TRUE, POOL_SEVERAL},
                                      {"order", order, TRUE, POOL_SINGLE},
                                      {"NULL pointers", no_pointers, TRUE, POOL_ANY},
                                      {"the place of DispatcherContext", layout, TRUE, POOL_ANY},
                                      {"the log", logging, TRUE, POOL_ANY},
                                      {NULL, NULL, FALSE, POOL_ANY}};
