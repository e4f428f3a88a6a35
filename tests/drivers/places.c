/*
 * places.c: every function of work items, used from each place that a driver has: DriverEntry, a dispatch
 * routine, at DISPATCH_LEVEL, a DPC, a work routine, Unload.
 *
 * The first half may run at DISPATCH_LEVEL and before there is somebody to report to, so it only notes; the
 * second half waits and checks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#define KEY_NAME   L"\\Registry\\Machine\\Software\\wqtest"
#define VALUE_NAME L"unload"

/* ---- the routines ---- */

static void count(struct ktest_place *place, BOOLEAN right)
{
    if (!right || (ktest_ours && KeGetCurrentIrql() != PASSIVE_LEVEL))
        InterlockedIncrement(&place->wrong);
    InterlockedIncrement(&place->runs);
}

static void NTAPI count_io(PDEVICE_OBJECT device, PVOID context)
{
    count(context, device == ktest_device);
}

static void NTAPI count_ex(PVOID object, PVOID context, PIO_WORKITEM item)
{
    struct ktest_place *place = context;

    count(place, object == ktest_device && item == place->extended);
}

static void NTAPI count_in_place(PVOID object, PVOID context, PIO_WORKITEM item)
{
    struct ktest_place *place = context;

    count(place, object == ktest_driver && item == (PIO_WORKITEM)&place->memory);
}

static void NTAPI count_tried(PVOID object, PVOID context, PIO_WORKITEM item)
{
    struct ktest_place *place = context;

    count(place, object == ktest_device && item == place->tried);
}

static void NTAPI count_work(PVOID context)
{
    count(context, TRUE);
}

/* ---- the two halves ---- */

static void begin_ours(struct ktest_place *place)
{
    PIO_WORKITEM in_place = (PIO_WORKITEM)&place->memory;

    place->size = IoSizeofWorkItem();
    place->extended = IoAllocateWorkItem(ktest_device);
    place->tried = IoAllocateWorkItem(ktest_device);
    if (!place->extended || !place->tried || place->size > sizeof(place->memory))
        return;
    IoInitializeWorkItem(ktest_device, in_place);
    IoUninitializeWorkItem(in_place);
    IoInitializeWorkItem(ktest_driver, in_place);
    IoQueueWorkItemEx(in_place, count_in_place, NormalWorkQueue, place);
    IoQueueWorkItemEx(place->extended, count_ex, CriticalWorkQueue, place);
    ExInitializeWorkItem(&place->work, count_work, place);
    ExQueueWorkItem(&place->work, CustomPriorityWorkQueue + 20);
    place->expected += 3 + IoTryQueueWorkItem(place->tried, count_tried, BackgroundWorkQueue, place);
}

void ktest_place_begin(struct ktest_place *place)
{
    PIO_WORKITEM unused = IoAllocateWorkItem(ktest_device);

    RtlZeroMemory(place, sizeof(*place));
    place->begun = TRUE;
    place->item = IoAllocateWorkItem(ktest_device);
    place->allocated = unused != NULL && place->item != NULL;
    if (unused)
        IoFreeWorkItem(unused);
    if (place->item) {
        IoQueueWorkItem(place->item, count_io, DelayedWorkQueue, place);
        place->expected++;
    }
    if (ktest_ours)
        begin_ours(place);
}

void ktest_place_end(struct ktest_place *place, const char *where)
{
    kok(place->begun && place->allocated, "%s: begun %d, allocated %d", where, place->begun,
        place->allocated);
    ktest_wait_value(&place->runs, place->expected, where);
    kok(!place->wrong, "%s: %ld routines had wrong arguments or levels", where, place->wrong);
    if (place->item)
        IoFreeWorkItem(place->item);
    if (!ktest_ours)
        return;
    kok(place->size && place->extended && place->tried, "%s: size %lu, items %p and %p", where, place->size,
        place->extended, place->tried);
    kok(place->expected >= 4, "%s: %ld items were queued", where, place->expected);
    IoUninitializeWorkItem((PIO_WORKITEM)&place->memory);
    IoFreeWorkItem(place->extended);
    IoFreeWorkItem(place->tried);
}

