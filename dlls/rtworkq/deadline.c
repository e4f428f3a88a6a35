/*
 * deadline.c: deadlines of queues.
 *
 * A queue that has one gets a level in the queue below, above those without, and as its rank there the earliest
 * time that it is due. So among the queues over one multithreaded queue, which are those of a scheduling class,
 * the one that is most in a hurry runs first. The queues below a serial queue are raised with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "class.h"

#define KIND     0x52747764u /* of handles: "Rtwd" */
#define HNS_LONG (1ll << 55)

struct deadline {
    struct wq_timer timer;
    struct deadline *next;    /* R */
    struct rtwq_queue *queue; /* C: referenced */
    UINT64 due;               /* C: time of now() */
    void *handle;             /* C once it has one */
    LONG refs;                /* atomic: the handle's, each expiry's, one while it is made */
};

static struct deadline *deadlines; /* R: earliest first */
static unsigned pass;              /* R: numbers the computations of places */

/* A time in hundreds of nanoseconds that nobody sets. */
static UINT64 now(void)
{
    LARGE_INTEGER count, frequency;
    UINT64 seconds, rest;

    NtQueryPerformanceCounter(&count, &frequency);
    seconds = (UINT64)count.QuadPart / (UINT64)frequency.QuadPart;
    rest = (UINT64)count.QuadPart % (UINT64)frequency.QuadPart;
    return seconds * 10000000 + rest * 10000000 / (UINT64)frequency.QuadPart;
}

static void release(struct deadline *deadline)
{
    if (InterlockedDecrement(&deadline->refs))
        return;
    rtwq_queue_release(deadline->queue);
    wq_free(deadline);
}

static void WQ_CALL hold(void *param)
{
    InterlockedIncrement(&((struct deadline *)param)->refs);
}

static void WQ_CALL missed(void *param)
{
    InterlockedIncrement64((LONG64 *)&rtwq_counters.deadlines_missed);
    release(param);
}

/* Moves the queue to a place in the one below. Under R. */
static void set_place(struct rtwq_queue *queue, unsigned level, UINT64 rank)
{
    struct wq_queue *below = queue->class ? queue->class->core : rtwq_queue_base();

    queue->pass = pass;
    if ((queue->level == level && queue->rank == rank) || !queue->core || queue->core == rtwq_queue_base())
        return;
    queue->level = level;
    queue->rank = rank;
    wq_queue_move(queue->core, queue->target ? queue->target->core : below, level, rank);
}

/* Gives the places out anew; `without` may have lost its last deadline. Under R. */
static void set_places(struct rtwq_queue *without)
{
    pass++;
    for (struct deadline *each = deadlines; each; each = each->next)
        for (struct rtwq_queue *queue = each->queue; queue && queue->pass != pass; queue = queue->target)
            set_place(queue, RTWQ_LEVEL_DEADLINE, each->due);
    for (struct rtwq_queue *queue = without; queue; queue = queue->target)
        if (queue->pass != pass)
            set_place(queue, queue->id == RTWQ_CALLBACK_QUEUE_RT ? RTWQ_LEVEL_HIGH : RTWQ_LEVEL_NORMAL,
                      WQ_UNRANKED);
}

static HRESULT insert(struct deadline *deadline)
{
    struct deadline **at;
    HRESULT hr = E_OUTOFMEMORY;

    wq_lock_take(&rtwq_lock);
    if (!rtwq_started())
        hr = RTWQ_E_SHUTDOWN;
    else if ((deadline->handle = wq_handle_create(KIND, deadline)) != NULL)
        hr = S_OK;
    if (hr == S_OK) {
        for (at = &deadlines; *at && (*at)->due <= deadline->due; at = &(*at)->next) {}
        deadline->next = *at;
        *at = deadline;
        set_places(NULL);
    }
    wq_lock_drop(&rtwq_lock);
    return hr;
}

/* Ends the deadline with that handle. Returns false if there is none. */
static bool finish(const void *handle)
{
    struct deadline *deadline = wq_handle_delete(KIND, handle), **at;

    if (!deadline)
        return false;
    wq_lock_take(&rtwq_lock);
    for (at = &deadlines; *at && *at != deadline; at = &(*at)->next) {}
    if (*at)
        *at = deadline->next;
    set_places(deadline->queue);
    wq_lock_drop(&rtwq_lock);
    wq_timer_close(&deadline->timer);
    release(deadline);
    return true;
}

/* Ends the deadlines of a queue, or all if it is NULL. */
static void finish_all(struct rtwq_queue *queue)
{
    const void *handle;

    do {
        handle = NULL;
        wq_lock_take(&rtwq_lock);
        for (struct deadline *each = deadlines; each && !handle; each = each->next)
            if (!queue || each->queue == queue)
                handle = each->handle;
        wq_lock_drop(&rtwq_lock);
    } while (handle && (finish(handle), true));
}

void rtwq_deadlines_forget(struct rtwq_queue *queue)
{
    finish_all(queue);
}

void rtwq_deadlines_end(void)
{
    finish_all(NULL);
}

/* Says that the queue's work must be done within `hns` hundreds of nanoseconds from now: until the request is
 * cancelled the queue comes before those of its scheduling class with later deadlines or none; so does a queue
 * that it is a serial queue of. The multithreaded queue itself and queues with a window have nobody to come
 * before. A deadline
 * that passes before it was cancelled is counted as missed. pre_hns: when to begin with that, not after the
 * deadline; wqshim begins at once. The request ends with RtwqCancelDeadline, with the queue's last lock or
 * with the platform. Returns S_OK, E_POINTER, RTWQ_E_SHUTDOWN, RTWQ_E_INVALID_WORKQUEUE, E_INVALIDARG
 * (negative, or pre_hns after the deadline) or E_OUTOFMEMORY. Any thread. */
HRESULT WINAPI RtwqSetDeadline2(DWORD id, LONGLONG hns, LONGLONG pre_hns, HANDLE *request)
{
    struct deadline *deadline;
    HRESULT hr;

    if (!request)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    if (hns < 0 || pre_hns < 0 || pre_hns > hns)
        return E_INVALIDARG;
    deadline = wq_alloc(sizeof(*deadline));
    if (!deadline)
        return E_OUTOFMEMORY;
    *deadline = (struct deadline){.refs = 2, .queue = rtwq_queue_find(id)};
    if (!deadline->queue) {
        wq_free(deadline);
        return RTWQ_E_INVALID_WORKQUEUE;
    }
    hns = hns < HNS_LONG ? hns : HNS_LONG;
    deadline->due = now() + (UINT64)hns;
    wq_timer_init(&deadline->timer, WQ_CLASS_TIMER, missed, deadline, hold);
    hr = insert(deadline);
    if (SUCCEEDED(hr)) {
        *request = deadline->handle;
        InterlockedIncrement64((LONG64 *)&rtwq_counters.deadlines_set);
        wq_timer_set(&deadline->timer, (UINT64)hns / 10, 0, 0);
    } else {
        release(deadline);
    }
    release(deadline);
    return hr;
}

/* RtwqSetDeadline2 without a time to begin. */
HRESULT WINAPI RtwqSetDeadline(DWORD id, LONGLONG hns, HANDLE *request)
{
    return RtwqSetDeadline2(id, hns, 0, request);
}

/* Ends a deadline. Returns S_OK or E_INVALIDARG: it is none or has ended. Any thread. */
HRESULT WINAPI RtwqCancelDeadline(HANDLE request)
{
    return finish(request) ? S_OK : E_INVALIDARG;
}
