/*
 * work.c: ExQueueWorkItem, and how every work item is run.
 *
 * All items, Ex and Io, go through one queue of the core that has a level for each priority. The core links
 * them through List.Blink, so queueing allocates nothing and cannot fail; List.Flink is NULL exactly
 * while an item is not queued.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define TYPE_CUSTOM      32u /* CustomPriorityWorkQueue: the priority is added to it */
#define PRIORITY_DELAYED 12u
#define INVALID_ACTIVE   1 /* first parameters of WORKER_INVALID */
#define INVALID_TYPE     6
#define INVALID_ROUTINE  7
#define LOWEST_ROUTINE   0x10000u /* nothing is mapped below */

typedef void(NTAPI *io_routine)(void *object, void *param);
typedef void(NTAPI *io_routine_ex)(void *object, void *param, void *item);

void NTAPI ExQueueWorkItem(struct wq_item *item, ULONG type);

/* Where the link points between claiming an item and its being queued. */
static struct wq_item claimed;

struct wq_queue *nt_queue;

unsigned nt_work_level(unsigned type, void *item, void *routine)
{
    /* Critical, Delayed, HyperCritical, Normal, Background, RealTime, SuperCritical */
    static const unsigned char priorities[] = {13, PRIORITY_DELAYED, 15, 8, 7, 18, 14};

    if (type < sizeof(priorities))
        return priorities[type];
    if (type > TYPE_CUSTOM && type < TYPE_CUSTOM + WQ_LEVELS)
        return type - TYPE_CUSTOM;
    nt_misuse(NT_WORKER_INVALID, INVALID_TYPE, (ULONG_PTR)item, type, 0, item, routine);
    return PRIORITY_DELAYED;
}

bool nt_work_check_routine(void *routine, void *item)
{
    if ((ULONG_PTR)routine >= LOWEST_ROUTINE)
        return true;
    nt_misuse(NT_WORKER_INVALID, INVALID_ROUTINE, (ULONG_PTR)item, (ULONG_PTR)routine, 0, item, routine);
    return false;
}

void nt_work_check_irql(void *item, void *routine)
{
    KIRQL irql = nt_thread()->irql;

    if (irql > DISPATCH_LEVEL)
        nt_misuse(NT_IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)item, irql, 0, (ULONG_PTR)routine, item, routine);
}

bool nt_work_claim(struct wq_item *item, unsigned level, void *routine)
{
    struct wq_item *seen = NULL;

    /* An item that was initialised anew may be queued all the same. */
    if (__atomic_compare_exchange_n(&item->link, &seen, &claimed, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) &&
        !wq_queue_holds(nt_queue, item))
        return true;
    nt_misuse(NT_WORKER_INVALID, INVALID_ACTIVE, (ULONG_PTR)item, level, 0, item, routine);
    return false;
}

static void call_routine(const struct nt_call *call)
{
    if (call->kind == NT_CALL_EX)
        ((nt_work_routine)call->routine)(call->param);
    else if (call->kind == NT_CALL_IO)
        ((io_routine)call->routine)(call->io_object, call->param);
    else
        ((io_routine_ex)call->routine)(call->io_object, call->param, call->item);
}

/* Whatever the routine left behind on its thread is reported and undone. */
static void check_return(const struct nt_call *call)
{
    struct nt_thread *thread = nt_thread();
    KIRQL irql = thread->irql;

    if (irql != PASSIVE_LEVEL) {
        thread->irql = PASSIVE_LEVEL;
        nt_misuse(NT_BAD_IRQL_ON_RETURN, (ULONG_PTR)call->routine, irql, (ULONG_PTR)call->param,
                  (ULONG_PTR)call->item, call->item, call->routine);
    }
    if (thread->may_have_token && nt_token_revert(thread))
        nt_misuse(NT_IMPERSONATING, (ULONG_PTR)call->routine, (ULONG_PTR)call->param, (ULONG_PTR)call->item,
                  0, call->item, call->routine);
}

/* The queue's runner. Once the link is NULL the item belongs to the driver again. */
static void WQ_CALL work_run(struct wq_item *item)
{
    struct nt_call call = {.routine = (void *)item->routine, .param = item->param, .item = item};
    bool damaged = !__atomic_load_n(&item->link, __ATOMIC_RELAXED);

    nt_item_call(item, &call);
    __atomic_store_n(&item->link, NULL, __ATOMIC_SEQ_CST);
    if (damaged) /* the driver initialised it anew while it was queued */
        nt_misuse(NT_INVALID_ITEM, (ULONG_PTR)call.item, (ULONG_PTR)nt_queue, 0, (ULONG_PTR)call.routine,
                  call.item, call.routine);
    nt_thread()->in_work = true;
    call_routine(&call);
    nt_thread()->in_work = false;
    check_return(&call);
    nt_item_release(call.entry, call.object, call.routine);
}

/* Queues a work item that ExInitializeWorkItem has filled in. Its routine is called once with its parameter,
 * at PASSIVE_LEVEL on a worker thread, and owns the item from then on: it may free it or queue it again.
 *
 * item: in the caller's memory, not queued. type: a WORK_QUEUE_TYPE, or CustomPriorityWorkQueue + 1 to 31; an
 * item of higher priority starts before those of lower priority that wait, and items of one priority start in
 * the order in which they were queued. No reference to the driver or a device is taken.
 *
 * At or below DISPATCH_LEVEL, any thread. Allocates nothing, never fails, except for misuse, which is
 * reported: WORKER_INVALID 1 if the item is queued (nothing is done), 6 for an unknown type (counts as
 * DelayedWorkQueue), 7 for no routine (nothing is done). An item that is initialised anew while it is
 * queued is reported as INVALID_WORK_QUEUE_ITEM when its turn comes, and runs as it is then. Documented at
 * learn.microsoft.com, wdm.h. */
void NTAPI ExQueueWorkItem(struct wq_item *item, ULONG type)
{
    void *routine = (void *)item->routine;
    unsigned level = nt_work_level(type, item, routine);

    nt_work_check_irql(item, routine);
    if (!nt_work_check_routine(routine, item) || !nt_work_claim(item, level, routine))
        return;
    nt_image_hold(routine);
    wq_queue_submit(nt_queue, item, level);
}

bool nt_work_start(void)
{
    nt_queue = wq_queue_create(WQ_UNLIMITED);
    if (!nt_queue)
        return false;
    wq_queue_set_runner(nt_queue, work_run);
    return true;
}