/* ---- places ---- */

struct ktest_place ktest_entry_place;

static void from_entry(void)
{
    if (!ktest_entry_place.begun)
        return; /* an earlier request has seen it */
    ktest_place_end(&ktest_entry_place, "DriverEntry");
    ktest_entry_place.begun = FALSE;
}

static void from_dispatch(void)
{
    struct ktest_place place;

    ktest_place_begin(&place);
    ktest_place_end(&place, "a dispatch routine");
}

static void from_raised(void)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    struct ktest_place place;

    ktest_place_begin(&place);
    kok_level(DISPATCH_LEVEL);
    KeLowerIrql(old);
    ktest_place_end(&place, "a dispatch routine at DISPATCH_LEVEL");
}

struct elsewhere {
    KDPC dpc;
    WORK_QUEUE_ITEM work;
    struct ktest_place place;
    KEVENT begun;
};

static void NTAPI begin_in_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct elsewhere *elsewhere = context;

    ktest_place_begin(&elsewhere->place);
    kok_level(DISPATCH_LEVEL);
    KeSetEvent(&elsewhere->begun, 0, FALSE);
}

static void from_dpc(void)
{
    struct elsewhere elsewhere;

    KeInitializeEvent(&elsewhere.begun, NotificationEvent, FALSE);
    KeInitializeDpc(&elsewhere.dpc, begin_in_dpc, &elsewhere);
    KeInsertQueueDpc(&elsewhere.dpc, NULL, NULL);
    ktest_wait(&elsewhere.begun, "the DPC");
    KeFlushQueuedDpcs();
    ktest_place_end(&elsewhere.place, "a DPC");
}

static void NTAPI begin_in_work(PVOID context)
{
    struct elsewhere *elsewhere = context;

    ktest_place_begin(&elsewhere->place);
    KeSetEvent(&elsewhere->begun, 0, FALSE);
}

static void from_work(void)
{
    struct elsewhere elsewhere;

    KeInitializeEvent(&elsewhere.begun, NotificationEvent, FALSE);
    ExInitializeWorkItem(&elsewhere.work, begin_in_work, &elsewhere);
    ExQueueWorkItem(&elsewhere.work, DelayedWorkQueue);
    ktest_wait(&elsewhere.begun, "the work routine");
    ktest_place_end(&elsewhere.place, "a work routine");
}

/* Nobody asks for Unload's result, so it goes into the registry. */
void ktest_unload_place(void)
{
    static struct ktest_result result;
    UNICODE_STRING key_name = TEXT_STRING(KEY_NAME), value_name = TEXT_STRING(VALUE_NAME);
    OBJECT_ATTRIBUTES attributes;
    struct ktest_place place;
    HANDLE key;

    RtlZeroMemory(&result, sizeof(result));
    result.known = 1;
    ktest_begin(&result, "");
    if (ktest_entry_place.begun)
        ktest_place_end(&ktest_entry_place, "DriverEntry");
    ktest_place_begin(&place);
    ktest_place_end(&place, "Unload");
    InitializeObjectAttributes(&attributes, &key_name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (ZwCreateKey(&key, KEY_WRITE, &attributes, 0, NULL, 1 /* volatile */, NULL))
        return;
    ZwSetValueKey(key, &value_name, 0, REG_BINARY, &result, sizeof(result));
    ZwClose(key);
}

const struct ktest ktest_places[] = {
    {"all functions from DriverEntry", from_entry, BUILTIN_PASSES, POOL_ANY},
    {"all functions from a dispatch routine", from_dispatch, BUILTIN_PASSES, POOL_ANY},
    {"all functions at DISPATCH_LEVEL", from_raised, BUILTIN_ENDS, POOL_ANY},
    {"all functions from a DPC", from_dpc, BUILTIN_ENDS, POOL_ANY},
    {"all functions from a work routine", from_work, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
