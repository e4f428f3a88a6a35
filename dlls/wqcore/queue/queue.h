/*
 * queue.h: a queue, as queue_use.c (what users do with it) and queue_run.c (what workers do) see it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_QUEUE_H
#define WQ_QUEUE_H

#include "base/linger.h"
#include "queue/queue_level.h"

/* In a queue's inbox: nobody will look at the queue. Who puts an item in its place owns the baton, and one of the
 * references, and must submit the baton. */
#define QUEUE_IDLE ((struct wq_item *)1)

/* For wq_queue.usual: no item came yet; they came with different levels or with ranks. */
#define USUAL_NONE  WQ_LEVELS
#define USUAL_MIXED (WQ_LEVELS + 1u)

#ifndef WINDOW_ITEMS
#define WINDOW_ITEMS 64u
#endif

/* The items of a queue without a limit that come next, all of one level, so that several workers take them
 * without a lock. Filled under the queue's lock only. */
struct queue_window {
    char apart[PORT_CACHE_PAIR];
    size_t head; /* A: next to take */
    char apart_too[PORT_CACHE_PAIR];
    size_t tail;                         /* QA: next to fill */
    unsigned level;                      /* Q: of the items */
    struct wq_item *items[WINDOW_ITEMS]; /* QA */
};

struct wq_queue {
    union {
        struct wq_item baton;      /* owned by whoever set baton_out, or found QUEUE_IDLE */
        struct ranked_item ranked; /* likewise */
    };
    unsigned limit;              /* C: UINT32_MAX = none */
    unsigned processor;          /* C: where its items run if it is bound */
    wq_runner runner;            /* C: called in place of the items' routines; NULL = these are */
    struct queue_window *window; /* C: NULL for a queue with a limit */
    struct wq_pool *pool;        /* C: that runs it in the end */
    struct wq_queue *target;     /* A: whose item the baton is; NULL = the pool's */
    uint64_t target_rank;        /* A: where there; WQ_UNRANKED = at the end */
    uint32_t target_level;       /* A: at which level */
    uint32_t moves;              /* A: how often these three were changed */
    uint32_t usual;              /* A: the level of all items so far, or USUAL_... */

    char apart[PORT_CACHE_PAIR]; /* heap blocks have no such alignment */
    struct wq_item
        *inbox; /* A: submitted, not sorted yet, linked by item_next; NULL = empty, but somebody will
                                  * look; QUEUE_IDLE. All that submitters write. */
    char apart_too[PORT_CACHE_PAIR];

    struct port_lock lock; /* as Q below */
    uint32_t refs;         /* A: one for being open, one for baton_out, one an activation or a hold */
    uint32_t running;      /* Q: items whose routine is being called, if there is a limit, and holds */
    uint32_t inside;       /* Q: activations */
    uint32_t filled;       /* QA: one bit for each level that is not empty */
    bool baton_out;        /* Q: the baton is queued, about to be, or the first submitter's to queue */
    bool closed;           /* Q */
    struct linger linger;  /* A */
    wq_routine finished;   /* set before the reference for being open is dropped */
    void *finished_param;  /* likewise */
    struct level level[WQ_LEVELS]; /* Q */
};

static inline bool item_is_real(const struct wq_item *item)
{
    return (uintptr_t)item > (uintptr_t)QUEUE_IDLE;
}

/* True if items wait that somebody has to look at. Exact under the queue's lock. */
bool queue_waits(struct wq_queue *queue);

/* Sorts all that waits into the levels. Under the queue's lock. */
void queue_sort(struct wq_queue *queue);

/* Takes an item out of its level. before: the one before it, or NULL. Under the queue's lock. */
void queue_remove(struct wq_queue *queue, unsigned number, struct wq_item *before, struct wq_item *item);

/* Sees to it that somebody will look at the queue, if it may run one more item: returns true if the caller must
 * submit the baton. Under the queue's lock, before it is dropped after each change of what this depends on. */
bool queue_settle(struct wq_queue *queue);

/* Queues the baton, which is the caller's. */
void queue_baton_submit(struct wq_queue *queue);

/* Drops a reference. */
void queue_release(struct wq_queue *queue);

/* The baton's routine. */
void WQ_CALL queue_run(void *queue);

#endif
