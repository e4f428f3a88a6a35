/*
 * item.c: Io work items: a work item, and an object that stays while the routine runs.
 *
 * An IO_WORKITEM begins with a work item, whose routine is a mark; its own routine, context and object are
 * written only while the work item is claimed, so a driver may queue it again as soon as the routine runs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define INVALID_FREED      2 /* first parameters of WORKER_INVALID */
#define INVALID_OBJECT     3
#define OBJECT_TYPE_DEVICE 3 /* IO_TYPE_DEVICE, IO_TYPE_DRIVER: the first field of both objects */
#define OBJECT_TYPE_DRIVER 4
#define MAGIC_ALLOCATED    0x49714c41u
#define MAGIC_INITIALIZED  0x49714e49u
#define MAGIC_GONE         0x49714544u

struct nt_io_item {
    struct wq_item queue;    /* link A, the rest X: must be first */
    void *object;            /* C: of the item's life */
    void *routine;           /* X */
    void *context;           /* X */
    ULONG magic;             /* C: of the item's life: one of MAGIC_* */
    bool referencing;        /* C: object is one that can be referenced */
    bool extended;           /* X: routine is an IO_WORKITEM_ROUTINE_EX */
    struct nt_object *entry; /* C: for that */
};

typedef void *(NTAPI *type_function)(void *object);

ULONG NTAPI IoSizeofWorkItem(void);
struct nt_io_item *NTAPI IoAllocateWorkItem(void *object);
void NTAPI IoFreeWorkItem(struct nt_io_item *item);
void NTAPI IoInitializeWorkItem(void *object, struct nt_io_item *item);
void NTAPI IoUninitializeWorkItem(struct nt_io_item *item);
void NTAPI IoQueueWorkItem(struct nt_io_item *item, void *routine, ULONG type, void *context);
void NTAPI IoQueueWorkItemEx(struct nt_io_item *item, void *routine, ULONG type, void *context);
BOOLEAN NTAPI IoTryQueueWorkItem(struct nt_io_item *item, void *routine, ULONG type, void *context);

/* The work item's routine: tells that it is part of an IO_WORKITEM, and is never called. */
static void WQ_CALL item_mark(void *param)
{
    (void)param;
}

bool nt_item_call(struct wq_item *queued, struct nt_call *call)
{
    struct nt_io_item *item = (struct nt_io_item *)queued;

    if (queued->routine != item_mark)
        return false;
    call->routine = item->routine;
    call->param = item->context;
    call->io_object = item->object;
    call->object = item->referencing ? item->object : NULL;
    call->entry = item->entry;
    call->kind = item->extended ? NT_CALL_IO_EX : NT_CALL_IO;
    return true;
}

void nt_item_release(struct nt_object *entry, void *object, void *routine)
{
    if (object)
        nt_object_drop(entry, object);
    nt_image_drop(routine);
}

/* Takes back what a claimed item holds for its routine. */
static void item_release(struct nt_io_item *item, void *routine)
{
    nt_item_release(item->entry, item->referencing ? item->object : NULL, routine);
}

/* Wine leaves the objects' own type fields 0, so its object manager is asked. */
static bool is_io_object(void *object)
{
    type_function type_of = (type_function)nt_base(NT_BASE_TYPE_OF);
    void *const *device_type = nt_base(NT_BASE_DEVICE_TYPE), *const *driver_type =
                                                                 nt_base(NT_BASE_DRIVER_TYPE);
    SHORT type;

    if (!object)
        return false;
    if (type_of && device_type && driver_type) {
        void *object_type = type_of(object);

        return object_type && (object_type == *device_type || object_type == *driver_type);
    }
    type = *(const SHORT *)object;
    return type == OBJECT_TYPE_DEVICE || type == OBJECT_TYPE_DRIVER;
}

static void item_init(struct nt_io_item *item, void *object, ULONG magic)
{
    *item = (struct nt_io_item){.object = object, .magic = magic, .referencing = is_io_object(object)};
    if (item->referencing)
        item->entry = nt_object_find(object);
}

static void item_end(struct nt_io_item *item)
{
    item->magic = MAGIC_GONE;
    if (item->entry)
        nt_object_forget(item->entry);
}

/* Reports an IO_WORKITEM that was never initialised, was freed, or is used as one of the other kind. */
static bool item_check(struct nt_io_item *item, bool as_expected, void *routine)
{
    if (as_expected)
        return true;
    nt_misuse(NT_INVALID_ITEM, (ULONG_PTR)item, (ULONG_PTR)nt_queue, 0, (ULONG_PTR)routine, item, routine);
    return false;
}

/* The number of bytes that IoInitializeWorkItem needs: a multiple of 8, constant. Any IRQL. */
ULONG NTAPI IoSizeofWorkItem(void)
{
    return (sizeof(struct nt_io_item) + 7) & ~7u;
}

/* Makes a work item for a device or driver object, which is not referenced yet. With NULL or what is no such
 * object, nothing will be referenced, and the routine gets it as it is. At or below DISPATCH_LEVEL. Returns
 * NULL if there is no memory; the caller gives it to IoFreeWorkItem. */
struct nt_io_item *NTAPI IoAllocateWorkItem(void *object)
{
    struct nt_io_item *item = wq_alloc(sizeof(*item));

    if (item)
        item_init(item, object, MAGIC_ALLOCATED);
    return item;
}

