/*
 * pool.h: what a pool and its workers are. For the files of pool/ only; others include face.h.
 *
 *   pool_post.c     ways in                     pool_find.c     where a worker finds its next slot
 *   pool_wake.c     the token, waking           pool_worker.c   a worker's loop: find, run, search, park
 *   pool_census.c   who may be woken or made    pool_life.c     how workers begin and end
 *   pool_work.c     is there work?              pool_idle.c     who is parked, and who is awake
 *   pool_long.c     long routines               pool_block.c    what routines say about their waits
 *   pool_monitor.c  the thread that looks on    pool_growth.c   how many workers may run, pool_usage.c who uses a processor
 *   pool_make.c     making a pool once          pool_private.c  pools that users make, pool_hold.c what keeps them
 *   pool_bounds.c   how many workers            pool_tally.c    counters, pool_end.c end
 *
 * Letters behind fields:
 *   C   constant once the pool, or the worker, can be seen by others
 *   A   touched through the macros of port/atomic.h only
 *   P   guarded by the pool's lock
 *   PA  written under the pool's lock with an atomic store; read anywhere with at_load
 *   W   written by the owning worker only, through at_put; others may at_peek
 *   M   used by the monitor thread only
 * The pool's lock is a leaf: nothing is locked, woken, allocated or called back under it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_H
#define WQ_POOL_H

#include "base/item.h"
#include "base/linger.h"
#include "base/ring.h"
#include "base/shard.h"
#include "base/thread.h"
#include "pool/face.h"
#include "pool/pool_growth.h"
#include "pool/pool_usage.h"
#include "port/port.h"
#include "wqcore.h"

#ifndef POOL_MAX_WORKERS
#define POOL_MAX_WORKERS 65535u
#endif
#define POOL_DEFAULT_WORKERS 512u
#define POOL_PRIVATE_WORKERS 500u /* the maximum of a new private pool */
#define POOL_PRIVATE_MOST    4095u
#define POOL_MAX_SHARDS      64u
#define POOL_AWAKE_BITS      64u
#define POOL_AWAKE_WORDS     ((POOL_MAX_WORKERS + POOL_AWAKE_BITS) / POOL_AWAKE_BITS)

struct worker {
    struct thread_context common;
    struct wq_pool *pool;      /* C */
    struct port_parker parker; /* its own rules */
    struct worker *idle_below; /* P: next older one on the idle stack */
    struct worker *idle_above; /* P */
    struct port_thread thread; /* P: joined when the worker has ended */
    unsigned id;               /* C: index in wq_pool.workers */
    uint32_t parked;           /* PA: on the idle stack; whoever takes it off clears it and then wakes it */
    uint32_t blocked;          /* PA: not counted as runnable */
    uint32_t waiting;          /* PA: blocked, because it said so with wq_waiting_begin */
    uint32_t searching;        /* A: holds the pool's token */
    uint32_t joinable;         /* A: 1 = thread is filled in */
    uint32_t blocking_depth;   /* W: nested wq_blocking_begin */
    bool runs_long;            /* W: the routine said so or was started as one that does */
    uint32_t turn;             /* W: turns given to others */
    uint32_t turn_slots;       /* W: slots between the last two */
    uint32_t turn_left;        /* W: slots until the next */
    uint64_t turn_began;       /* W: port_ticks() of the last */
    uint64_t small_at; /* W: port_ticks() of the last small batch, if the next one is to come a bit later */
    struct linger linger; /* W */
    uint64_t beat;        /* W: odd while a routine runs; up by two for each that finished */
    uint64_t inner;       /* W: of those, routines that ran inside another one */
    uint64_t batons;      /* W: slots that were activations of queues */
    int64_t posted; /* W: slots pushed to the own ring or taken from the inbox, less those moved to a shard */
    uint64_t beat_seen;  /* M */
    uint32_t beat_still; /* M: ticks without a change inside a routine */
    uint32_t beat_unrun; /* M: ticks without a change outside of one, though awake */
    uint64_t cpu_seen;   /* M: processor time used at the last look of pool_usage.c */
    uint64_t cpu_beat;   /* M: beat at that look */
    uint64_t cpu_look;   /* M: number of that look */
    struct ring ring;    /* its own rules */
};

