/*
 * objects.c: the reference that work items hold of their device: kept however they come and go, given back after the
 * last, for any number of devices.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../drivers/ddk.h"
#define KTEST_DRIVER
#include "../drivers/ktest.h"

typedef int BOOL;
#include "host.h"

#define THREADS 3
#define ROUNDS  20000
#define DEVICES 400 /* more than the front has room for */

__declspec(dllimport) PDRIVER_OBJECT NTAPI HostDriver(void);
__declspec(dllimport) LONG NTAPI HostReferences(void *object);
__declspec(dllimport) void NTAPI HostDelete(void *object);

extern struct ktest_result *ktest_current;

static PDEVICE_OBJECT device_create(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT device;

    if (IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device))
        return NULL;
    ObfReferenceObject(device); /* ours, to look at it */
    return device;
}

/* ---- several threads queue one item at a time, so each may be the first and the last ---- */

static PDEVICE_OBJECT shared;
static volatile LONG unreferenced, finished;

static void NTAPI look(PDEVICE_OBJECT device, PVOID ran)
{
    if (HostReferences(device) < 3) /* its own, ours, the item's */
        InterlockedIncrement(&unreferenced);
    InterlockedIncrement((volatile LONG *)ran);
}

static void NTAPI one_at_a_time(PVOID failed)
{
    PIO_WORKITEM item = IoAllocateWorkItem(shared);
    volatile LONG ran = 0;

    for (LONG i = 1; i <= ROUNDS && !*(volatile BOOLEAN *)failed; i++) {
        IoQueueWorkItem(item, look, DelayedWorkQueue, (PVOID)&ran);
        for (int spin = 0; ran != i && spin < 1000000; spin++)
            YieldProcessor();
        if (ran != i && !ktest_wait_value(&ran, i, "an item"))
            *(volatile BOOLEAN *)failed = TRUE;
    }
    IoFreeWorkItem(item);
    InterlockedIncrement(&finished);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

const char *host_references_race(void)
{
    static struct ktest_result ignored;
    PDRIVER_OBJECT driver = HostDriver();
    volatile BOOLEAN failed = FALSE;
    LONG left;

    ktest_current = &ignored;
    shared = device_create(driver);
    for (int i = 0; i < THREADS; i++)
        ktest_thread(one_at_a_time, (PVOID)&failed);
    if (!ktest_wait_value(&finished, THREADS, "the threads"))
        return "the threads did not end";
    left = host_references_settled(shared, 2);
    IoDeleteDevice(shared);
    HostDelete(shared);
    HostDelete(driver);
    if (failed || ignored.failures)
        return "an item did not run";
    return unreferenced ? "an item ran without a reference" : left != 2 ? "references are left" : NULL;
}

/* ---- many devices ---- */

const char *host_references_many(void)
{
    static struct ktest_result ignored;
    static PDEVICE_OBJECT devices[DEVICES];
    static PIO_WORKITEM items[DEVICES];
    PDRIVER_OBJECT driver = HostDriver();
    const char *wrong = NULL;
    volatile LONG ran = 0;

    ktest_current = &ignored;
    for (int round = 1; round <= 2 && !wrong; round++) { /* there is room for others once items are freed */
        for (int i = 0; i < DEVICES; i++) {
            devices[i] = device_create(driver);
            items[i] = IoAllocateWorkItem(devices[i]);
            IoQueueWorkItem(items[i], look, DelayedWorkQueue, (PVOID)&ran);
        }
        if (!ktest_wait_value(&ran, round * DEVICES, "the items"))
            return "not all items ran";
        for (int i = 0; i < DEVICES; i++) {
            if (host_references_settled(devices[i], 2) != 2)
                wrong = "a reference is left";
            IoFreeWorkItem(items[i]);
            IoDeleteDevice(devices[i]);
            HostDelete(devices[i]);
        }
    }
    HostDelete(driver);
    return unreferenced ? "an item ran without a reference" : wrong;
}
