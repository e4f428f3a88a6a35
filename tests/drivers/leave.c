/*
 * leave.c: wqleave.sys, a driver that is unloaded while its routines run and wait, and while a timer is set.
 *
 * The routines wait for a named event of the test program, and tell by another one that they came to their
 * end, in code and data of an image that the system believes unloaded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"

#define ITEMS 4

DRIVER_INITIALIZE DriverEntry;

static WORK_QUEUE_ITEM items[ITEMS];
static volatile LONG left;
static BOOLEAN loaded;
static volatile LONG ticks;
static KTIMER timer;
static KDPC dpc;

static HANDLE event_open(const WCHAR *name, USHORT bytes)
{
    UNICODE_STRING text = {bytes, bytes, (PWSTR)name};
    OBJECT_ATTRIBUTES attributes;
    HANDLE event = NULL;

    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ZwOpenEvent(&event, EVENT_ALL_ACCESS, &attributes);
    return event;
}

#define EVENT_OPEN(name) event_open(name, sizeof(name) - sizeof(WCHAR))

static void NTAPI stay(PVOID context)
{
    HANDLE gate = EVENT_OPEN(L"\\BaseNamedObjects\\wqleave_gate");
    HANDLE done = EVENT_OPEN(L"\\BaseNamedObjects\\wqleave_done");

    (void)context;
    ZwWaitForSingleObject(gate, FALSE, NULL);
    if (!InterlockedDecrement(&left))
        ZwSetEvent(done, NULL);
    ZwClose(gate);
    ZwClose(done);
}

static void NTAPI tick(PKDPC own, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)own, (void)context, (void)argument1, (void)argument2;
    InterlockedIncrement(&ticks);
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

/* Fails if its data is not fresh: then the image before was never unloaded. */
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    LARGE_INTEGER due = {.QuadPart = -10000};

    (void)path;
    if (loaded)
        return STATUS_ALREADY_COMMITTED;
    loaded = TRUE;
    driver->DriverUnload = unload;
    left = ITEMS;
    for (int i = 0; i < ITEMS; i++) {
        ExInitializeWorkItem(&items[i], stay, NULL);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
    }
    KeInitializeDpc(&dpc, tick, NULL);
    KeInitializeTimer(&timer);
    KeSetTimerEx(&timer, due, 1, &dpc);
    return STATUS_SUCCESS;
}
