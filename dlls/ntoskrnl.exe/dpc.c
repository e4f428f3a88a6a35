/*
 * dpc.c: deferred procedure calls, one at a time at DISPATCH_LEVEL, on a serial queue of the core.
 *
 * A KDPC holds, from DpcListEntry to DeferredContext, exactly what the core calls an item, so queueing one
 * allocates nothing. As in a work item the link (Flink) is NULL exactly while the DPC is not queued.
 *
 * DeferredRoutine does not hold the driver's routine but one of ours, which queues the DPC, and DpcData holds
 * the driver's. For the builtin's timers call DeferredRoutine themselves, on threads of their own; so these
 * DPCs, too, come here, wait for their turn and run at DISPATCH_LEVEL.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stddef.h>

#include "nt.h"

#define DPC_TYPE          19 /* KOBJECTS: DpcObject, ThreadedDpcObject */
#define DPC_TYPE_THREADED 24
#define IMPORTANCE_MEDIUM 1 /* KDPC_IMPORTANCE */
#define IMPORTANCE_HIGH   2
#define LEVEL_HIGH        1u /* of our queue */
#define LEVEL_OTHERS      0u
#define PROCESSOR_BASE    0x500u /* Number is this + the processor, once there is one */

struct nt_dpc {
    UCHAR type;           /* C: of the DPC's life */
    UCHAR importance;     /* the driver's: not while it is queued */
    USHORT number;        /* likewise */
    struct wq_item queue; /* link A, routine and param C, spare the core's */
    void *argument1;      /* X */
    void *argument2;      /* X */
    void *routine;        /* C: the driver's */
};

typedef void(NTAPI *dpc_routine)(struct nt_dpc *dpc, void *context, void *argument1, void *argument2);

_Static_assert(offsetof(struct nt_dpc, queue) == sizeof(void *), "DpcListEntry");
_Static_assert(offsetof(struct nt_dpc, argument1) == 5 * sizeof(void *), "SystemArgument1");
_Static_assert(sizeof(struct nt_dpc) == 8 * sizeof(void *), "KDPC");

void NTAPI KeInitializeDpc(struct nt_dpc *dpc, void *routine, void *context);
void NTAPI KeInitializeThreadedDpc(struct nt_dpc *dpc, void *routine, void *context);
BOOLEAN NTAPI KeInsertQueueDpc(struct nt_dpc *dpc, void *argument1, void *argument2);
BOOLEAN NTAPI KeRemoveQueueDpc(struct nt_dpc *dpc);
void NTAPI KeSetImportanceDpc(struct nt_dpc *dpc, ULONG importance);
void NTAPI KeSetTargetProcessorDpc(struct nt_dpc *dpc, CHAR number);
void NTAPI KeFlushQueuedDpcs(void);

static struct wq_queue *dpc_queue; /* C */
static struct wq_item claimed;     /* where the link points between claiming a DPC and its being queued */

/* What KeFlushQueuedDpcs queues behind the DPCs. */
struct flush {
    struct wq_item queue; /* must be first */
    ULONG done;           /* A */
};

static void WQ_CALL flush_mark(void *param)
{
    (void)param;
}

/* ---- running ---- */

/* The level that a routine left is reported and put right. */
static void check_return(struct nt_dpc *dpc, void *routine, KIRQL expected)
{
    struct nt_thread *thread = nt_thread();
    KIRQL irql = thread->irql;

    thread->irql = PASSIVE_LEVEL;
    if (irql != expected)
        nt_misuse(NT_IRQL_UNEXPECTED, (ULONG_PTR)irql << 16 | (ULONG_PTR)expected << 8, 0, (ULONG_PTR)dpc,
                  (ULONG_PTR)routine, dpc, routine);
}

/* The queue's runner. Once the link is NULL the DPC belongs to the driver again, which may free it. */
static void WQ_CALL dpc_run(struct wq_item *item)
{
    struct nt_dpc *dpc = CONTAINING_RECORD(item, struct nt_dpc, queue), copy;
    struct nt_thread *thread = nt_thread();
    KIRQL level;

    if ((void *)item->routine == (void *)flush_mark) {
        ULONG *done = &((struct flush *)item)->done;

        __atomic_store_n(done, 1, __ATOMIC_SEQ_CST);
        RtlWakeAddressAll(done); /* only the address counts: the flush may be over already */
        return;
    }
    copy = *dpc;
    level = copy.type == DPC_TYPE_THREADED ? PASSIVE_LEVEL : DISPATCH_LEVEL;
    __atomic_store_n(&item->link, NULL, __ATOMIC_SEQ_CST);
    thread->irql = level;
    thread->in_dpc = true;
    ((dpc_routine)copy.routine)(dpc, copy.queue.param, copy.argument1, copy.argument2);
    thread->in_dpc = false;
    check_return(dpc, copy.routine, level);
    nt_image_drop(copy.routine);
}

/* DeferredRoutine of every DPC: a timer of the builtin's has expired. If the DPC is still queued since the
 * last time this one is merged with it, as on Windows. */
static void NTAPI dpc_from_timer(struct nt_dpc *dpc, void *context, void *argument1, void *argument2)
{
    (void)context;
    KeInsertQueueDpc(dpc, argument1, argument2);
}

