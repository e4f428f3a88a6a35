/*
 * queues.c: the dispatcher's queues: for each processor one queue that is bound to it, and over it one for each
 * type, at a level of the type's own.
 *
 * Threads are the pool's: it starts more when routines wait. The two types whose routines may wait have a limit
 * so great that only many waiting routines reach it; together they leave a quarter of the pool's workers to
 * HyperCriticalWorkQueue, which therefore goes on whatever the others do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define PROCESSORS_MAX 64u /* more share these queues */
#define LIMIT_MIN      2u  /* routines of a type that may run on a processor at least */

struct rx_processor {
    _Alignas(128) struct wq_queue *bound;       /* C */
    struct wq_queue *types[RxMaximumWorkQueue]; /* C */
    ULONG users;                                /* A: submitters, so that the queues stay */
    ULONG open;                                 /* A: of types, that have not finished */
};

enum state {
    STATE_NEW,    /* the first use makes the queues */
    STATE_ACTIVE, /* in use */
    STATE_INACTIVE
};

static struct wq_lock lock;                            /* its own rules; guards changes of state */
static ULONG state;                                    /* A: written under the lock */
static unsigned processor_count;                       /* C */
static ULONG open_count;                               /* A: processors whose queues have not finished */
static ULONG epoch;                                    /* A: moves when that becomes 0 */
static struct rx_processor processors[PROCESSORS_MAX]; /* their own rules */

/* NT's thread priorities for these types. */
static const unsigned levels[RxMaximumWorkQueue] = {
    [CriticalWorkQueue] = 13, [DelayedWorkQueue] = 12, [HyperCriticalWorkQueue] = 15};

/* ---- making ---- */

static void WQ_CALL bound_finished(void *param)
{
    (void)param;
    if (__atomic_sub_fetch(&open_count, 1, __ATOMIC_SEQ_CST))
        return;
    __atomic_fetch_add(&epoch, 1, __ATOMIC_SEQ_CST);
    RtlWakeAddressAll(&epoch);
}

static void WQ_CALL type_finished(void *param)
{
    struct rx_processor *processor = param;

    if (!__atomic_sub_fetch(&processor->open, 1, __ATOMIC_SEQ_CST))
        wq_queue_close(processor->bound, bound_finished, NULL);
}

/* Lets the queues run what they have and end. */
static void processor_close(struct rx_processor *processor)
{
    /* One more, so that it is not 0 before all are closed. */
    ULONG open = 1;

    for (unsigned i = 0; i < RxMaximumWorkQueue; i++)
        open += processor->types[i] != NULL;
    __atomic_store_n(&processor->open, open, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < RxMaximumWorkQueue; i++) {
        if (processor->types[i])
            wq_queue_close(processor->types[i], type_finished, processor);
    }
    type_finished(processor);
}

/* False if there is no memory; some of the queues may be there then. */
static bool processor_open(struct rx_processor *processor, unsigned number, unsigned limit)
{
    for (unsigned i = 0; i < RxMaximumWorkQueue; i++)
        processor->types[i] = NULL;
    processor->bound = wq_queue_create(WQ_UNLIMITED);
    if (!processor->bound)
        return false;
    open_count++; /* nobody else looks yet */
    wq_queue_set_processor(processor->bound, number);
    for (unsigned i = 0; i < RxMaximumWorkQueue; i++) {
        unsigned own = i == HyperCriticalWorkQueue ? WQ_UNLIMITED : limit;

        processor->types[i] = wq_queue_create_over(processor->bound, levels[i], own);
        if (!processor->types[i])
            return false;
        wq_queue_set_runner(processor->types[i], rx_run);
    }
    return true;
}

/* Waits until the queues that were there in that epoch have finished; others may be there by then. */
static void wait_for_end(ULONG of)
{
    wq_blocking_begin();
    while (__atomic_load_n(&epoch, __ATOMIC_SEQ_CST) == of)
        RtlWaitOnAddress(&epoch, &of, sizeof(of), NULL);
    wq_blocking_end();
}

