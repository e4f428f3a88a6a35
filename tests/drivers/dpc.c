/*
 * dpc.c: deferred procedure calls, a timer's, too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#define TAG 0x74737177 /* "wqst" */

#define IRQL_NOT_LESS_CODE   0x0a
#define DPC_INVALID_CODE     0xc7
#define IRQL_UNEXPECTED_CODE 0xc8

/* A DPC and what its routine saw. */
struct call {
    KDPC dpc;
    KEVENT done;
    volatile LONG runs;
    LONG wanted; /* runs until done is set */
    PVOID context, argument1, argument2;
    KIRQL level;
};

static void NTAPI see(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct call *call = CONTAINING_RECORD(dpc, struct call, dpc);

    call->context = context;
    call->argument1 = argument1;
    call->argument2 = argument2;
    call->level = ktest_ours ? KeGetCurrentIrql() : DISPATCH_LEVEL;
    if (InterlockedIncrement(&call->runs) == call->wanted)
        KeSetEvent(&call->done, 0, FALSE);
}

static void call_init(struct call *call, PKDEFERRED_ROUTINE routine, LONG wanted)
{
    RtlZeroMemory(call, sizeof(*call));
    KeInitializeEvent(&call->done, NotificationEvent, FALSE);
    KeInitializeDpc(&call->dpc, routine, &call->wanted);
    call->wanted = wanted;
}

static void runs_once(void)
{
    static struct call call; /* if it runs late */

    call_init(&call, see, 1);
    kok(KeInsertQueueDpc(&call.dpc, (PVOID)1, (PVOID)2), "not queued");
    ktest_wait(&call.done, "the DPC");
    kok(call.context == &call.wanted && call.argument1 == (PVOID)1 && call.argument2 == (PVOID)2,
        "context %p, arguments %p and %p", call.context, call.argument1, call.argument2);
    kok(call.level == DISPATCH_LEVEL, "level %u", call.level);
    kok(call.runs == 1, "%ld runs", call.runs);
}

static void threaded(void)
{
    struct call call;

    call_init(&call, see, 1);
    KeInitializeThreadedDpc(&call.dpc, see, &call.wanted);
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    ktest_wait(&call.done, "the DPC");
    kok(call.level == PASSIVE_LEVEL, "level %u", call.level);
}

static void processor_is_noted(void)
{
    static struct call call; /* if it runs late */

    call_init(&call, see, 1);
    KeSetTargetProcessorDpc(&call.dpc, 0);
    KeSetImportanceDpc(&call.dpc, LowImportance);
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    ktest_wait(&call.done, "the DPC");
}

/* ---- while another one runs ---- */

static KDPC block_dpc;
static volatile LONG block_entered, block_open;

static void NTAPI block_routine(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    InterlockedExchange(&block_entered, 1);
    while (!block_open) /* a DPC may not wait */
        YieldProcessor();
}

/* Lets one DPC run until unblock, so that others stay queued. */
static void block(void)
{
    block_entered = block_open = 0;
    KeInitializeDpc(&block_dpc, block_routine, NULL);
    KeInsertQueueDpc(&block_dpc, NULL, NULL);
    ktest_wait_value(&block_entered, 1, "the blocking DPC");
}

static void unblock(void)
{
    InterlockedExchange(&block_open, 1);
}

static void queued_twice(void)
{
    static struct call call; /* if it runs late */

    call_init(&call, see, 1);
    block();
    kok(KeInsertQueueDpc(&call.dpc, (PVOID)1, (PVOID)2), "not queued");
    kok(!KeInsertQueueDpc(&call.dpc, (PVOID)3, (PVOID)4), "queued twice");
    kok(KeInsertQueueDpc(&block_dpc, NULL, NULL), "a DPC that runs was not queued again");
    unblock();
    KeFlushQueuedDpcs();
    kok(call.runs == 1, "%ld runs", call.runs);
    kok(call.argument1 == (PVOID)1 && call.argument2 == (PVOID)2, "arguments %p and %p", call.argument1,
        call.argument2);
}

