/*
 * flood.c: a million items from several threads: none lost, none run twice, a bounded number of threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#define TAG     0x74737177 /* "wqst" */
#define THREADS 4
#define ITEMS   1000000
#define BOUND   64 /* threads that may run routines which never wait; a busy machine needs more */

struct flood_item {
    WORK_QUEUE_ITEM item;
    PIO_WORKITEM io;
    volatile LONG runs;
};

static struct flood_item *items;
static volatile LONG total, wanted, left;
static volatile HANDLE seen_threads[BOUND];
static volatile LONG more_threads;
static KEVENT all_ran, all_queued;

static void note_thread(void)
{
    HANDLE thread = PsGetCurrentThreadId();

    for (int i = 0; i < BOUND; i++) {
        if (seen_threads[i] == thread)
            return;
        if (!seen_threads[i] &&
            !InterlockedCompareExchangePointer((PVOID volatile *)&seen_threads[i], thread, NULL))
            return;
        if (seen_threads[i] == thread)
            return;
    }
    InterlockedIncrement(&more_threads);
}

static void NTAPI run(PVOID context)
{
    struct flood_item *item = context;

    InterlockedIncrement(&item->runs);
    note_thread();
    if (InterlockedIncrement(&total) == wanted)
        KeSetEvent(&all_ran, 0, FALSE);
}

static void NTAPI run_io(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    run(context);
}

static void NTAPI queue_ex(PVOID context)
{
    for (LONG i = (LONG)(LONG_PTR)context; i < wanted; i += THREADS)
        ExQueueWorkItem(&items[i].item, i % 3 ? DelayedWorkQueue : CriticalWorkQueue);
    if (!InterlockedDecrement(&left))
        KeSetEvent(&all_queued, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void NTAPI queue_io(PVOID context)
{
    for (LONG i = (LONG)(LONG_PTR)context; i < wanted; i += THREADS)
        IoQueueWorkItem(items[i].io, run_io, DelayedWorkQueue, &items[i]);
    if (!InterlockedDecrement(&left))
        KeSetEvent(&all_queued, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static BOOLEAN flood_begin(LONG count, BOOLEAN io)
{
    items = ExAllocatePoolWithTag(NonPagedPool, (SIZE_T)count * sizeof(*items), TAG);
    if (!kok(items != NULL, "no memory"))
        return FALSE;
    RtlZeroMemory(items, (SIZE_T)count * sizeof(*items));
    for (LONG i = 0; i < count; i++) {
        ExInitializeWorkItem(&items[i].item, run, &items[i]);
        if (io)
            items[i].io = IoAllocateWorkItem(ktest_device);
    }
    for (int i = 0; i < BOUND; i++)
        seen_threads[i] = NULL;
    total = more_threads = 0;
    wanted = count;
    left = THREADS;
    KeInitializeEvent(&all_ran, NotificationEvent, FALSE);
    KeInitializeEvent(&all_queued, NotificationEvent, FALSE);
    return TRUE;
}

static void flood(LONG count, PKSTART_ROUTINE producer, const char *what)
{
    LARGE_INTEGER begin, end, frequency;
    LONG wrong = 0, threads = 0;

    if (!flood_begin(count, producer == queue_io))
        return;
    begin = KeQueryPerformanceCounter(&frequency);
    for (LONG_PTR i = 0; i < THREADS; i++)
        ktest_thread(producer, (PVOID)i);
    ktest_wait(&all_queued, "everything to be queued");
    ktest_wait(&all_ran, "everything to run");
    end = KeQueryPerformanceCounter(NULL);
    kok(total == count, "%ld of %ld ran", total, count);
    for (LONG i = 0; i < count; i++) {
        wrong += items[i].runs != 1;
        if (items[i].io)
            IoFreeWorkItem(items[i].io);
    }
    kok(!wrong, "%ld of %ld did not run once", wrong, count);
    while (threads < BOUND && seen_threads[threads])
        threads++;
    if (ktest_ours)
        kok(!more_threads, "more than %d threads ran them", BOUND);
    ExFreePoolWithTag(items, TAG);
    DbgPrint("wqtest: %s: %ld items in %I64d us on %ld threads\n", what, count,
             (end.QuadPart - begin.QuadPart) * 1000000 / frequency.QuadPart, threads);
}

static void flood_ex(void)
{
    flood(ITEMS, queue_ex, "ExQueueWorkItem");
}

static void flood_io(void)
{
    flood(ktest_ours ? ITEMS : ITEMS / 100, queue_io, "IoQueueWorkItem");
}

const struct ktest ktest_flood[] = {{"a million Ex items", flood_ex, BUILTIN_ENDS, POOL_ANY},
                                    {"a million Io items", flood_io, BUILTIN_PASSES, POOL_ANY},
                                    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
