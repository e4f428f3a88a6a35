/*
 * ex.c: Ex work items.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#define TAG 0x74737177 /* "wqst" */

/* A work item with what its routine needs behind it, as drivers have it. */
struct job {
    WORK_QUEUE_ITEM item;
    KEVENT *done;
    volatile LONG runs;
    LONG wanted;
    KIRQL irql;
    BOOLEAN unlinked; /* Flink was NULL inside the routine */
};

static void job_init(struct job *job, PWORKER_THREAD_ROUTINE routine, KEVENT *done)
{
    RtlZeroMemory(job, sizeof(*job));
    KeInitializeEvent(done, NotificationEvent, FALSE);
    job->done = done;
    ExInitializeWorkItem(&job->item, routine, job);
}

static void NTAPI see(PVOID context)
{
    struct job *job = context;

    job->irql = KeGetCurrentIrql();
    job->unlinked = !job->item.List.Flink;
    InterlockedIncrement(&job->runs);
    KeSetEvent(job->done, 0, FALSE);
}

static void queued_once(void)
{
    struct job job;
    KEVENT done;

    job_init(&job, see, &done);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    ktest_wait(&done, "the routine");
    kok(job.runs == 1, "%ld runs", job.runs);
    kok(job.irql == PASSIVE_LEVEL, "level %u", job.irql);
    kok(job.unlinked, "Flink is not NULL in the routine");
}

static void every_type(void)
{
    ULONG before = ktest_misuses();
    struct job job;
    KEVENT done;

    for (LONG type = 0; type < 64; type++) {
        if (type > SuperCriticalWorkQueue && type <= CustomPriorityWorkQueue)
            continue;
        job_init(&job, see, &done);
        ExQueueWorkItem(&job.item, (WORK_QUEUE_TYPE)type);
        ktest_wait(&done, "the routine");
        kok(job.runs == 1, "type %ld: %ld runs", type, job.runs);
    }
    kok(ktest_misuses() == before, "%lu reports", ktest_misuses() - before);
}

static void NTAPI requeue(PVOID context)
{
    struct job *job = context;

    if (InterlockedIncrement(&job->runs) < job->wanted)
        ExQueueWorkItem(&job->item, DelayedWorkQueue);
    else
        KeSetEvent(job->done, 0, FALSE);
}

static void requeued_inside(void)
{
    struct job job;
    KEVENT done;

    job_init(&job, requeue, &done);
    job.wanted = 1000;
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    ktest_wait(&done, "1000 runs");
    kok(job.runs == 1000, "%ld runs", job.runs);
}

static void NTAPI free_block(PVOID context)
{
    struct job *job = context;
    KEVENT *done = job->done;

    ExFreePoolWithTag(job, TAG);
    KeSetEvent(done, 0, FALSE);
}

static void freed_inside(void)
{
    KEVENT done;

    for (int i = 0; i < 100; i++) {
        struct job *job = ExAllocatePoolWithTag(NonPagedPool, sizeof(*job), TAG);

        job_init(job, free_block, &done);
        ExQueueWorkItem(&job->item, CriticalWorkQueue);
        if (!ktest_wait(&done, "the routine that frees its item"))
            return;
    }
}

/* As from a DPC: at DISPATCH_LEVEL; the routine runs at PASSIVE_LEVEL all the same. */
static void queued_at_dispatch(void)
{
    struct job job;
    KEVENT done;
    KIRQL old = KeRaiseIrqlToDpcLevel();

    job_init(&job, see, &done);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    kok(KeGetCurrentIrql() == DISPATCH_LEVEL, "level %u after queueing", KeGetCurrentIrql());
    KeLowerIrql(old);
    ktest_wait(&done, "the routine");
    kok(job.irql == PASSIVE_LEVEL, "level %u", job.irql);
}

/* ---- queued while the one worker is blocked ---- */

static void stays_queued(void)
{
    struct ktest_gate gate;
    struct job job;
    KEVENT done;

    ktest_block(&gate);
    job_init(&job, see, &done);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    kok(job.item.List.Flink != NULL, "Flink is NULL while it is queued");
    kok(!job.runs, "it ran");
    ktest_unblock(&gate);
    ktest_wait(&done, "the routine");
    kok(!job.item.List.Flink, "Flink is not NULL afterwards");
}

#define ORDERED 100

struct ordered {
    WORK_QUEUE_ITEM item;
    LONG place;
};

static volatile LONG order_next;
static KEVENT order_done;

static void NTAPI note_place(PVOID context)
{
    struct ordered *ordered = context;

    ordered->place = InterlockedIncrement(&order_next) - 1;
    if (ordered->place == ORDERED - 1)
        KeSetEvent(&order_done, 0, FALSE);
}