/* How the monitor watches a pool. */
struct watch {
    struct wq_pool *next; /* guarded by the monitor's lock for pools */
    bool on;              /* M: it ticks */
    unsigned idle_ticks;  /* M: looks in a row that found no work */
    uint64_t due_us;      /* M: when the next look is due */
};

/* What may be done about work that waits. Starting a thread takes so long that it would hold up a routine; so where that is
 * not for the routine's own sake, the monitor does it. */
enum {
    WAKE_NOBODY,
    WAKE_PARKED,  /* a parked worker may be woken */
    WAKE_THREAD,  /* a thread may be started */
    WAKE_BELIEVED /* likewise, by the monitor only: waits are believed to last */
};

/* Where the token is. */
enum {
    TOKEN_FREE,
    TOKEN_HELD,  /* somebody who runs searches for work, or is just being woken for it */
    TOKEN_COMING /* for a thread that has not come to life. Whoever can do something sooner takes it away. */
};

/* Whether more workers run than shall. */
enum {
    EXCESS_NONE,
    EXCESS_SOME,  /* who has nothing in its own ring parks */
    EXCESS_BOUNDS /* the pool's maximum was lowered: who has finished its routine parks */
};

struct wq_pool {
    /* Read by every submission and hardly ever written, so on lines of their own. */
    _Alignas(
        PORT_CACHE_PAIR) uint32_t unserved; /* A: 1 = a submission found no memory or no thread: queues try
                                                  * again, too. Must be first, see pool_unserved. */
    uint32_t ready;                         /* A: 1 = the shards are there */
    uint32_t token;                         /* A: TOKEN_... */
    uint32_t wakeable;                      /* PA: whether another worker may be woken or started: WAKE_... */
    uint32_t excess;                        /* PA: whether more workers run than shall: EXCESS_... */
    uint32_t monitor_on;                    /* A: 1 = the monitor ticks */
    unsigned shard_count;                   /* C */
    unsigned spin_us; /* C: how long a worker looks for work before it parks; 0 on one processor */

    _Alignas(PORT_CACHE_PAIR) struct port_lock lock;
    struct worker *idle;         /* P: the parked worker that was last active */
    unsigned processors;         /* C */
    port_thread_fn *worker_main; /* C: what the workers' threads run */
    bool is_private;             /* C */
    uint32_t users;              /* A: of a private pool, see pool_hold.h */
    uint32_t holds;              /* A: likewise */
    size_t table_size;           /* C: bytes of workers */
    size_t memory;               /* C: bytes that it was made of, without shards */
    struct port_stack stack;     /* P: of threads that will be made */
    unsigned max_workers;        /* P */
    unsigned min_workers;        /* P: so many don't retire and may run at a time whatever they do */
    unsigned count;              /* P: workers that exist, starting ones included */
    unsigned parked;             /* P */
    unsigned blocked;            /* P: workers not parked and not runnable */
    unsigned waiting;            /* P: of those, the ones that said so with wq_waiting_begin */
    unsigned believed;           /* P: of those, for how many threads may be made */
    unsigned starting;           /* P: workers whose threads did not run yet */
    unsigned boost;              /* P: runnable workers that the monitor allows beyond the processors */
    uint32_t long_queued;        /* PA: long routines that did not start yet */
    struct item_list long_list;  /* P: those */
    unsigned high;               /* PA: ids below it have been used */
    unsigned peak;               /* P: most workers that existed at a time */
    unsigned started;            /* P: workers started altogether */
    bool starved;                /* P: the last start failed; the monitor tries again */
    bool stopping;               /* P */
    struct worker *retired;      /* P: structures without a thread, linked by idle_below */

    _Alignas(
        PORT_CACHE_PAIR) struct wq_item *inbox; /* A: items that found no memory for a slot, newest first */

    struct growth growth; /* M */
    struct usage usage;   /* M */
    struct watch watch;   /* its own rules */

    struct worker **workers;              /* C; entries A: by id; never freed while the pool lives */
    uint64_t awake[POOL_AWAKE_WORDS];     /* PA: one bit for each worker that is not parked */
    struct shard shards[POOL_MAX_SHARDS]; /* their own rules */
};

_Static_assert(offsetof(struct wq_pool, unserved) == 0, "pool_unserved reads the first word");

#endif
