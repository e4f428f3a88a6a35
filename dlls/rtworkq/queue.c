/*
 * queue.c: queues and their identifiers.
 *
 * The standard queue and its like are queues over the one multithreaded queue, as on Windows: they keep order
 * without having threads. They are made by the first start and stay. A private identifier has a slot above 4
 * in its high word and the slot's generation in its low word, so that old identifiers are told from new ones.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define SLOTS       4096u
#define FIRST_SLOT  5u
#define SYSTEM_LAST RTWQ_CALLBACK_QUEUE_LONG_FUNCTION

struct slot {
    struct rtwq_queue *queue; /* R */
    uint16_t generation;      /* R */
};

struct wq_lock rtwq_lock;

static struct slot slots[SLOTS];
static unsigned next_slot;                                /* R: where to look for a free one */
static struct rtwq_queue *system_queues[SYSTEM_LAST + 1]; /* C once started */
static bool started;                                      /* under the lock of platform.c */

struct rtwq_queue *rtwq_queue_create(struct wq_queue *over, unsigned limit)
{
    struct rtwq_queue *queue = wq_alloc(sizeof(*queue));

    if (!queue)
        return NULL;
    *queue = (struct rtwq_queue){.refs = 1, .level = RTWQ_LEVEL_NORMAL, .rank = WQ_UNRANKED};
    queue->core = wq_queue_create_over(over, RTWQ_LEVEL_NORMAL, limit);
    if (queue->core)
        return queue;
    wq_free(queue);
    return NULL;
}

struct wq_queue *rtwq_queue_base(void)
{
    return system_queues[RTWQ_CALLBACK_QUEUE_MULTITHREADED]->core;
}

/* Has all been run: gives up the queue below. */
static void WQ_CALL queue_finished(void *param)
{
    struct rtwq_queue *queue = param, *target = queue->target;

    wq_free(queue);
    if (target)
        rtwq_queue_release(target);
}

void rtwq_queue_release(struct rtwq_queue *queue)
{
    if (queue->system || InterlockedDecrement(&queue->refs))
        return;
    if (queue->window)
        rtwq_window_close(queue->window);
    else
        wq_queue_close(queue->core, queue_finished, queue);
}

bool rtwq_queues_start(void)
{
    static const struct {
        DWORD id;
        unsigned limit, level;
    } rows[] = {
        {RTWQ_CALLBACK_QUEUE_MULTITHREADED, WQ_UNLIMITED, 0},
        {RTWQ_CALLBACK_QUEUE_STANDARD, 1, RTWQ_LEVEL_NORMAL},
        {RTWQ_CALLBACK_QUEUE_RT, 1, RTWQ_LEVEL_HIGH},
        {RTWQ_CALLBACK_QUEUE_IO, WQ_UNLIMITED, RTWQ_LEVEL_NORMAL},
        {RTWQ_CALLBACK_QUEUE_TIMER, 1, RTWQ_LEVEL_NORMAL},
        {RTWQ_CALLBACK_QUEUE_LONG_FUNCTION, WQ_UNLIMITED, RTWQ_LEVEL_NORMAL},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]) && !started; i++) {
        struct rtwq_queue **queue = &system_queues[rows[i].id];

        if (*queue)
            continue;
        *queue = rtwq_queue_create(i ? rtwq_queue_base() : NULL, rows[i].limit);
        if (!*queue)
            return false;
        (*queue)->id = rows[i].id;
        (*queue)->system = true;
        (*queue)->level = rows[i].level;
        wq_queue_move((*queue)->core, i ? rtwq_queue_base() : NULL, rows[i].level, WQ_UNRANKED);
    }
    if (!started)
        system_queues[RTWQ_CALLBACK_QUEUE_LONG_FUNCTION]->long_running = 1;
    started = true;
    return true;
}

void rtwq_queues_system(void (*fn)(struct rtwq_queue *queue, void *param), void *param)
{
    for (unsigned i = 0; i <= SYSTEM_LAST; i++)
        if (system_queues[i])
            fn(system_queues[i], param);
}

/* Under R. */
static struct slot *slot_of(DWORD id)
{
    DWORD index = (id >> 16) - FIRST_SLOT; /* wraps around for what is below */
    struct slot *slot = index < SLOTS ? &slots[index] : NULL;

    return slot && slot->queue && slot->generation == (uint16_t)id ? slot : NULL;
}

struct rtwq_queue *rtwq_queue_find(DWORD id)
{
    struct rtwq_queue *queue = NULL;
    struct slot *slot;

    if (!(id & RTWQ_CALLBACK_QUEUE_PRIVATE_MASK)) {
        queue = id <= SYSTEM_LAST ? system_queues[id] : NULL;
        return queue ? queue : system_queues[RTWQ_CALLBACK_QUEUE_STANDARD];
    }
    wq_lock_take(&rtwq_lock);
    slot = slot_of(id);
    if (slot) {
        queue = slot->queue;
        InterlockedIncrement(&queue->refs);
    }
    wq_lock_drop(&rtwq_lock);
    return queue;
}

HRESULT rtwq_queue_open(DWORD id, struct rtwq_queue **queue)
{
    *queue = NULL;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    *queue = rtwq_queue_find(id);
    return *queue ? S_OK : RTWQ_E_INVALID_WORKQUEUE;
}

struct rtwq_queue *rtwq_queue_or_standard(DWORD id)
{
    struct rtwq_queue *queue = rtwq_queue_find(id);

    return queue ? queue : rtwq_queue_find(RTWQ_CALLBACK_QUEUE_STANDARD);
}

