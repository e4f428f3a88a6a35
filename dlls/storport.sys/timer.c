/*
 * timer.c: StorPort's timers: one shot each, called at DISPATCH_LEVEL.
 *
 * An expiry of the core's timer may still be on its way when its request has been taken back and another one
 * made. So it looks at what is requested when it arrives, and at the clock: a request is due or it is not, and
 * if it is not another expiry will come.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define TIMER_KIND(kind) (0x53544d00u + (kind)) /* "STM" */
#define TOLERANCE_MIN_US 32

struct stor_timer {
    struct wq_timer timer;
    struct stor_adapter *adapter; /* C */
    enum stor_timer_kind kind;    /* C */
    void *handle;                 /* C: NULL for the adapter's own */
    LIST_ENTRY link;              /* S */
    PHW_TIMER_EX callback;        /* S */
    PHW_TIMER plain_callback;     /* S: of RequestTimerCall; takes the place of callback */
    void *context;                /* S */
    LONGLONG due;                 /* S: performance counter */
    bool requested;               /* S: its callback is to be called */
    bool freed;                   /* S */
    uint32_t references;          /* A: the handle, each expiry, each caller that found it */
};

static LONGLONG counter_now(void)
{
    LARGE_INTEGER counter;

    RtlQueryPerformanceCounter(&counter);
    return counter.QuadPart;
}

static LONGLONG counter_after(uint64_t us)
{
    LARGE_INTEGER frequency;

    RtlQueryPerformanceFrequency(&frequency);
    /* In two parts, so that hundreds of years do not overflow. */
    return counter_now() + (LONGLONG)(us / 1000000 * (uint64_t)frequency.QuadPart +
                                      us % 1000000 * (uint64_t)frequency.QuadPart / 1000000);
}

/* Under a lock of the core: counts only. */
static void WQ_CALL timer_hold_expiry(void *param)
{
    struct stor_timer *timer = param;

    __atomic_add_fetch(&timer->references, 1, __ATOMIC_RELAXED);
    stor_rundown_hold_again(&timer->adapter->work);
}

static void WQ_CALL timer_hold(void *param)
{
    __atomic_add_fetch(&((struct stor_timer *)param)->references, 1, __ATOMIC_RELAXED);
}

static void timer_drop(struct stor_timer *timer)
{
    if (!__atomic_sub_fetch(&timer->references, 1, __ATOMIC_ACQ_REL))
        wq_free(timer);
}

static void timer_call(struct stor_adapter *adapter, PHW_TIMER_EX callback, PHW_TIMER plain, void *context)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);

    if (plain)
        plain(adapter->extension);
    else
        callback(adapter->extension, context);
    stor_level_check(DISPATCH_LEVEL, plain ? (void *)plain : (void *)callback);
    KeLowerIrql(old);
    STOR_COUNT(timers_run);
}

static void WQ_CALL timer_run(void *param)
{
    struct stor_timer *timer = param;
    struct stor_adapter *adapter = timer->adapter;
    PHW_TIMER_EX callback;
    PHW_TIMER plain;
    void *context;
    bool due;

    wq_lock_take(&adapter->lock);
    due = timer->requested && counter_now() >= timer->due;
    callback = timer->callback;
    plain = timer->plain_callback;
    context = timer->context;
    if (due)
        timer->requested = false;
    wq_lock_drop(&adapter->lock);
    if (due)
        timer_call(adapter, callback, plain, context);
    timer_drop(timer);
    stor_rundown_drop(&adapter->work);
}

static struct stor_timer *timer_create(struct stor_adapter *adapter, enum stor_timer_kind kind)
{
    struct stor_timer *timer = wq_alloc(sizeof(*timer));

    if (!timer)
        return NULL;
    memset(timer, 0, sizeof(*timer));
    timer->adapter = adapter;
    timer->kind = kind;
    timer->references = 1;
    wq_timer_init(&timer->timer, WQ_CLASS_POOL, timer_run, timer, timer_hold_expiry);
    return timer;
}

static struct stor_timer *timer_find(struct stor_adapter *adapter, enum stor_timer_kind kind, void *handle)
{
    struct stor_timer *timer = wq_handle_find(TIMER_KIND(kind), handle, timer_hold);

    if (timer && timer->adapter != adapter) {
        timer_drop(timer);
        return NULL;
    }
    return timer;
}

static bool timer_link(struct stor_adapter *adapter, struct stor_timer *timer)
{
    bool linked;

    wq_lock_take(&adapter->lock);
    linked = !adapter->gone;
    if (linked)
        InsertTailList(&adapter->timer_list, &timer->link);
    wq_lock_drop(&adapter->lock);
    return linked;
}

