/*
 * pool.h: the process's one pool, as its own files see it.
 *
 *   pool_post.c     how work comes in           pool_worker.c  the workers' loop: find, run, spin, park, retire
 *   pool_wake.c     who is woken or started     pool_monitor.c, pool_growth.c  growth when routines block
 *   pool_long.c     routines that wait for long pool_idle.c    who is parked
 *   pool_usage.c    who uses a processor        core.c         start, counters, end
 *   serve_own.c     threads that never end      serve_io.c     completion routines
 *   queue/          queues over the pool        base/handle.c  handles for the fronts' objects
 *   timer/          timers                      wait/          registered waits
 *
 * docs/design.md explains the protocol between submitters, searching and parking workers; the letters are
 * those of docs/locking.md.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_POOL_H
#define WQ_POOL_H

#include "linger.h"
#include "port/port.h"
#include "ring.h"
#include "shard.h"
#include "wqcore.h"

#define POOL_MAX_WORKERS     65535u
#define POOL_DEFAULT_WORKERS 512u
#define POOL_MAX_SHARDS      64u
#define POOL_AWAKE_BITS      64u
#define THREAD_CLEANUPS      4u
#define POOL_AWAKE_WORDS     ((POOL_MAX_WORKERS + POOL_AWAKE_BITS) / POOL_AWAKE_BITS)

/* What every thread that runs routines has, at port_context(). */
struct thread_context {
    unsigned cleanups; /* owner only: how many are to be called when the routine has returned */
    struct {
        wq_routine routine;
        void *param;
    } cleanup[THREAD_CLEANUPS]; /* owner only */
};

struct worker {
    struct thread_context common;
    struct port_parker parker; /* its own rules */
    struct worker *idle_below; /* P: next older one on the idle stack */
    struct worker *idle_above; /* P */
    struct port_thread thread; /* P: joined when the worker has ended */
    unsigned id;               /* C: index in pool_default.workers */
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
    int64_t posted;       /* W: slots pushed to the own ring or taken from the inbox, less those moved to
                              * a shard */
    uint64_t beat_seen;   /* M */
    uint32_t beat_still;  /* M: ticks without a change inside a routine */
    uint32_t beat_unrun;  /* M: ticks without a change outside of one, though awake */
    uint64_t cpu_seen;    /* M: processor time used at the last look of pool_usage.c */
    uint64_t cpu_beat;    /* M: beat at that look */
    uint64_t cpu_look;    /* M: number of that look */
    struct ring ring;     /* its own rules */
};

/* Who may wake or start a worker. Starting one takes so long that it would hold up a routine; so where that is
 * not for the routine's own sake, the monitor does it. */
enum { WAKE_NOBODY, WAKE_ANYBODY, WAKE_BELIEVED /* the monitor: waits are believed to last */ };

struct wq_pool {
    /* Read by every submission and hardly ever written, so on lines of their own. */
    _Alignas(PORT_CACHE_PAIR) uint32_t ready; /* A: 1 = the shards are there */
    uint32_t token;       /* A: 1 = somebody searches for work, or is being woken for it */
    uint32_t unserved;    /* A: 1 = a submission found no memory or no thread: queues try again, too */
    uint32_t wakeable;    /* PA: whether another worker may be woken or started: WQ_WAKE_... */
    uint32_t excess;      /* PA: 1 = more workers are runnable than may be */
    uint32_t monitor_on;  /* A: 1 = the monitor ticks */
    unsigned shard_count; /* C */
    unsigned spin_us;     /* C: how long a worker looks for work before it parks; 0 on one processor */

