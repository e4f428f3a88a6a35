/*
 * dpc.c: deferred procedure calls: ordinary ones at DISPATCH_LEVEL, threaded ones at PASSIVE_LEVEL, each kind one at
 * a time.
 *
 * Each kind waits in a line of its own, linked through the DPCs, so queueing one allocates nothing. Ordinary DPCs are
 * served by the core's thread that never ends: they come even when all workers are blocked. Threaded ones may wait,
 * so a worker serves them.
 *
 * Guards: D is guarded by the line's lock, after which only the core's locks are taken. X belongs to whoever has set
 * the DPC's line from NULL. The legend of the others is in nt.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stddef.h>

#include "nt.h"

#define DPC_TYPE          19 /* KOBJECTS: DpcObject, ThreadedDpcObject */
#define DPC_TYPE_THREADED 24
#define DPC_TYPE_FLUSH    0xff /* ours: marks a place in the line */
#define IMPORTANCE_MEDIUM 1    /* KDPC_IMPORTANCE */
#define IMPORTANCE_HIGH   2
#define PROCESSOR_BASE    0x500u /* Number is this + the processor, once there is one */
#define BATCH             64     /* DPCs that are run before the thread serves somebody else */

struct dpc_link {
    struct dpc_link *next; /* D: NULL = not linked */
    struct dpc_link *prev; /* D */
};

/* Laid out as a KDPC. */
struct nt_dpc {
    UCHAR type;            /* C: of the DPC's life */
    UCHAR importance;      /* the driver's: not while it is queued */
    USHORT number;         /* likewise */
    struct dpc_link link;  /* D: DpcListEntry */
    void *routine;         /* C */
    void *context;         /* C */
    void *argument1;       /* X */
    void *argument2;       /* X */
    struct dpc_line *line; /* A: DpcData; NULL = not queued */
};

/* DPCs that wait, those of HighImportance apart. */
struct dpc_line {
    struct wq_lock lock;
    bool served;            /* D: the item is queued or runs */
    struct dpc_link first;  /* D: HighImportance */
    struct dpc_link others; /* D */
    struct wq_item item;    /* the core's, while served */
    void (*submit)(struct wq_item *item);
};

typedef void(NTAPI *dpc_routine)(struct nt_dpc *dpc, void *context, void *argument1, void *argument2);

_Static_assert(offsetof(struct nt_dpc, link) == sizeof(void *), "DpcListEntry");
_Static_assert(offsetof(struct nt_dpc, argument1) == 5 * sizeof(void *), "SystemArgument1");
_Static_assert(sizeof(struct nt_dpc) == 8 * sizeof(void *), "KDPC");

void NTAPI KeInitializeDpc(struct nt_dpc *dpc, void *routine, void *context);
void NTAPI KeInitializeThreadedDpc(struct nt_dpc *dpc, void *routine, void *context);
BOOLEAN NTAPI KeInsertQueueDpc(struct nt_dpc *dpc, void *argument1, void *argument2);
BOOLEAN NTAPI KeRemoveQueueDpc(struct nt_dpc *dpc);
void NTAPI KeSetImportanceDpc(struct nt_dpc *dpc, ULONG importance);
void NTAPI KeSetTargetProcessorDpc(struct nt_dpc *dpc, CHAR number);
void NTAPI KeFlushQueuedDpcs(void);

static void WQ_CALL line_serve(void *param);

#define LINE(line, submitter)                                                                                \
    {                                                                                                        \
        .first = {&(line).first, &(line).first}, .others = {&(line).others, &(line).others},                 \
        .item = {.routine = line_serve, .param = &(line)}, .submit = (submitter)                             \
    }

enum { LINE_ORDINARY, LINE_THREADED, LINES };

static struct dpc_line lines[LINES] = {
    [LINE_ORDINARY] = LINE(lines[LINE_ORDINARY], wq_submit_persistent),
    [LINE_THREADED] = LINE(lines[LINE_THREADED], wq_submit_long),
};
static struct dpc_line claimed; /* the line of a DPC between claiming it and its being linked */

/* What KeFlushQueuedDpcs puts behind the DPCs. */
struct flush {
    struct nt_dpc dpc; /* must be first */
    ULONG done;        /* A */
};