bool nt_dpc_start(void)
{
    dpc_queue = wq_queue_create(1);
    if (!dpc_queue)
        return false;
    wq_queue_set_runner(dpc_queue, dpc_run);
    return true;
}

/* ---- what drivers call ---- */

/* Takes a queued DPC back. False if it was not queued, or its routine is about to be called. */
static bool dpc_withdraw(struct nt_dpc *dpc)
{
    void *routine = dpc->routine;

    if (!wq_queue_cancel(dpc_queue, &dpc->queue))
        return false;
    __atomic_store_n(&dpc->queue.link, NULL, __ATOMIC_SEQ_CST);
    nt_image_drop(routine);
    return true;
}

static void dpc_init(struct nt_dpc *dpc, void *routine, void *context, UCHAR type)
{
    if (wq_queue_holds(dpc_queue, &dpc->queue)) {
        nt_misuse(NT_DPC_INVALID, 1, (ULONG_PTR)dpc, 0, 0, dpc, dpc->routine);
        dpc_withdraw(dpc);
    }
    *dpc = (struct nt_dpc){
        .type = type,
        .importance = IMPORTANCE_MEDIUM,
        .queue = {.routine = (wq_routine)(void *)dpc_from_timer, .param = context},
        .routine = routine,
    };
}

/* Fills in a DPC: routine(dpc, context, argument1, argument2) will be called at DISPATCH_LEVEL for it. The
 * memory is the caller's and need not be initialised; a DPC that is queued is reported as TIMER_OR_DPC_INVALID
 * and taken back. Any IRQL. This and the others are documented at learn.microsoft.com, wdm.h. */
void NTAPI KeInitializeDpc(struct nt_dpc *dpc, void *routine, void *context)
{
    dpc_init(dpc, routine, context, DPC_TYPE);
}

/* As KeInitializeDpc, for a routine that is called at PASSIVE_LEVEL. Takes its turn among all other DPCs. */
void NTAPI KeInitializeThreadedDpc(struct nt_dpc *dpc, void *routine, void *context)
{
    dpc_init(dpc, routine, context, DPC_TYPE_THREADED);
}

/* Queues a DPC, whose routine will be called once with these arguments. DPCs run one at a time, in the order
 * of queueing, those of HighImportance before all others. The DPC has left the queue when its routine is
 * called: it may be queued again or freed then. Returns FALSE, having done nothing, if it is queued. Any
 * IRQL, any thread. Allocates nothing. */
BOOLEAN NTAPI KeInsertQueueDpc(struct nt_dpc *dpc, void *argument1, void *argument2)
{
    struct wq_item *seen = NULL;

    if (!__atomic_compare_exchange_n(&dpc->queue.link, &seen, &claimed, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_RELAXED))
        return FALSE;
    dpc->argument1 = argument1;
    dpc->argument2 = argument2;
    nt_image_hold(dpc->routine);
    wq_queue_submit(dpc_queue, &dpc->queue, dpc->importance == IMPORTANCE_HIGH ? LEVEL_HIGH : LEVEL_OTHERS);
    return TRUE;
}

/* Takes a DPC off the queue. Returns FALSE if it is not queued: its routine may be running. Any IRQL. */
BOOLEAN NTAPI KeRemoveQueueDpc(struct nt_dpc *dpc)
{
    return __atomic_load_n(&dpc->queue.link, __ATOMIC_ACQUIRE) && dpc_withdraw(dpc);
}

/* Sets how a DPC will be queued: HighImportance (2) before all others; there is no difference between Low,
 * Medium and MediumHigh. Not while it is queued. Any IRQL. */
void NTAPI KeSetImportanceDpc(struct nt_dpc *dpc, ULONG importance)
{
    dpc->importance = (UCHAR)importance;
}

/* Notes the processor that a DPC is for, which changes nothing: all run on one queue. Any IRQL. */
void NTAPI KeSetTargetProcessorDpc(struct nt_dpc *dpc, CHAR number)
{
    dpc->number = (USHORT)(PROCESSOR_BASE + (UCHAR)number);
}

/* Returns when the routines of all DPCs that were queued before the call have returned. At PASSIVE_LEVEL: from
 * a DPC's routine it would wait for itself, which is reported as IRQL_NOT_LESS_OR_EQUAL; then it returns at
 * once. */
void NTAPI KeFlushQueuedDpcs(void)
{
    struct flush flush = {.queue = {.routine = flush_mark}};
    struct nt_thread *thread = nt_thread();
    ULONG not_yet = 0;

    if (thread->irql != PASSIVE_LEVEL || thread->in_dpc) {
        nt_misuse(NT_IRQL_NOT_LESS_OR_EQUAL, 0, thread->irql, 0, (ULONG_PTR)__builtin_return_address(0), NULL,
                  __builtin_return_address(0));
        if (thread->in_dpc)
            return;
    }
    wq_queue_submit(dpc_queue, &flush.queue, LEVEL_OTHERS);
    wq_blocking_begin();
    while (!__atomic_load_n(&flush.done, __ATOMIC_SEQ_CST))
        RtlWaitOnAddress(&flush.done, &not_yet, sizeof(not_yet), NULL);
    wq_blocking_end();
}