ULONG stor_timer_initialize(struct stor_adapter *adapter, enum stor_timer_kind kind, void **handle)
{
    struct stor_timer *timer;

    if (!adapter || !handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (KeGetCurrentIrql() > DISPATCH_LEVEL)
        return STOR_STATUS_INVALID_IRQL;
    timer = timer_create(adapter, kind);
    if (!timer)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    timer->handle = wq_handle_create(TIMER_KIND(kind), timer);
    if (!timer->handle || !timer_link(adapter, timer)) {
        if (timer->handle)
            wq_handle_delete(TIMER_KIND(kind), timer->handle);
        timer_drop(timer);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    STOR_COUNT(timers);
    *handle = timer->handle;
    return STOR_STATUS_SUCCESS;
}

/* Under S, except that the core's timer is set: its lock comes after ours. */
static ULONG timer_arm(struct stor_timer *timer, PHW_TIMER_EX callback, PHW_TIMER plain, void *context,
                       uint64_t us, uint64_t tolerance_us)
{
    if (timer->freed)
        return STOR_STATUS_INVALID_PARAMETER;
    if (timer->adapter->gone)
        return STOR_STATUS_INVALID_DEVICE_STATE;
    if (!us) {
        timer->requested = false;
        wq_timer_cancel(&timer->timer);
        return STOR_STATUS_SUCCESS;
    }
    if (timer->requested && !plain)
        return STOR_STATUS_BUSY;
    timer->requested = true;
    timer->callback = callback;
    timer->plain_callback = plain;
    timer->context = context;
    timer->due = counter_after(us - 1); /* the core's clock counts whole microseconds */
    wq_timer_set(&timer->timer, us, 0, tolerance_us < TOLERANCE_MIN_US ? 0 : tolerance_us);
    return STOR_STATUS_SUCCESS;
}

ULONG stor_timer_request(struct stor_adapter *adapter, enum stor_timer_kind kind, void *handle,
                         PHW_TIMER_EX callback, void *context, uint64_t us, uint64_t tolerance_us)
{
    struct stor_timer *timer;
    ULONG status;

    if (!adapter || !handle || !callback)
        return STOR_STATUS_INVALID_PARAMETER;
    timer = timer_find(adapter, kind, handle);
    if (!timer)
        return STOR_STATUS_INVALID_PARAMETER;
    wq_lock_take(&adapter->lock);
    status = timer_arm(timer, callback, NULL, context, us, tolerance_us);
    wq_lock_drop(&adapter->lock);
    timer_drop(timer);
    return status;
}

ULONG stor_timer_cancel(struct stor_adapter *adapter, enum stor_timer_kind kind, void *handle)
{
    struct stor_timer *timer = adapter && handle ? timer_find(adapter, kind, handle) : NULL;
    ULONG status;

    if (!timer)
        return STOR_STATUS_INVALID_PARAMETER;
    wq_lock_take(&adapter->lock);
    status = timer_arm(timer, NULL, NULL, NULL, 0, 0);
    wq_lock_drop(&adapter->lock);
    timer_drop(timer);
    return status;
}

static bool timer_unlink(struct stor_timer *timer)
{
    struct stor_adapter *adapter = timer->adapter;
    bool unlinked;

    wq_lock_take(&adapter->lock);
    unlinked = !timer->freed;
    timer->freed = true;
    timer->requested = false;
    wq_timer_close(&timer->timer);
    if (unlinked)
        RemoveEntryList(&timer->link);
    wq_lock_drop(&adapter->lock);
    return unlinked;
}

ULONG stor_timer_free(struct stor_adapter *adapter, enum stor_timer_kind kind, void *handle)
{
    struct stor_timer *timer;
    bool freed;

    if (!adapter || !handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (KeGetCurrentIrql() > DISPATCH_LEVEL)
        return STOR_STATUS_INVALID_IRQL;
    timer = timer_find(adapter, kind, handle);
    if (!timer)
        return STOR_STATUS_UNSUCCESSFUL;
    freed = timer_unlink(timer);
    if (freed) {
        wq_handle_delete(TIMER_KIND(kind), handle);
        STOR_UNCOUNT(timers);
        timer_drop(timer);
    }
    timer_drop(timer);
    return freed ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL;
}

bool stor_timer_create_own(struct stor_adapter *adapter)
{
    adapter->timer = timer_create(adapter, STOR_TIMER_PLAIN);
    return adapter->timer != NULL;
}

void stor_timer_request_own(struct stor_adapter *adapter, PHW_TIMER callback, uint32_t us)
{
    wq_lock_take(&adapter->lock);
    timer_arm(adapter->timer, NULL, callback, NULL, callback ? us : 0, 0);
    wq_lock_drop(&adapter->lock);
}

void stor_timer_close_all(struct stor_adapter *adapter)
{
    wq_lock_take(&adapter->lock);
    adapter->gone = true;
    for (LIST_ENTRY *entry = adapter->timer_list.Flink; entry != &adapter->timer_list; entry = entry->Flink) {
        struct stor_timer *timer = CONTAINING_RECORD(entry, struct stor_timer, link);

        timer->requested = false;
        wq_timer_close(&timer->timer);
    }
    adapter->timer->requested = false;
    wq_timer_close(&adapter->timer->timer);
    wq_lock_drop(&adapter->lock);
}

void stor_timer_reclaim(struct stor_adapter *adapter)
{
    while (!IsListEmpty(&adapter->timer_list)) {
        struct stor_timer *timer =
            CONTAINING_RECORD(RemoveHeadList(&adapter->timer_list), struct stor_timer, link);

        wq_handle_delete(TIMER_KIND(timer->kind), timer->handle);
        timer_drop(timer);
        STOR_UNCOUNT(timers);
        STOR_COUNT(reclaimed);
    }
}