/* Under the lock; no queue is there. */
static bool queues_open(void)
{
    struct wq_counters counters;
    unsigned limit, made = 0;

    wq_raise_max_workers(1); /* the pool starts, and its counters mean something */
    wq_counters_read(&counters);
    if (!counters.processors)
        return false;
    /* In one go: a late submitter may be looking. */
    processor_count = counters.processors < PROCESSORS_MAX ? counters.processors : PROCESSORS_MAX;
    limit = counters.max_workers / 4 * 3 / (2 * processor_count);
    if (limit < LIMIT_MIN)
        limit = LIMIT_MIN;
    while (made < processor_count && processor_open(&processors[made], made, limit))
        made++;
    if (made == processor_count)
        return true;
    for (unsigned i = 0; i <= made; i++) {
        if (processors[i].bound)
            processor_close(&processors[i]);
    }
    return false; /* empty queues have finished by now */
}

NTSTATUS NTAPI RxInitializeDispatcher(void)
{
    bool active;

    for (;;) {
        ULONG now;

        wq_lock_take(&lock);
        now = __atomic_load_n(&epoch, __ATOMIC_SEQ_CST); /* before the count */
        active = __atomic_load_n(&state, __ATOMIC_SEQ_CST) == STATE_ACTIVE;
        if (active || !__atomic_load_n(&open_count, __ATOMIC_SEQ_CST))
            break;
        wq_lock_drop(&lock);
        wait_for_end(now); /* of a teardown */
    }
    if (!active) {
        active = queues_open();
        if (active)
            __atomic_store_n(&state, STATE_ACTIVE, __ATOMIC_SEQ_CST);
    }
    wq_lock_drop(&lock);
    if (!active)
        _RxLog("RxInitializeDispatcher: no memory");
    return active ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- ending ---- */

NTSTATUS NTAPI RxTearDownDispatcher(void)
{
    ULONG before, now;
    bool any;

    if (rx_frame()) {
        _RxLog("RxTearDownDispatcher: called from inside of a routine");
        return STATUS_POSSIBLE_DEADLOCK;
    }
    wq_lock_take(&lock);
    now = __atomic_load_n(&epoch, __ATOMIC_SEQ_CST); /* before the count */
    any = __atomic_load_n(&open_count, __ATOMIC_SEQ_CST) != 0;
    before = __atomic_exchange_n(&state, STATE_INACTIVE, __ATOMIC_SEQ_CST);
    wq_lock_drop(&lock);
    if (before == STATE_ACTIVE) {
        rx_timer_forget(NULL);
        for (unsigned i = 0; i < processor_count; i++) {
            while (__atomic_load_n(&processors[i].users, __ATOMIC_SEQ_CST))
                NtYieldExecution();
            processor_close(&processors[i]);
        }
    }
    if (any)
        wait_for_end(now);
    return STATUS_SUCCESS;
}

/* ---- using ---- */

enum rx_refusal rx_queues_check(void)
{
    ULONG now = __atomic_load_n(&state, __ATOMIC_SEQ_CST);

    if (now == STATE_NEW && RxInitializeDispatcher())
        return RX_NO_MEMORY;
    return now == STATE_INACTIVE ? RX_INACTIVE : RX_ACCEPTED;
}

enum rx_refusal rx_queues_submit(RX_WORK_QUEUE_ITEM *item, unsigned type)
{
    enum rx_refusal refusal = rx_queues_check();
    struct rx_processor *processor;
    bool active;

    if (refusal != RX_ACCEPTED)
        return refusal;
    processor = &processors[wq_processor() % processor_count];
    /* Whoever ends the queues sees us, or we see that. */
    __atomic_fetch_add(&processor->users, 1, __ATOMIC_SEQ_CST);
    active = __atomic_load_n(&state, __ATOMIC_SEQ_CST) == STATE_ACTIVE;
    if (active)
        wq_queue_submit(processor->types[type], (struct wq_item *)item, 0);
    __atomic_fetch_sub(&processor->users, 1, __ATOMIC_SEQ_CST);
    return active ? RX_ACCEPTED : RX_INACTIVE;
}
