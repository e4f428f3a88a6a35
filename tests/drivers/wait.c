/*
 * wait.c: waits inside work routines: they give what they give elsewhere, and other routines run meanwhile.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

/* ---- what waits return ---- */

struct results {
    NTSTATUS no_time, short_time, set, any, all, all_short, delay;
    KEVENT done;
};

static void wait_all_kinds(struct results *results)
{
    LARGE_INTEGER none = {.QuadPart = 0}, millisecond = {.QuadPart = -10000};
    KEVENT first, second;
    PVOID both[] = {&first, &second};

    KeInitializeEvent(&first, SynchronizationEvent, FALSE);
    KeInitializeEvent(&second, SynchronizationEvent, FALSE);
    results->no_time = KeWaitForSingleObject(&first, Executive, KernelMode, FALSE, &none);
    results->short_time = KeWaitForSingleObject(&first, Executive, KernelMode, FALSE, &millisecond);
    KeSetEvent(&first, 0, FALSE);
    results->set = KeWaitForSingleObject(&first, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&second, 0, FALSE);
    results->all_short =
        KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, &millisecond, NULL);
    results->any = KeWaitForMultipleObjects(2, both, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    KeSetEvent(&first, 0, FALSE);
    KeSetEvent(&second, 0, FALSE);
    results->all = KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    results->delay = KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
}

static void check_results(const struct results *results, const char *where)
{
    kok(results->no_time == STATUS_TIMEOUT, "%s: no time: %lx", where, results->no_time);
    kok(results->short_time == STATUS_TIMEOUT, "%s: a short time: %lx", where, results->short_time);
    kok(!results->set, "%s: a set event: %lx", where, results->set);
    kok(results->all_short == STATUS_TIMEOUT, "%s: one of two: %lx", where, results->all_short);
    kok(results->any == 1, "%s: the second of two: %lx", where, results->any);
    kok(!results->all, "%s: both: %lx", where, results->all);
    kok(!results->delay, "%s: a delay: %lx", where, results->delay);
}

static void NTAPI wait_routine(PDEVICE_OBJECT device, PVOID context)
{
    struct results *results = context;

    wait_all_kinds(results);
    KeSetEvent(&results->done, 0, FALSE);
}

static void results(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    struct results elsewhere, inside;

    wait_all_kinds(&elsewhere);
    check_results(&elsewhere, "in a dispatch routine");
    KeInitializeEvent(&inside.done, NotificationEvent, FALSE);
    IoQueueWorkItem(item, wait_routine, DelayedWorkQueue, &inside);
    if (ktest_wait(&inside.done, "the work routine"))
        check_results(&inside, "in a work routine");
    IoFreeWorkItem(item);
}

/* ---- each routine waits for the one that was queued behind it ---- */

#define CHAIN 24

struct link {
    PIO_WORKITEM item;
    KEVENT event;
};

static struct link chain[CHAIN + 1];

static void NTAPI pass_on(PDEVICE_OBJECT device, PVOID context)
{
    struct link *link = context;

    ktest_wait(&link[1].event, "the next routine");
    KeSetEvent(&link->event, 0, FALSE);
}

static void chained(void)
{
    for (int i = 0; i <= CHAIN; i++)
        KeInitializeEvent(&chain[i].event, NotificationEvent, FALSE);
    for (int i = 0; i < CHAIN; i++) {
        chain[i].item = IoAllocateWorkItem(ktest_device);
        IoQueueWorkItem(chain[i].item, pass_on, DelayedWorkQueue, &chain[i]);
    }
    KeSetEvent(&chain[CHAIN].event, 0, FALSE);
    ktest_wait(&chain[0].event, "the first routine");
    for (int i = 0; i < CHAIN; i++)
        IoFreeWorkItem(chain[i].item);
}

/* The same, the last event set by a routine behind all that wait. */
static void NTAPI begin_chain(PDEVICE_OBJECT device, PVOID context)
{
    KeSetEvent(&((struct link *)context)->event, 0, FALSE);
}

static void chained_from_behind(void)
{
    PIO_WORKITEM last = IoAllocateWorkItem(ktest_device);

    for (int i = 0; i <= CHAIN; i++)
        KeInitializeEvent(&chain[i].event, NotificationEvent, FALSE);
    for (int i = 0; i < CHAIN; i++) {
        chain[i].item = IoAllocateWorkItem(ktest_device);
        IoQueueWorkItem(chain[i].item, pass_on, DelayedWorkQueue, &chain[i]);
    }
    IoQueueWorkItem(last, begin_chain, DelayedWorkQueue, &chain[CHAIN]);
    ktest_wait(&chain[0].event, "the first routine");
    for (int i = 0; i < CHAIN; i++)
        IoFreeWorkItem(chain[i].item);
    IoFreeWorkItem(last);
}

const struct ktest ktest_waits[] = {
    {"waits return the same in work routines", results, BUILTIN_PASSES, POOL_ANY},
    {"routines that wait in a row", chained, BUILTIN_PASSES, POOL_SEVERAL},
    {"routines that wait for the last one", chained_from_behind, BUILTIN_PASSES, POOL_SEVERAL},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
