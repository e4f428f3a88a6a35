/*
 * misuse.c: what Windows would stop the machine for is reported by the same code, and survived. Here: items
 * that are queued, freed or initialised when they must not be, or are none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "misuse.h"

#define TAG 0x74737177 /* "wqst" */

#define WORKER_INVALID_CODE 0xe4
#define INVALID_ITEM_CODE   0x96

#define ACTIVE_QUEUED   1
#define ITEM_FREED      2
#define INVALID_OBJECT  3
#define INVALID_TYPE    6
#define INVALID_ROUTINE 7

void NTAPI misuse_count(PVOID context)
{
    struct misuse_job *job = context;

    job->irql = KeGetCurrentIrql();
    InterlockedIncrement(&job->runs);
    KeSetEvent(&job->done, 0, FALSE);
}

static void NTAPI count_io(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    misuse_count(context);
}

void misuse_job_init(struct misuse_job *job, PWORKER_THREAD_ROUTINE routine)
{
    RtlZeroMemory(job, sizeof(*job));
    KeInitializeEvent(&job->done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&job->item, routine, job);
}

void misuse_check_sound(void)
{
    struct misuse_job job;

    misuse_job_init(&job, misuse_count);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    ktest_wait(&job.done, "an item after the misuse");
    kok(job.runs == 1 && job.irql == PASSIVE_LEVEL, "%ld runs, level %u", job.runs, job.irql);
}

static void ex_queued_twice(void)
{
    struct ktest_gate gate;
    ULONG before;
    struct misuse_job job;

    ktest_block(&gate);
    misuse_job_init(&job, misuse_count);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    before = ktest_misuses();
    ExQueueWorkItem(&job.item, CriticalWorkQueue);
    ktest_misused(before, WORKER_INVALID_CODE, ACTIVE_QUEUED, "queued twice");
    ktest_unblock(&gate);
    ktest_wait(&job.done, "the routine");
    misuse_check_sound();
    kok(job.runs == 1, "%ld runs", job.runs);
}

static void io_queued_twice(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    struct ktest_gate gate;
    struct misuse_job first, second;
    ULONG before;

    ktest_block(&gate);
    misuse_job_init(&first, misuse_count);
    misuse_job_init(&second, misuse_count);
    IoQueueWorkItem(item, count_io, DelayedWorkQueue, &first);
    before = ktest_misuses();
    IoQueueWorkItem(item, count_io, DelayedWorkQueue, &second);
    ktest_misused(before, WORKER_INVALID_CODE, ACTIVE_QUEUED, "queued twice");
    ktest_unblock(&gate);
    ktest_wait(&first.done, "the first routine");
    misuse_check_sound();
    kok(first.runs == 1 && !second.runs, "%ld and %ld runs", first.runs, second.runs);
    IoFreeWorkItem(item);
}

static void freed_while_queued(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    struct ktest_gate gate;
    struct misuse_job job;
    ULONG before;

    ktest_block(&gate);
    misuse_job_init(&job, misuse_count);
    IoQueueWorkItem(item, count_io, DelayedWorkQueue, &job);
    before = ktest_misuses();
    IoFreeWorkItem(item);
    ktest_misused(before, WORKER_INVALID_CODE, ITEM_FREED, "freed while queued");
    ktest_unblock(&gate);
    misuse_check_sound();
    kok(!job.runs, "%ld runs", job.runs);
}

static void uninitialized_while_queued(void)
{
    PIO_WORKITEM item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), TAG);
    struct ktest_gate gate;
    struct misuse_job job;
    ULONG before;

    ktest_block(&gate);
    misuse_job_init(&job, misuse_count);
    IoInitializeWorkItem(ktest_device, item);
    IoQueueWorkItem(item, count_io, DelayedWorkQueue, &job);
    before = ktest_misuses();
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, TAG);
    ktest_misused(before, WORKER_INVALID_CODE, ITEM_FREED, "uninitialised while queued");
    ktest_unblock(&gate);
    misuse_check_sound();
    kok(!job.runs, "%ld runs", job.runs);
}

static void initialized_anew(BOOLEAN queue_again)
{
    struct ktest_gate gate;
    struct misuse_job job, behind;
    ULONG before;

    ktest_block(&gate);
    misuse_job_init(&job, misuse_count);
    misuse_job_init(&behind, misuse_count);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    ExQueueWorkItem(&behind.item, DelayedWorkQueue);
    ExInitializeWorkItem(&job.item, misuse_count, &job);
    before = ktest_misuses();
    if (queue_again) {
        ExQueueWorkItem(&job.item, DelayedWorkQueue);
        ktest_misused(before, WORKER_INVALID_CODE, ACTIVE_QUEUED, "initialised anew and queued twice");
    }
    ktest_unblock(&gate);
    ktest_wait(&job.done, "the routine");
    if (!queue_again)
        ktest_misused(before, INVALID_ITEM_CODE, (ULONG_PTR)&job.item, "initialised anew while queued");
    ktest_wait(&behind.done, "the routine behind it");
    misuse_check_sound();
    kok(job.runs == 1 && behind.runs == 1, "%ld and %ld runs", job.runs, behind.runs);
}

static void initialized_while_queued(void)
{
    initialized_anew(FALSE);
}

static void initialized_and_queued_twice(void)
{
    initialized_anew(TRUE);
}

static void io_initialized_while_queued(void)
{
    PIO_WORKITEM item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), TAG);
    struct ktest_gate gate;
    struct misuse_job job;
    ULONG before;

    ktest_block(&gate);
    misuse_job_init(&job, misuse_count);
    IoInitializeWorkItem(ktest_device, item);
    IoQueueWorkItem(item, count_io, DelayedWorkQueue, &job);
    before = ktest_misuses();
    IoInitializeWorkItem(ktest_device, item);
    ktest_misused(before, WORKER_INVALID_CODE, ITEM_FREED, "initialised while queued");
    ktest_unblock(&gate);
    misuse_check_sound();
    kok(!job.runs, "%ld runs", job.runs);
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, TAG);
}