/* ---- lines ---- */

static void link_remove(struct nt_dpc *dpc)
{
    dpc->link.prev->next = dpc->link.next;
    dpc->link.next->prev = dpc->link.prev;
    dpc->link.next = NULL;
}

/* Puts a claimed DPC to the end. */
static void line_add(struct dpc_line *line, struct nt_dpc *dpc)
{
    struct dpc_link *end = dpc->importance == IMPORTANCE_HIGH ? &line->first : &line->others;
    bool served;

    wq_lock_take(&line->lock);
    dpc->link = (struct dpc_link){end, end->prev};
    end->prev->next = &dpc->link;
    end->prev = &dpc->link;
    __atomic_store_n(&dpc->line, line, __ATOMIC_SEQ_CST);
    served = line->served;
    line->served = true;
    wq_lock_drop(&line->lock);
    if (!served)
        line->submit(&line->item);
}

/* Takes the next DPC off, copying it: it belongs to the driver again, which may free it. Returns where it is. If
 * there is none the line is not served any more. */
static struct nt_dpc *line_next(struct dpc_line *line, struct nt_dpc *copy)
{
    struct nt_dpc *dpc = NULL;
    struct dpc_link *link;

    wq_lock_take(&line->lock);
    link = line->first.next != &line->first ? line->first.next : line->others.next;
    if (link == &line->others) {
        line->served = false;
    } else {
        dpc = CONTAINING_RECORD(link, struct nt_dpc, link);
        link_remove(dpc);
        *copy = *dpc;
        __atomic_store_n(&dpc->line, NULL, __ATOMIC_SEQ_CST);
    }
    wq_lock_drop(&line->lock);
    return dpc;
}