HRESULT rtwq_queue_add(struct rtwq_queue *queue, DWORD *id)
{
    struct slot *slot = NULL;
    bool up;

    wq_lock_take(&rtwq_lock);
    up = rtwq_started();
    for (unsigned n = 0; up && n < SLOTS && !slot; n++) {
        slot = &slots[next_slot];
        if (slot->queue)
            slot = NULL;
        else
            queue->id = (next_slot + FIRST_SLOT) << 16;
        next_slot = (next_slot + 1) % SLOTS;
    }
    if (slot) {
        slot->queue = queue;
        queue->id |= ++slot->generation;
        queue->locks = 1;
        *id = queue->id;
    }
    wq_lock_drop(&rtwq_lock);
    if (slot)
        return S_OK;
    rtwq_queue_release(queue);
    return up ? E_FAIL : RTWQ_E_SHUTDOWN;
}

void rtwq_queues_end(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct rtwq_queue *queue;

        wq_lock_take(&rtwq_lock);
        queue = slots[i].queue;
        slots[i].queue = NULL;
        wq_lock_drop(&rtwq_lock);
        if (queue)
            rtwq_queue_release(queue);
    }
}

/* Makes a private queue of one of the three types and locks it; *id is not 0. Returns S_OK, E_POINTER,
 * RTWQ_E_SHUTDOWN, E_INVALIDARG (type), E_OUTOFMEMORY or E_FAIL (more than 4096 private queues). Any thread.
 * Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqAllocateWorkQueue(RTWQ_WORKQUEUE_TYPE type, DWORD *id)
{
    struct rtwq_queue *queue;

    if (!id)
        return E_POINTER;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    if (type == RTWQ_STANDARD_WORKQUEUE)
        queue = rtwq_queue_create(rtwq_queue_base(), 1);
    else if (type == RTWQ_MULTITHREADED_WORKQUEUE)
        queue = rtwq_queue_create(rtwq_queue_base(), WQ_UNLIMITED);
    else if (type == RTWQ_WINDOW_WORKQUEUE)
        queue = rtwq_window_create();
    else
        return E_INVALIDARG;
    return queue ? rtwq_queue_add(queue, id) : E_OUTOFMEMORY;
}

/* Makes a queue that runs its items one at a time, in order, as items of another queue, which stays as long
 * as this one. Returns as RtwqAllocateWorkQueue; RTWQ_E_INVALID_WORKQUEUE (target unknown), E_INVALIDARG
 * (target has a window). */
HRESULT WINAPI RtwqAllocateSerialWorkQueue(DWORD target_id, DWORD *id)
{
    struct rtwq_queue *target, *queue;
    HRESULT hr;

    if (!id)
        return E_POINTER;
    hr = rtwq_queue_open(target_id, &target);
    if (FAILED(hr))
        return hr;
    queue = target->window ? NULL : rtwq_queue_create(target->core, 1);
    if (!queue) {
        hr = target->window ? E_INVALIDARG : E_OUTOFMEMORY;
        rtwq_queue_release(target);
        return hr;
    }
    queue->target = target;
    queue->serial = true;
    return rtwq_queue_add(queue, id);
}

/* Adds a lock to a private or shared queue. Identifiers without private bits: S_OK, nothing is done. Returns
 * S_OK, RTWQ_E_SHUTDOWN or RTWQ_E_INVALID_WORKQUEUE. Any thread. */
HRESULT WINAPI RtwqLockWorkQueue(DWORD id)
{
    struct slot *slot;

    if (!(id & RTWQ_CALLBACK_QUEUE_PRIVATE_MASK))
        return S_OK;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    wq_lock_take(&rtwq_lock);
    slot = slot_of(id);
    if (slot)
        slot->queue->locks++;
    wq_lock_drop(&rtwq_lock);
    return slot ? S_OK : RTWQ_E_INVALID_WORKQUEUE;
}

/* Takes a lock off. With the last one the identifier is gone; what is queued still runs. Returns as
 * RtwqLockWorkQueue. Any thread, the queue's own callbacks included. */
HRESULT WINAPI RtwqUnlockWorkQueue(DWORD id)
{
    struct rtwq_queue *gone = NULL;
    struct slot *slot;

    if (!(id & RTWQ_CALLBACK_QUEUE_PRIVATE_MASK))
        return S_OK;
    if (!rtwq_usable())
        return RTWQ_E_SHUTDOWN;
    wq_lock_take(&rtwq_lock);
    slot = slot_of(id);
    if (slot && !--slot->queue->locks) {
        gone = slot->queue;
        slot->queue = NULL;
    }
    wq_lock_drop(&rtwq_lock);
    if (gone) {
        rtwq_deadlines_forget(gone);
        rtwq_queue_release(gone);
    }
    return slot ? S_OK : RTWQ_E_INVALID_WORKQUEUE;
}

/* Says that the items of a queue will run for long (counted: to be balanced with FALSE): each then makes room
 * for another runnable thread. Returns S_OK, RTWQ_E_SHUTDOWN, RTWQ_E_INVALID_WORKQUEUE, or E_UNEXPECTED for a
 * FALSE too many. Any thread. */
HRESULT WINAPI RtwqSetLongRunning(DWORD id, BOOL enable)
{
    struct rtwq_queue *queue;
    LONG seen, was;
    HRESULT hr;

    hr = rtwq_queue_open(id, &queue);
    if (FAILED(hr))
        return hr;
    for (was = queue->long_running;; was = seen) {
        if (!enable && was <= (queue->id == RTWQ_CALLBACK_QUEUE_LONG_FUNCTION)) {
            hr = E_UNEXPECTED;
            break;
        }
        seen = InterlockedCompareExchange(&queue->long_running, was + (enable ? 1 : -1), was);
        if (seen == was)
            break;
    }
    rtwq_queue_release(queue);
    return hr;
}