/* Takes a queued item back, with a report. One that is just being taken off the queue runs; it is waited for
 * until nobody looks at the item any more, which takes a moment. */
static void item_withdraw(struct nt_io_item *item)
{
    nt_misuse(NT_WORKER_INVALID, INVALID_FREED, (ULONG_PTR)item, (ULONG_PTR)item->routine, 0, item,
              item->routine);
    while (__atomic_load_n(&item->queue.link, __ATOMIC_ACQUIRE)) {
        if (wq_queue_cancel(nt_queue, &item->queue)) {
            item_release(item, item->routine);
            return;
        }
        NtYieldExecution();
    }
}

/* Makes a work item in IoSizeofWorkItem bytes of the caller's, aligned as a pointer; to be ended by
 * IoUninitializeWorkItem. object as for IoAllocateWorkItem; what is neither a device nor a driver object is
 * reported as WORKER_INVALID 3; an item that is still queued as WORKER_INVALID 2: it is withdrawn. Any IRQL.
 */
void NTAPI IoInitializeWorkItem(void *object, struct nt_io_item *item)
{
    if (wq_queue_holds(nt_queue, &item->queue)) {
        item_withdraw(item);
        item_end(item);
    }
    item_init(item, object, MAGIC_INITIALIZED);
    if (!item->referencing)
        nt_misuse(NT_WORKER_INVALID, INVALID_OBJECT, (ULONG_PTR)item, (ULONG_PTR)object, 0, item, NULL);
}

/* Frees an item of IoAllocateWorkItem. It must not be queued: that is reported as WORKER_INVALID 2, and its
 * routine will not be called. Allowed from inside its routine, and while that runs. Something else than such
 * an item is reported as INVALID_WORK_QUEUE_ITEM and left alone. At or below DISPATCH_LEVEL. */
void NTAPI IoFreeWorkItem(struct nt_io_item *item)
{
    if (!item_check(item, item && item->magic == MAGIC_ALLOCATED, __builtin_return_address(0)))
        return;
    if (__atomic_load_n(&item->queue.link, __ATOMIC_ACQUIRE))
        item_withdraw(item);
    item_end(item);
    wq_free(item);
}

/* As IoFreeWorkItem, for an item of IoInitializeWorkItem, whose memory is the caller's again. Any IRQL. */
void NTAPI IoUninitializeWorkItem(struct nt_io_item *item)
{
    if (!item_check(item, item && item->magic == MAGIC_INITIALIZED, __builtin_return_address(0)))
        return;
    if (__atomic_load_n(&item->queue.link, __ATOMIC_ACQUIRE))
        item_withdraw(item);
    item_end(item);
}

/* Claims and fills in an item and takes what it holds for its routine. False, having done nothing, if
 * something is wrong with it. */
static bool item_prepare(struct nt_io_item *item, void *routine, unsigned level, void *context, bool extended)
{
    bool known = item && (item->magic == MAGIC_ALLOCATED || item->magic == MAGIC_INITIALIZED);

    nt_work_check_irql(item, routine);
    if (!item_check(item, known, routine) || !nt_work_check_routine(routine, item) ||
        !nt_work_claim(&item->queue, level, routine))
        return false;
    item->queue.routine = item_mark;
    item->routine = routine;
    item->context = context;
    item->extended = extended;
    if (item->referencing)
        nt_object_hold(item->entry, item->object);
    nt_image_hold(routine);
    return true;
}

/* Queues an item: routine(object, context) is called once, at PASSIVE_LEVEL on a worker thread. The object is
 * referenced from now until the routine has returned. The item has left the queue when the routine is called:
 * it may be freed or queued again then, by anybody.
 *
 * type: as for ExQueueWorkItem. At or below DISPATCH_LEVEL, any thread. Allocates nothing. Misuse as for
 * ExQueueWorkItem; an item that was never initialised, or was freed, is reported as INVALID_WORK_QUEUE_ITEM.
 * Documented at learn.microsoft.com, wdm.h, as are the two below. */
void NTAPI IoQueueWorkItem(struct nt_io_item *item, void *routine, ULONG type, void *context)
{
    unsigned level = nt_work_level(type, item, routine);

    if (item_prepare(item, routine, level, context, false))
        wq_queue_submit(nt_queue, &item->queue, level);
}

/* As IoQueueWorkItem, calling routine(object, context, item). */
void NTAPI IoQueueWorkItemEx(struct nt_io_item *item, void *routine, ULONG type, void *context)
{
    unsigned level = nt_work_level(type, item, routine);

    if (item_prepare(item, routine, level, context, true))
        wq_queue_submit(nt_queue, &item->queue, level);
}

/* As IoQueueWorkItemEx if a worker is idle (or none of them exists yet and one can be started) and no other
 * item waits: returns TRUE. Otherwise returns FALSE; then nothing was queued or referenced. */
BOOLEAN NTAPI IoTryQueueWorkItem(struct nt_io_item *item, void *routine, ULONG type, void *context)
{
    unsigned level = nt_work_level(type, item, routine);

    if (!item_prepare(item, routine, level, context, true))
        return FALSE;
    if (wq_queue_try_submit(nt_queue, &item->queue, level))
        return TRUE;
    __atomic_store_n(&item->queue.link, NULL, __ATOMIC_RELEASE);
    item_release(item, routine);
    return FALSE;
}