static bool line_holds(struct dpc_line *line, struct nt_dpc *dpc)
{
    struct dpc_link *ends[] = {&line->first, &line->others};
    bool found = false;

    wq_lock_take(&line->lock);
    for (int i = 0; i < 2; i++)
        for (struct dpc_link *link = ends[i]->next; link != ends[i]; link = link->next)
            found |= link == &dpc->link;
    wq_lock_drop(&line->lock);
    return found;
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

static void dpc_run(struct nt_dpc *dpc, const struct nt_dpc *copy)
{
    KIRQL level = copy->type == DPC_TYPE_THREADED ? PASSIVE_LEVEL : DISPATCH_LEVEL;
    struct nt_thread *thread = nt_thread();

    if (copy->type == DPC_TYPE_FLUSH) {
        ULONG *done = &((struct flush *)dpc)->done;

        __atomic_store_n(done, 1, __ATOMIC_SEQ_CST);
        RtlWakeAddressAll(done); /* only the address counts: the flush may be over already */
        return;
    }
    thread->irql = level;
    thread->in_dpc = true;
    ((dpc_routine)copy->routine)(dpc, copy->context, copy->argument1, copy->argument2);
    thread->in_dpc = false;
    check_return(dpc, copy->routine, level);
    nt_image_drop(copy->routine);
}

/* A line's item: runs what waits there. */
static void WQ_CALL line_serve(void *param)
{
    struct dpc_line *line = param;
    struct nt_dpc copy, *dpc;

    for (int i = 0; i < BATCH; i++) {
        dpc = line_next(line, &copy);
        if (!dpc)
            return;
        dpc_run(dpc, &copy);
    }
    line->submit(&line->item);
}

/* ---- what drivers call ---- */

/* Takes a queued DPC back. False if it was not queued, or its routine is about to be called. */
static bool dpc_withdraw(struct nt_dpc *dpc)
{
    struct dpc_line *line = __atomic_load_n(&dpc->line, __ATOMIC_SEQ_CST);
    void *routine = dpc->routine;
    bool found;

    if (!line || line == &claimed)
        return false;
    wq_lock_take(&line->lock);
    found = __atomic_load_n(&dpc->line, __ATOMIC_SEQ_CST) == line;
    if (found) {
        link_remove(dpc);
        __atomic_store_n(&dpc->line, NULL, __ATOMIC_SEQ_CST);
    }
    wq_lock_drop(&line->lock);
    if (found)
        nt_image_drop(routine);
    return found;
}

static void dpc_init(struct nt_dpc *dpc, void *routine, void *context, UCHAR type)
{
    for (int i = 0; i < LINES; i++)
        if (dpc->line == &lines[i] && line_holds(&lines[i], dpc)) {
            nt_misuse(NT_DPC_INVALID, 1, (ULONG_PTR)dpc, 0, 0, dpc, dpc->routine);
            dpc_withdraw(dpc);
        }
    *dpc = (struct nt_dpc){
        .type = type, .importance = IMPORTANCE_MEDIUM, .routine = routine, .context = context};
}

void *nt_dpc_routine(struct nt_dpc *dpc)
{
    return dpc->routine;
}

/* Fills in a DPC: routine(dpc, context, argument1, argument2) will be called at DISPATCH_LEVEL for it. The
 * memory is the caller's and need not be initialised; a DPC that is queued is reported as TIMER_OR_DPC_INVALID
 * and taken back. Any IRQL. This and the others are documented at learn.microsoft.com, wdm.h. */
void NTAPI KeInitializeDpc(struct nt_dpc *dpc, void *routine, void *context)
{
    dpc_init(dpc, routine, context, DPC_TYPE);
}

/* As KeInitializeDpc, for a routine that is called at PASSIVE_LEVEL and may wait, which holds up other threaded DPCs
 * only. */
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
    struct dpc_line *seen = NULL;

    if (!__atomic_compare_exchange_n(&dpc->line, &seen, &claimed, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return FALSE;
    dpc->argument1 = argument1;
    dpc->argument2 = argument2;
    nt_image_hold(dpc->routine);
    line_add(&lines[dpc->type == DPC_TYPE_THREADED ? LINE_THREADED : LINE_ORDINARY], dpc);
    return TRUE;
}

/* Takes a DPC off the queue. Returns FALSE if it is not queued: its routine may be running. Any IRQL. */
BOOLEAN NTAPI KeRemoveQueueDpc(struct nt_dpc *dpc)
{
    return dpc_withdraw(dpc);
}

/* Sets how a DPC will be queued: HighImportance (2) before all others; there is no difference between Low,
 * Medium and MediumHigh. Not while it is queued. Any IRQL. */
void NTAPI KeSetImportanceDpc(struct nt_dpc *dpc, ULONG importance)
{
    dpc->importance = (UCHAR)importance;
}

/* Notes the processor that a DPC is for, which changes nothing: all run in one line. Any IRQL. */
void NTAPI KeSetTargetProcessorDpc(struct nt_dpc *dpc, CHAR number)
{
    dpc->number = (USHORT)(PROCESSOR_BASE + (UCHAR)number);
}

static void flush_wait(struct flush *flush)
{
    ULONG not_yet = 0;

    while (!__atomic_load_n(&flush->done, __ATOMIC_SEQ_CST))
        RtlWaitOnAddress(&flush->done, &not_yet, sizeof(not_yet), NULL);
}

/* Returns when the routines of all DPCs that were queued before the call have returned. At PASSIVE_LEVEL: from
 * a DPC's routine it would wait for itself, which is reported as IRQL_NOT_LESS_OR_EQUAL; then it returns at
 * once. */
void NTAPI KeFlushQueuedDpcs(void)
{
    struct flush flushes[LINES] = {{.dpc = {.type = DPC_TYPE_FLUSH}}, {.dpc = {.type = DPC_TYPE_FLUSH}}};
    struct nt_thread *thread = nt_thread();

    if (thread->irql != PASSIVE_LEVEL || thread->in_dpc) {
        nt_misuse(NT_IRQL_NOT_LESS_OR_EQUAL, 0, thread->irql, 0, (ULONG_PTR)__builtin_return_address(0), NULL,
                  __builtin_return_address(0));
        if (thread->in_dpc)
            return;
    }
    for (int i = 0; i < LINES; i++)
        line_add(&lines[i], &flushes[i].dpc);
    wq_blocking_begin();
    for (int i = 0; i < LINES; i++)
        flush_wait(&flushes[i]);
    wq_blocking_end();
}