    _Alignas(PORT_CACHE_PAIR) struct port_lock lock;
    struct worker *idle;        /* P: the parked worker that was last active */
    unsigned processors;        /* C */
    unsigned max_workers;       /* P */
    unsigned count;             /* P: workers that exist, starting ones included */
    unsigned parked;            /* P */
    unsigned blocked;           /* P: workers not parked and not runnable */
    unsigned waiting;           /* P: of those, the ones that said so with wq_waiting_begin */
    unsigned believed;          /* P: of those, for how many threads may be made */
    unsigned starting;          /* P: workers whose threads did not run yet */
    unsigned boost;             /* P: runnable workers that the monitor allows beyond the processors */
    uint32_t long_queued;       /* PA: long routines that did not start yet */
    struct wq_item *long_first; /* P */
    struct wq_item *long_last;  /* P */
    unsigned high;              /* PA: ids below it have been used */
    unsigned peak;              /* P: most workers that existed at a time */
    unsigned started;           /* P: workers started altogether */
    unsigned start_failed;      /* P: thread starts that failed */
    unsigned threads;           /* P: workers, monitor and threads that never end */
    unsigned threads_peak;      /* P */
    bool starved;               /* P: the last start failed; the monitor tries again */
    bool stopping;              /* P */
    bool have_ended;            /* P: ended holds a thread */
    struct port_thread ended;   /* P: the worker that ended last; it joined the one before it */
    struct worker *retired;     /* P: structures without a thread, linked by idle_below */

    _Alignas(
        PORT_CACHE_PAIR) struct wq_item *inbox; /* A: items that found no memory for a slot, newest first */

    struct worker **workers;              /* C; entries A: by id; never freed while the pool lives */
    uint64_t awake[POOL_AWAKE_WORDS];     /* PA: one bit for each worker that is not parked */
    struct shard shards[POOL_MAX_SHARDS]; /* their own rules */
};

extern struct wq_pool pool_default;

/* ---- core.c ---- */

/* The greatest number of workers now. */
unsigned pool_max_workers(void);

/* Makes the shards if they are not there. Returns false if there is no memory. */
bool pool_start(void);

/* ---- pool_post.c ---- */

/* Queues a call from wherever the caller runs. Returns false if there is no memory. */
bool pool_push(wq_routine routine, void *param);

/* The routine of slots that carry an item: runs it. */
void WQ_CALL item_run(void *param);

/* Adds an item to a stack of items that anybody may push to and that is always taken whole. A full fence. */
void item_stack_push(struct wq_item **stack, struct wq_item *item);

/* Takes all items of such a stack, oldest first. Returns NULL if there are none. */
struct wq_item *item_stack_take(struct wq_item **stack);

/* Calls what the routine that has just returned asked for with wq_at_return. */
void thread_cleanup(struct thread_context *thread);

/* ---- pool_worker.c ---- */

void worker_main(void *arg);

/* True if a slot waits anywhere: in a shard, the inbox or the ring of a worker that is not parked. */
bool pool_has_work(void);

/* Puts right what the routine that has just returned left behind: its cleanup, its blocking hints, the
 * monitor's finding that it was blocked. Owner only. */
void worker_returned(struct worker *worker);

/* ---- pool_idle.c ---- */

/* Puts a worker on the idle stack. Under the pool's lock. */
void idle_add(struct worker *worker);

/* Takes a parked worker off the idle stack. Under the pool's lock; whoever does this then wakes it. */
void idle_remove(struct worker *worker);

/* Marks the worker in, or takes it out of, the set whose rings are looked at. Under the pool's lock. */
void awake_set(struct worker *worker, bool on);

/* Calls fn for each worker that is not parked, until it returns true. Returns whether one did. */
bool awake_any(bool (*fn)(struct worker *worker, void *param), void *param);

/* ---- pool_long.c ---- */

/* Takes a long routine, if one is queued, and counts the worker as blocked. Owner only. */
bool long_take(struct worker *worker, struct slot *slot);

/* ---- pool_wake.c ---- */

/* To be called after work became visible, with a full fence between: makes sure that somebody will see it. */
void pool_attend(void);

/* As pool_attend, for the monitor: it has the time to start several threads, and those for waits that are
 * believed to last. */
void wake_grow(void);