static void removed(void)
{
    static struct call call; /* if it runs late */

    call_init(&call, see, 1);
    kok(!KeRemoveQueueDpc(&call.dpc), "removed although not queued");
    block();
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    kok(KeRemoveQueueDpc(&call.dpc), "not removed");
    kok(!KeRemoveQueueDpc(&call.dpc), "removed twice");
    kok(!KeRemoveQueueDpc(&block_dpc), "removed although it runs");
    unblock();
    KeFlushQueuedDpcs();
    kok(!call.runs, "%ld runs", call.runs);
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    kok(call.runs == 1, "%ld runs when queued again", call.runs);
}

#define ORDERED 40

struct ordered {
    KDPC dpc;
    LONG place;
};

static volatile LONG next_place;

static void NTAPI note_place(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    ((struct ordered *)context)->place = InterlockedIncrement(&next_place) - 1;
}

/* Every fourth one is of high importance. */
static void in_order(void)
{
    static struct ordered calls[ORDERED];

    next_place = 0;
    block();
    for (LONG i = 0; i < ORDERED; i++) {
        KeInitializeDpc(&calls[i].dpc, note_place, &calls[i]);
        KeSetImportanceDpc(&calls[i].dpc, i % 4 ? MediumImportance : HighImportance);
        KeInsertQueueDpc(&calls[i].dpc, NULL, NULL);
    }
    unblock();
    KeFlushQueuedDpcs();
    kok(next_place == ORDERED, "%ld of %d ran before the flush returned", next_place, ORDERED);
    for (LONG i = 0; i < ORDERED; i++) {
        LONG place = i % 4 ? ORDERED / 4 + i - i / 4 - 1 : i / 4;

        kok(calls[i].place == place, "DPC %ld was number %ld, not %ld", i, calls[i].place, place);
    }
}

/* ---- flushing ---- */

#define FLUSHED 100

static void flushed(void)
{
    static struct call calls[FLUSHED];
    LONG missing = 0;

    for (int i = 0; i < FLUSHED; i++) {
        call_init(&calls[i], see, 1);
        KeInsertQueueDpc(&calls[i].dpc, NULL, NULL);
    }
    KeFlushQueuedDpcs();
    for (int i = 0; i < FLUSHED; i++)
        missing += !calls[i].runs;
    kok(!missing, "%ld of %d did not run before the flush returned", missing, FLUSHED);
    KeFlushQueuedDpcs();
}