static void order_run(struct ordered *items, const UCHAR *types)
{
    struct ktest_gate gate;

    order_next = 0;
    KeInitializeEvent(&order_done, NotificationEvent, FALSE);
    ktest_block(&gate);
    for (ULONG i = 0; i < ORDERED; i++) {
        ExInitializeWorkItem(&items[i].item, note_place, &items[i]);
        ExQueueWorkItem(&items[i].item, (WORK_QUEUE_TYPE)types[i]);
    }
    ktest_unblock(&gate);
    ktest_wait(&order_done, "all routines");
}

static void order_within(void)
{
    static struct ordered items[ORDERED];
    static UCHAR types[ORDERED];

    for (ULONG i = 0; i < ORDERED; i++)
        types[i] = DelayedWorkQueue;
    order_run(items, types);
    for (LONG i = 0; i < ORDERED; i++)
        kok(items[i].place == i, "item %ld was number %ld", i, items[i].place);
}

/* Every type starts before all items of lower priority, whatever the order of queueing. */
static void order_across(void)
{
    static const UCHAR types[][2] = {{4, 7},  {3, 8},  {1, 12}, {0, 13},  {6, 14},
                                     {2, 15}, {5, 18}, {33, 1}, {62, 30}, {40, 8}};
    static struct ordered items[ORDERED];
    static UCHAR type_of[ORDERED], priority_of[ORDERED];
    LONG wrong = 0;

    for (ULONG i = 0; i < ORDERED; i++) {
        type_of[i] = types[i * 7 % ARRAYSIZE(types)][0];
        priority_of[i] = types[i * 7 % ARRAYSIZE(types)][1];
    }
    order_run(items, type_of);
    for (ULONG i = 0; i < ORDERED; i++) {
        for (ULONG j = 0; j < ORDERED; j++)
            wrong += priority_of[i] > priority_of[j] && items[i].place > items[j].place;
        for (ULONG j = i + 1; j < ORDERED; j++)
            wrong += priority_of[i] == priority_of[j] && items[i].place > items[j].place;
    }
    kok(!wrong, "%ld pairs ran in the wrong order", wrong);
}

/* ---- races ---- */

#define RACE_THREADS 4
#define RACE_ROUNDS  20000

struct race {
    WORK_QUEUE_ITEM item;
    volatile LONG claimed; /* the driver's own guard, as drivers have it */
    volatile LONG queued, runs;
};

static void NTAPI race_routine(PVOID context)
{
    struct race *race = context;

    InterlockedIncrement(&race->runs);
    InterlockedExchange(&race->claimed, 0); /* from here on another thread may queue it */
}

static void NTAPI race_queue(PVOID context)
{
    struct race *race = context;

    for (int i = 0; i < RACE_ROUNDS; i++) {
        if (!InterlockedExchange(&race->claimed, 1)) {
            InterlockedIncrement(&race->queued);
            ExQueueWorkItem(&race->item, DelayedWorkQueue);
        }
    }
}

/* Several threads queue one item, guarded as drivers do it, while it runs and leaves. */
static void race_requeue(void)
{
    struct race race = {0};
    ULONG before = ktest_misuses();

    ExInitializeWorkItem(&race.item, race_routine, &race);
    ktest_race(RACE_THREADS, race_queue, &race);
    ktest_wait_value(&race.claimed, 0, "the last run");
    kok(race.runs == race.queued, "%ld of %ld ran", race.runs, race.queued);
    kok(ktest_misuses() == before, "%lu reports", ktest_misuses() - before);
}

const struct ktest ktest_ex[] = {
    {"the routine gets its parameter and runs once", queued_once, BUILTIN_ENDS, POOL_ANY},
    {"every queue type and custom priority is served", every_type, BUILTIN_ENDS, POOL_ANY},
    {"a routine may queue its item again", requeued_inside, BUILTIN_ENDS, POOL_ANY},
    {"a routine may free its item", freed_inside, BUILTIN_ENDS, POOL_ANY},
    {"items may be queued at DISPATCH_LEVEL", queued_at_dispatch, BUILTIN_ENDS, POOL_ANY},
    {"Flink tells whether an item is queued", stays_queued, BUILTIN_ENDS, POOL_SINGLE},
    {"items of one type start in order", order_within, BUILTIN_ENDS, POOL_SINGLE},
    {"items of higher priority start first", order_across, BUILTIN_ENDS, POOL_SINGLE},
    {"one item queued by several threads", race_requeue, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