static void bad_type(void)
{
    static const LONG types[] = {7, 8, 31, 32, 64, 1000, -1};

    for (ULONG i = 0; i < ARRAYSIZE(types); i++) {
        ULONG before = ktest_misuses();
        struct misuse_job job;

        misuse_job_init(&job, misuse_count);
        ExQueueWorkItem(&job.item, (WORK_QUEUE_TYPE)types[i]);
        ktest_misused(before, WORKER_INVALID_CODE, INVALID_TYPE, "unknown queue type");
        ktest_wait(&job.done, "the routine, as delayed work");
    }
}

static void bad_routine(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    ULONG before = ktest_misuses();
    struct misuse_job job;

    misuse_job_init(&job, NULL);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    ktest_misused(before, WORKER_INVALID_CODE, INVALID_ROUTINE, "no Ex routine");
    before = ktest_misuses();
    IoQueueWorkItem(item, NULL, DelayedWorkQueue, NULL);
    ktest_misused(before, WORKER_INVALID_CODE, INVALID_ROUTINE, "no Io routine");
    IoFreeWorkItem(item);
    misuse_check_sound();
}

static void bad_object(void)
{
    PIO_WORKITEM item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), TAG);
    ULONG64 object[32] = {0};
    ULONG before = ktest_misuses();

    IoInitializeWorkItem(object + 16, item);
    ktest_misused(before, WORKER_INVALID_CODE, INVALID_OBJECT, "initialised for no object");
    IoUninitializeWorkItem(item);
    before = ktest_misuses();
    IoInitializeWorkItem(NULL, item);
    ktest_misused(before, WORKER_INVALID_CODE, INVALID_OBJECT, "initialised for NULL");
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, TAG);
}

static void bad_item(void)
{
    PIO_WORKITEM item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), TAG);
    struct misuse_job job;
    ULONG before = ktest_misuses();

    RtlZeroMemory(item, IoSizeofWorkItem());
    misuse_job_init(&job, misuse_count);
    IoQueueWorkItem(item, count_io, DelayedWorkQueue, &job);
    ktest_misused(before, INVALID_ITEM_CODE, (ULONG_PTR)item, "never initialised");
    before = ktest_misuses();
    IoInitializeWorkItem(ktest_device, item);
    IoFreeWorkItem(item);
    ktest_misused(before, INVALID_ITEM_CODE, (ULONG_PTR)item, "freed although not allocated");
    IoUninitializeWorkItem(item);
    before = ktest_misuses();
    IoUninitializeWorkItem(item);
    ktest_misused(before, INVALID_ITEM_CODE, (ULONG_PTR)item, "uninitialised twice");
    ExFreePoolWithTag(item, TAG);
    kok(!job.runs, "%ld runs", job.runs);
}

/* ---- races ---- */

#define RACE_ROUNDS 2000

/* Each item is freed right after it was queued: its routine runs or it is reported, never neither. */
static void race_free(void)
{
    ULONG before = ktest_misuses();
    struct misuse_job job;
    LONG reports;

    misuse_job_init(&job, misuse_count);
    for (int i = 0; i < RACE_ROUNDS; i++) {
        PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);

        IoQueueWorkItem(item, count_io, DelayedWorkQueue, &job);
        IoFreeWorkItem(item);
    }
    misuse_check_sound();
    reports = (LONG)(ktest_misuses() - before);
    kok(job.runs + reports >= RACE_ROUNDS && job.runs <= RACE_ROUNDS, "%ld ran, %ld reported, of %d",
        job.runs, reports, RACE_ROUNDS);
}

/* One item is queued again and again: each time it runs or is reported, never both. */
static void race_queue_twice(void)
{
    ULONG before = ktest_misuses();
    struct misuse_job job;
    LONG reports;

    misuse_job_init(&job, misuse_count);
    for (int i = 0; i < RACE_ROUNDS; i++)
        ExQueueWorkItem(&job.item, DelayedWorkQueue);
    reports = (LONG)(ktest_misuses() - before);
    ktest_wait_value(&job.runs, RACE_ROUNDS - reports, "what was not reported to run");
}

const struct ktest ktest_misuse[] = {
    {"an Ex item queued twice", ex_queued_twice, BUILTIN_ENDS, POOL_SINGLE},
    {"an Io item queued twice", io_queued_twice, BUILTIN_ENDS, POOL_SINGLE},
    {"an item freed while it is queued does not run", freed_while_queued, BUILTIN_ENDS, POOL_SINGLE},
    {"the same in memory of the caller", uninitialized_while_queued, BUILTIN_ENDS, POOL_SINGLE},
    {"an item initialised anew while it is queued", initialized_while_queued, BUILTIN_ENDS, POOL_SINGLE},
    {"the same, and queued again", initialized_and_queued_twice, BUILTIN_ENDS, POOL_SINGLE},
    {"an Io item initialised anew while it is queued", io_initialized_while_queued, BUILTIN_ENDS,
     POOL_SINGLE},
    {"unknown queue types count as delayed", bad_type, BUILTIN_ENDS, POOL_ANY},
    {"no routine", bad_routine, BUILTIN_ENDS, POOL_ANY},
    {"no object", bad_object, BUILTIN_ENDS, POOL_ANY},
    {"no item", bad_item, BUILTIN_ENDS, POOL_ANY},
    {"items freed in the moment in which they start", race_free, BUILTIN_ENDS, POOL_ANY},
    {"items queued in the moment in which they start", race_queue_twice, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