/* From a work routine, which may be on the only worker but one. */
static void NTAPI flush_routine(PVOID context)
{
    struct call *call = context;

    KeInsertQueueDpc(&call->dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    KeSetEvent(&call->done, 0, FALSE);
}

static void flushed_by_work(void)
{
    WORK_QUEUE_ITEM item;
    struct call call;

    call_init(&call, see, 2);
    ExInitializeWorkItem(&item, flush_routine, &call);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    ktest_wait(&call.done, "the work routine");
    kok(call.runs == 1, "%ld runs", call.runs);
}

/* ---- inside the routine ---- */

static void NTAPI requeue(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    see(dpc, context, argument1, argument2);
    if (CONTAINING_RECORD(dpc, struct call, dpc)->runs < 1000)
        KeInsertQueueDpc(dpc, argument1, argument2);
}

static void requeued_inside(void)
{
    static struct call call; /* if it runs late */

    call_init(&call, requeue, 1000);
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    ktest_wait(&call.done, "1000 runs");
    KeFlushQueuedDpcs();
    kok(call.runs == 1000, "%ld runs", call.runs);
}

static void NTAPI free_own(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    ExFreePoolWithTag(dpc, TAG);
    InterlockedIncrement((volatile LONG *)context);
}

static void freed_inside(void)
{
    static volatile LONG freed;

    freed = 0;
    for (int i = 0; i < 100; i++) {
        PKDPC dpc = ExAllocatePoolWithTag(NonPagedPool, sizeof(*dpc), TAG);

        KeInitializeDpc(dpc, free_own, (PVOID)&freed);
        KeInsertQueueDpc(dpc, NULL, NULL);
    }
    KeFlushQueuedDpcs();
    kok(freed == 100, "%ld of 100 ran", freed);
}

/* ---- a timer's ---- */

static void timer_once(void)
{
    LARGE_INTEGER due = {.QuadPart = -10000};
    static struct call call;
    static KTIMER timer;

    call_init(&call, see, 1);
    KeInitializeTimer(&timer);
    kok(!KeSetTimer(&timer, due, &call.dpc), "a new timer was set before");
    ktest_wait(&call.done, "the timer's DPC");
    kok(call.level == DISPATCH_LEVEL, "level %u", call.level);
    kok(call.context == &call.wanted, "context %p, expected %p", call.context, &call.wanted);
    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    kok(call.runs == 1, "%ld runs", call.runs);
}

/* ---- misuse ---- */

static void NTAPI lower(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KeLowerIrql(PASSIVE_LEVEL);
}

static void NTAPI flush(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KeFlushQueuedDpcs();
}

static void misused(void)
{
    struct call call;
    ULONG before = ktest_misuses();

    call_init(&call, lower, 1);
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    ktest_misused(before, IRQL_UNEXPECTED_CODE, DISPATCH_LEVEL << 8, "returned at PASSIVE_LEVEL");
    KeFlushQueuedDpcs();
    before = ktest_misuses();
    KeInitializeDpc(&call.dpc, flush, NULL);
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    ktest_misused(before, IRQL_NOT_LESS_CODE, 0, "flushed by a DPC");
    KeFlushQueuedDpcs();
    call_init(&call, see, 1);
    block();
    KeInsertQueueDpc(&call.dpc, NULL, NULL);
    before = ktest_misuses();
    KeInitializeDpc(&call.dpc, see, NULL);
    ktest_misused(before, DPC_INVALID_CODE, 1, "initialised while queued");
    unblock();
    KeFlushQueuedDpcs();
    kok(!call.runs, "%ld runs of a DPC that was initialised anew", call.runs);
}

/* ---- races ---- */

#define RACE_THREADS 4
#define RACE_ROUNDS  5000

struct race {
    struct call call;
    volatile LONG queued, removed;
};

static void NTAPI race_queue(PVOID context)
{
    struct race *race = context;

    for (int i = 0; i < RACE_ROUNDS; i++) {
        if (KeInsertQueueDpc(&race->call.dpc, NULL, NULL))
            InterlockedIncrement(&race->queued);
        if (i % 8 == 0 && KeRemoveQueueDpc(&race->call.dpc))
            InterlockedIncrement(&race->removed);
    }
}

/* Several threads queue and remove one DPC: each queueing runs or is removed, never both. */
static void raced(void)
{
    static struct race race;

    RtlZeroMemory(&race, sizeof(race));
    call_init(&race.call, see, MAXLONG);
    ktest_race(RACE_THREADS, race_queue, &race);
    KeFlushQueuedDpcs();
    kok(race.call.runs + race.removed == race.queued, "%ld runs and %ld removals of %ld", race.call.runs,
        race.removed, race.queued);
}

const struct ktest ktest_dpc[] = {
    {"a DPC runs once at DISPATCH_LEVEL", runs_once, BUILTIN_TODO, POOL_ANY},
    {"a threaded DPC runs at PASSIVE_LEVEL", threaded, BUILTIN_ENDS, POOL_ANY},
    {"a DPC for one processor runs", processor_is_noted, BUILTIN_TODO, POOL_ANY},
    {"a queued DPC is not queued again", queued_twice, BUILTIN_TODO, POOL_ANY},
    {"a removed DPC does not run", removed, BUILTIN_ENDS, POOL_ANY},
    {"DPCs run in order, important ones first", in_order, BUILTIN_TODO, POOL_ANY},
    {"a flush waits for all that are queued", flushed, BUILTIN_TODO, POOL_ANY},
    {"a work routine may flush", flushed_by_work, BUILTIN_ENDS, POOL_SEVERAL},
    {"a DPC may queue itself again", requeued_inside, BUILTIN_TODO, POOL_ANY},
    {"a DPC may free itself", freed_inside, BUILTIN_TODO, POOL_ANY},
    {"a timer's DPC runs at DISPATCH_LEVEL", timer_once, BUILTIN_PASSES, POOL_ANY},
    {"DPCs that are misused", misused, BUILTIN_ENDS, POOL_ANY},
    {"one DPC queued and removed by several threads", raced, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