/* As pool_attend, after making the pool if there was no memory for it. */
void pool_retry(void);

/* To be called by a worker's fresh thread, before it looks for work: from now on it counts as one that runs. */
void life_began(struct worker *worker);

/* Recomputes wakeable. Under the pool's lock, after each change of what it depends on. */
void census_update(void);

/* Wakes a parked worker or starts one, whether or not that exceeds the processors. token: the worker takes
 * over the token, which the caller holds. Returns false (the token is free then) if the maximum is reached or
 * no thread can be made. */
bool wake_one(bool token);

/* Sees to it that a worker has nothing to do: true if one is parked, or if one more may run and could be
 * started. */
bool pool_idle_provide(void);

/* Counts a worker as not runnable (blocked) or as runnable again. waiting: it said so itself, and may do it
 * for a moment only. */
void census_block(struct worker *worker, bool waiting);
void census_unblock(struct worker *worker);
unsigned census_blocked(void); /* how many are counted so */

/* As census_unblock, under the pool's lock, without census_update. */
void census_count_in(struct worker *worker);

/* Counts a thread of the core; n is 1 or -1. Under the pool's lock. */
void thread_count(int n);

/* ---- pool_monitor.c ---- */

/* Makes the monitor tick until nothing is queued. */
void monitor_wake(void);

#ifdef WQ_STRESS
/* tests/core/stress.c: true if the monitor is to stay asleep. */
bool wq_stress_no_monitor(void);
#endif

/* Ends the monitor thread, if there is one. */
void monitor_stop(void);

/* ---- pool_growth.c: monitor only ---- */

#define GROWTH_TICK_US 1000u /* between looks */

/* Judges how many workers may run. now: port_clock_us(); late: microseconds that this look comes after it was
 * due. Returns the time until the next look, in microseconds. */
unsigned growth_look(uint64_t now, uint64_t late);

/* Nothing is queued: the next look starts afresh. */
void growth_forget(void);

/* ---- pool_usage.c ---- */

/* How many workers hardly used a processor lately. Looks anew when a window has passed, else repeats itself.
 * Monitor only. now: port_clock_us(). */
unsigned usage_waiting(uint64_t now);

/* The monitor had to wait for a processor for so many microseconds: so do others, and it takes longer to tell
 * who does not want one. Monitor only. */
void usage_delayed(uint64_t delay);

/* The next look starts afresh. Monitor only. */
void usage_forget(void);

/* ---- serve_own.c ---- */

/* Routines that finished on threads that never end. */
uint64_t own_count(void);

/* True if these threads have run all that was queued to them; posted: how many routines that was. */
bool own_idle(uint64_t *posted);

/* Queues an item of the caller's to the persistent thread or to the io threads. Never fails; what finds no
 * thread waits for the next submission or own_attend. */
void own_submit(struct wq_item *item, bool io_class);

/* Tries again to find a thread for what is queued. */
void own_attend(bool io_class);

/* Ends these threads. Nothing may be queued to them any more. */
void own_stop(void);

/* ---- ticker.c ---- */

/* Ends the timer thread and forgets all timers. What routines set until timers_reset is not armed, but
 * what is due at once is still queued. */
void timers_stop(void);
void timers_reset(void);

/* Fills in the timers' counters. */
void timers_count(struct wq_counters *counters);

/* ---- handle.c ---- */

/* Bytes of the handle table. */
uint64_t handle_table_memory(void);

/* Forgets all handles and frees the table. */
void handle_table_free(void);

/* ---- wait_place.c ---- */

/* Fills in the counters of waits. */
void waits_count(struct wq_counters *counters);

/* Ends the wait threads. What they have queued is still in the pool. */
void waits_stop(void);

/* ---- serve_io.c ---- */

/* Ends the thread that takes packets, after posting those that are there. */
void io_stop(void);

/* Frees what packets are posted with. All of them have run. */
void io_free(void);

#endif
