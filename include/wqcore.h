/*
 * wqcore.h: the shared thread-pool core, for fronts (kernel32, rtworkq, ntoskrnl ...) and for programs that
 * want it directly.
 *
 * One process has one pool, and as many private ones as it makes. Work is a routine and a parameter, either copied (wq_post) or carried by an item
 * that the caller owns (wq_submit, wq_queue_submit). Items of the pool run concurrently, in roughly the order
 * they came in; queues on top of it add priority levels and a concurrency limit.
 *
 * All functions may be called from any thread, also from routines that the pool runs, unless their comment
 * says otherwise. None of them touches the calling thread's last error. The header needs no other Windows
 * header.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQCORE_H
#define WQCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The system's callback convention: it differs from C's on 32-bit Windows only, where kernel and Win32
 * routines are stdcall. */
#if defined(__i386__) && defined(__MINGW32__)
#define WQ_CALL __attribute__((stdcall))
#else
#define WQ_CALL
#endif

/* A work routine. It must return (not end its thread), and restore what it changed of the thread: priority,
 * affinity. */
typedef void(WQ_CALL *wq_routine)(void *param);

/* A work item in the caller's memory, laid out as the kernel's WORK_QUEUE_ITEM. The caller fills routine and
 * param before each submission and leaves the rest alone; from submission until the routine is called the
 * whole item belongs to the core. It is taken off its queue before the routine is called, so the routine may
 * submit or free it. */
struct wq_item {
    struct wq_item *link; /* the core's */
    void *spare;          /* the core's */
    wq_routine routine;
    void *param;
};

/* ---- the pool ---- */

/* Queues routine(param) to the pool. Returns false, having queued nothing, if there is no memory for the
 * entry (16 bytes on 64-bit systems). If no thread can be made now, the entry waits for the first that can;
 * every submission tries again. */
bool wq_post(wq_routine routine, void *param);

/* As wq_post, for a routine that will wait for long: while it is queued or running the pool allows itself one
 * more runnable worker, so that it starts at once and delays nobody. */
bool wq_post_long(wq_routine routine, void *param);

/* As wq_post, but on the one thread that never ends, one routine at a time, in order. Between routines that
 * thread waits alertably, so APCs that a routine left behind are delivered. */
bool wq_post_persistent(wq_routine routine, void *param);

/* As wq_post_persistent, but on as many such threads as there are routines that have not returned, up to the
 * greatest number of workers. */
bool wq_post_io(wq_routine routine, void *param);

/* Lets cleanup(param) be called on this thread when the routine that runs now has returned, before anything
 * else runs here; for what a routine may leave behind on its thread. Each cleanup is called once, however often
 * it was asked for, with the last param; the last one to be asked for first comes first. Returns false, doing
 * nothing, on a thread that is not the core's, or if four others were asked for. */
bool wq_at_return(wq_routine cleanup, void *param);

/* Queues an item of the caller's to the pool. Never fails. The item must not be queued already. */
void wq_submit(struct wq_item *item);

/* As wq_submit, on the terms of wq_post_long and of wq_post_persistent. Never fail: if no thread can be made now,
 * the item waits for the first that can, and every submission tries again. */
void wq_submit_long(struct wq_item *item);
void wq_submit_persistent(struct wq_item *item);

/* Raises the greatest number of workers (default 512, at most 65535). A lower value than the present one
 * changes nothing. */
void wq_raise_max_workers(unsigned count);

/* Brackets a wait inside a routine of the pool: meanwhile another worker may run. Nests; does nothing
 * elsewhere. */
void wq_blocking_begin(void);
void wq_blocking_end(void);

/* The same for waits that may be short or long, such as every Sleep and every wait for an object: a parked
 * worker may take this one's place at once, but threads are made only after the wait has lasted for a
 * millisecond or two. Nests, in the other bracket as well. */
void wq_waiting_begin(void);
void wq_waiting_end(void);

/* True if wq_waiting_begin would do something now: this is a worker that is not in either bracket. */
bool wq_waiting_counts(void);

/* Says that the routine that runs now may run or wait for long: until it returns it counts as blocked, as after a
 * wq_blocking_begin without an end. Returns true if another worker is idle, or was started by this call; false if there
 * is none and no thread can be made, or may be. True, too, if the routine has called this before, or was submitted as
 * a long one. False on threads that are not workers. */
bool wq_may_run_long(void);

/* ---- queues ---- */

#define WQ_LEVELS    32 /* priority levels of a queue: 0 is served last, 31 first */
#define WQ_UNLIMITED 0  /* concurrency limit: as many as the pool has workers */

struct wq_queue;

/* Makes a queue over the pool. limit: how many of its items may run at a time, 1 makes it serial,
 * WQ_UNLIMITED. Returns NULL if there is no memory. A higher level's items start before a lower level's;
 * within a level they start in the order of submission. No thread waits to keep that order. */
struct wq_queue *wq_queue_create(unsigned limit);

/* As wq_queue_create, but over another queue: what runs of it runs as an item of target at that level, within
 * target's limit, and gives way to what else waits there after each item. target must stay open until this
 * queue has finished, see wq_queue_close; NULL is the pool. Queues may be nested like this to any depth. */
struct wq_queue *wq_queue_create_over(struct wq_queue *target, unsigned level, unsigned limit);

#define WQ_UNRANKED UINT64_MAX

/* Moves a queue to another level of the queue below it or over another queue, at once unless it just runs. rank:
 * its place in that level: the lowest rank first, then, in the order of submission, what has none, WQ_UNRANKED,
 * as all other items; what is queued takes time in proportion to how many are before it then. Over the pool
 * level and rank mean nothing. Neither the old queue below nor the new one may be closed before this one has
 * finished. One thread at a time. */
void wq_queue_move(struct wq_queue *queue, struct wq_queue *target, unsigned level, uint64_t rank);

/* Counts one more item of the queue as running until wq_queue_resume is called, from any thread: for work
 * that goes on when its routine has returned. So a serial queue waits for it, without a thread. From inside a
 * routine of the queue. The queue can be closed meanwhile and finishes after the last resume. */
void wq_queue_hold(struct wq_queue *queue);
void wq_queue_resume(struct wq_queue *queue);

/* Queues an item of the caller's at a level (0 to 31, a higher one counts as 31). Never fails. The queue must
 * not be closed. */
void wq_queue_submit(struct wq_queue *queue, struct wq_item *item, unsigned level);

/* As wq_queue_submit, but only if a worker is idle, or can be started at once without exceeding the
 * processors, and nothing else of the queue waits. Returns false, having queued nothing, otherwise. For work
 * that its caller would rather do itself than leave waiting behind routines that block. */
bool wq_queue_try_submit(struct wq_queue *queue, struct wq_item *item, unsigned level);

/* The process's one queue without a limit that fronts share; it is never closed. Made by the first call; NULL if
 * there is no memory for it. */
struct wq_queue *wq_default_queue(void);

/* Lets runner(item) be called for each item of the queue in place of its routine, on the same terms; for
 * callers whose items are too small to say by themselves what is to be done around the routine. To be set
 * before the first submission. From submission until runner is called item->link is not NULL, and the core
 * needs it only at first: the runner may set it to NULL so that others see that the item has left the queue,
 * and finds it NULL if the item's owner has set it anew meanwhile. */
typedef void(WQ_CALL *wq_runner)(struct wq_item *item);
void wq_queue_set_runner(struct wq_queue *queue, wq_runner runner);

/* Lets the queue's items, and those of queues over it, run on one processor only: the worker is bound to it
 * while it serves the queue, and can run everywhere again before it does anything else. For data that is in
 * that processor's cache and for APIs that promise it; it costs some system calls for each run of items. A
 * processor that the process may not use, or whose number is too great for the system's masks (32 or 64 under
 * Windows), binds nothing. Queues that are not bound pay nothing. To be set before the first submission;
 * processor: a number as wq_processor returns. */
void wq_queue_set_processor(struct wq_queue *queue, unsigned processor);

/* The system's number of the processor that the calling thread is running on. Unless the thread is bound it
 * may be running elsewhere at once. */
unsigned wq_processor(void);

/* True if the item is queued in this queue. The item's memory need not be initialised. Takes time in
 * proportion to what is queued if it seems to be. */
bool wq_queue_holds(struct wq_queue *queue, const struct wq_item *item);

/* False if the item is in no queue, whatever its memory holds: a queued item's link is a small odd number, until the
 * runner sets it. So an owner that wants to submit an item only once may change the link from what it is, unless it looks
 * queued, to an address of its own, by a compare-and-swap: whoever does that submits. Memory that was never an item may
 * look queued; zeroed memory does not. */
bool wq_item_looks_queued(const struct wq_item *item);

/* Takes an item that was submitted to this queue back. Returns true if it was still queued: its routine will
 * not be called and the item is the caller's again. Returns false if it was taken off before: its routine has
 * run, runs or is about to. */
bool wq_queue_cancel(struct wq_queue *queue, struct wq_item *item);

/* Gives the queue up. What is queued still runs; then finished(param) is called once, after the last
 * routine returned, and the queue's memory is freed: by a worker or by this call, or by wq_queue_resume or, if the
 * queue was over another one, a submission or wq_queue_move, if such a call is the last to be done with the queue.
 * finished may be NULL. Allowed from inside the queue's own routines. Nothing may be submitted after this call,
 * except by routines of the queue itself while they run. */
void wq_queue_close(struct wq_queue *queue, wq_routine finished, void *param);

/* ---- private pools ---- */

/* A pool with threads and bounds of its own, for callbacks that must not wait for others' or need threads that others don't
 * use. Work gets there through queues over it; all other functions are for the default pool, on a private pool's workers, too,
 * but for the brackets around waits, which are for the worker's own. A private pool keeps as many runnable workers as there are
 * processors, as the default pool does, or as many as its minimum, if that is more; its maximum is never exceeded, workers
 * that are blocked included. */
struct wq_pool;

/* Makes a pool: minimum 0, maximum 500. No thread is made yet. Returns NULL if there is no memory. */
struct wq_pool *wq_pool_create(void);

/* Sets how many workers (0 to 4095) the pool always has: those that are missing are made before this returns, none of them ends
 * while this holds, and so many routines run at a time even if all of them compute. A minimum above the maximum raises the
 * maximum. With minimum = maximum = 1 it is always the same thread. Returns false if a thread cannot be made, or above 4095;
 * then the minimum is what it was. */
bool wq_pool_set_minimum(struct wq_pool *pool, unsigned count);

/* Sets how many workers there may be: 0 counts as 1, more than 4095 as 4095. A lower maximum lowers the minimum, too. It ends no
 * thread at once: as routines return workers rest, until no more than count run. */
void wq_pool_set_maximum(struct wq_pool *pool, unsigned count);

/* Sets the stack of threads that will be made, in bytes: addresses reserved, and of those committed at first. 0 stands for what
 * threads of the process have by default. What the system finds too small it rounds up. */
void wq_pool_set_stack(struct wq_pool *pool, size_t reserve, size_t commit);

/* As wq_queue_create, over a private pool. A queue over such a queue runs there, too; it must not be moved to another
 * pool. */
struct wq_queue *wq_queue_create_in(struct wq_pool *pool, unsigned limit);

/* Gives the pool up: nobody may set anything or make a queue over it any more. Queues over it may still be open. When the last
 * of them has finished, at once if there is none, the threads end and the memory is freed; this does not wait for it. Allowed
 * from inside the pool's own routines. */
void wq_pool_close(struct wq_pool *pool);

/* ---- timers ---- */

#define WQ_NEVER UINT64_MAX

/* On which threads a timer's routine is called. */
enum wq_thread_class {
    WQ_CLASS_POOL,       /* as wq_post */
    WQ_CLASS_LONG,       /* as wq_post_long */
    WQ_CLASS_PERSISTENT, /* as wq_post_persistent */
    WQ_CLASS_IO,         /* as wq_post_io */
    WQ_CLASS_TIMER, /* on the one timer thread, one after the other: it must be short, and must not wait */
    WQ_CLASSES
};

/* Or'ed to WQ_CLASS_TIMER: expiries are not merged, routine is called once for each. For routines that only count
 * and submit. */
#define WQ_TIMER_EACH 0x80u

/* A timer in the caller's memory; 100 000 of them are normal. All fields are the core's. The memory must stay
 * while the timer is armed or an expiry is outstanding, see hold. */
struct wq_timer {
    struct wq_item item; /* queued for each expiry */
    wq_routine routine;  /* C */
    void *param;         /* C */
    wq_routine hold;     /* C */
    struct wq_timer *next;
    struct wq_timer *prev;
    uint64_t tick; /* the 16 microseconds that it is kept for */
    uint64_t due_us;
    uint64_t period_us;
    uint64_t tolerance_us;
    uint32_t queued;      /* A: not 0: the item is queued, and stands for so many expiries */
    uint8_t thread_class; /* C */
    uint8_t level;        /* where the timer is kept */
    uint8_t index;
    bool armed;
    bool spent; /* it was a one-shot and has expired */
    bool closed;
    bool each;     /* C: WQ_TIMER_EACH */
    bool by_clock; /* which wheel it is in */
};

/* Makes a timer that is not armed. routine(param) is called for each expiry, on a thread of the class.
 * hold(param) is called when an expiry is queued, once for each call of routine that will follow, before
 * anybody can see it and under a lock of the core: it may only count, so that the owner knows whether
 * something is outstanding. NULL if the owner needs no count.
 *
 * A timer has at most one routine queued: an expiry that finds one that has not begun is merged with it. Once
 * the routine has begun the next one is queued and may run beside it. */
void wq_timer_init(struct wq_timer *timer, unsigned thread_class, wq_routine routine, void *param,
                   wq_routine hold);

/* Arms the timer anew, whatever its state. It expires delay_us microseconds from now, never before but up to
 * tolerance_us (and 0.25 ms, if others were due just before) later, so that timers share wake-ups; 0 = now, in
 * this call; WQ_NEVER = not. Then it expires every period_us, measured from due time to due time; 0 = it is a
 * one-shot; WQ_NEVER = not again, but without becoming one. If an expiry is late by a period or more, it stands
 * for those that were missed meanwhile, and the next comes when it would have come anyway: a late one shifts
 * none of the others. Changes of the system time mean nothing to it.
 *
 * Any thread, the own routine included. If no thread can be made, timers that are not due at once wait for
 * the next call that finds one. Returns true if it was armed before, false if not or closed. */
bool wq_timer_set(struct wq_timer *timer, uint64_t delay_us, uint64_t period_us, uint64_t tolerance_us);

/* As wq_timer_set, but does nothing if the timer is a one-shot that has expired, which it is from before its
 * routine is called. Returns false then, or if the timer is closed; else true. */
bool wq_timer_change(struct wq_timer *timer, uint64_t delay_us, uint64_t period_us, uint64_t tolerance_us);

/* As wq_timer_set, but it expires first when the system's clock shows clock_us, microseconds since 1601-01-01 UTC,
 * or later: a time that has passed = now, in this call. If the clock is set meanwhile, that counts: the timer expires
 * at most a second after the clock shows that time, never before it does. The time that the machine sleeps counts.
 * Times more than 142 years away never come, but count as armed. From the first expiry on the period is
 * measured as always. */
bool wq_timer_set_clock(struct wq_timer *timer, uint64_t clock_us, uint64_t period_us, uint64_t tolerance_us);

/* Lets the timer not expire any more until it is set again. What is queued still runs. Returns true if it was
 * armed. */
bool wq_timer_cancel(struct wq_timer *timer);

/* As wq_timer_cancel, but for good: setting the timer has no effect any more. */
void wq_timer_close(struct wq_timer *timer);

/* ---- waits ---- */

/* A routine that is called each time an object is signalled or has not been for a while, until the wait is
 * closed. Waiting goes on while the routine is queued or runs: signals that come meanwhile are consumed, up
 * to 64 ahead, and delivered each once. */
struct wq_wait;

/* timed_out: it is the time that was up. It must return (not end its thread), and restore what it changed of
 * the thread. */
typedef void(WQ_CALL *wq_wait_routine)(void *param, bool timed_out);

#define WQ_WAIT_FOREVER UINT32_MAX /* for ms: no time-out */

/* Flags: where the routine is called, by default on a worker of the pool. INLINE is by the wait thread
 * itself, one routine at a time; it waits for nothing meanwhile. */
#define WQ_WAIT_ONCE       1u  /* call it once and leave the object alone afterwards */
#define WQ_WAIT_INLINE     2u  /* see above */
#define WQ_WAIT_LONG       4u  /* as wq_post_long does */
#define WQ_WAIT_PERSISTENT 8u  /* as wq_post_persistent does */
#define WQ_WAIT_IO         16u /* as wq_post_io does */

enum wq_wait_result {
    WQ_WAIT_OK,
    WQ_WAIT_NO_MEMORY,  /* or no thread is to be had */
    WQ_WAIT_BAD_OBJECT, /* the object cannot be waited for */
    WQ_WAIT_DENIED      /* the caller may not wait for it */
};

/* Opens a wait for an object (a kernel handle under Windows, a descriptor of an eventfd plus one on Linux)
 * that must stay open as long as the wait; one that is closed too early ends this wait but no other. Nothing
 * is waited for until wq_wait_start, which must follow or wq_wait_close. ms: the time-out in milliseconds
 * from then and from each completion on; with 0 the object is looked at and routine called at once. A mutex
 * comes to belong to the wait thread; an abandoned one counts as signalled. */
enum wq_wait_result wq_wait_open(struct wq_wait **wait, void *object, wq_wait_routine routine, void *param,
                                 uint32_t ms, unsigned flags);

/* As wq_wait_open, for any of several objects: the routine is called once, when one of them is signalled, and of
 * their signals that one alone is consumed. Such a wait never times out, and if one of its objects is closed too
 * early it ends. count: 1 to WQ_WAIT_GROUP_MAX, else WQ_WAIT_BAD_OBJECT. flags: WQ_WAIT_ONCE is implied. The
 * array need not stay. */
#define WQ_WAIT_GROUP_MAX 63u
enum wq_wait_result wq_wait_open_group(struct wq_wait **wait, void *const *objects, unsigned count,
                                       wq_wait_routine routine, void *param, unsigned flags);

/* Begins waiting: from here on the routine may be called, before this function returns. Never fails. */
void wq_wait_start(struct wq_wait *wait);

/* What a closed wait leaves behind. */
enum wq_wait_left {
    WQ_WAIT_LEFT_NONE, /* nothing: the routine will not be called any more and has returned */
    WQ_WAIT_LEFT_SOME, /* calls that are queued or run */
    WQ_WAIT_LEFT_SELF  /* only the call that the caller is in, of a WQ_WAIT_INLINE wait */
};

/* Closes the wait: no signal of the object is consumed any more. Calls for signals that were consumed before
 * still take place. Then, from the thread of the last of them or from this call, closed(param) is called once
 * and the wait's memory is given back; closed may be NULL. May have to wait for the wait thread to look up,
 * never for a routine. Allowed from inside the routine, once for each wait. */
enum wq_wait_left wq_wait_close(struct wq_wait *wait, wq_routine closed, void *param);

/* ---- watches ---- */

/* A wait for one object at a time that is set and unset any number of times. Each setting completes once at most:
 * its object is signalled, and that consumed one signal, or its time is up. */
struct wq_watch;

/* Makes a watch that is not set. routine(param, timed_out) is called for each setting that completes, on a wait
 * thread that it shares with others: it must be short and must not wait. hold(param) is called when a setting
 * completes, once for each call of routine that will follow, before any wq_watch_set, wq_watch_unset or
 * wq_watch_close can return that comes too late to recall the setting. It is called under a lock of the core and may
 * only count, so that the owner knows what is outstanding; param must stay until the last of these calls of routine
 * has returned. NULL if the owner needs no count. A watch takes one of the 63 places of a wait thread, which it
 * keeps: only this function can fail for lack of memory or threads. Result: WQ_WAIT_OK or WQ_WAIT_NO_MEMORY. */
enum wq_wait_result wq_watch_create(struct wq_watch **watch, wq_wait_routine routine, void *param,
                                    wq_routine hold);

/* Lets the watch wait for an object, in place of what it was set to. The watch takes a duplicate of the object's
 * handle, so the caller may close that one at once. due_us: the time-out in microseconds from now, WQ_NEVER = none.
 * With WQ_WATCH_CLOCK in flags it is a time of the system's clock, in microseconds since 1601-01-01 UTC. If somebody
 * sets that clock, the time-out comes at most a second after the clock shows that time, never before. With 0, or a time
 * that has passed, the object is looked at once: if it is signalled then, that counts.
 *
 * *recalled (may be NULL): true if there was a setting that had not completed; it never will, and has consumed no
 * signal. Returns 0, or the system's status (an NTSTATUS) if the object cannot be waited for; then nothing has
 * changed and *recalled is false. Under Windows that is the status of duplicating the handle, of a wait for it (no
 * SYNCHRONIZE: STATUS_ACCESS_DENIED; no object to wait for: STATUS_OBJECT_TYPE_MISMATCH), or, for a mutex, which no
 * thread could release, STATUS_INVALID_PARAMETER_3.
 *
 * Any thread, the own routine included; of several threads one at a time. May have to wait for the wait thread
 * to look up, never for a routine, so the caller may hold a lock that routine takes (but not one that hold takes). */
#define WQ_WATCH_CLOCK 1u
uint32_t wq_watch_set(struct wq_watch *watch, void *object, uint64_t due_us, unsigned flags, bool *recalled);

/* Lets the watch wait for nothing. Returns as *recalled above. Likewise. */
bool wq_watch_unset(struct wq_watch *watch);

/* Unsets the watch and gives it up: no signal is consumed any more. Calls of routine that hold was called for still
 * take place. No other call for this watch may follow or be under way. Allowed from inside the routine. */
void wq_watch_close(struct wq_watch *watch);

/* ---- input and output ---- */

/* Called on a worker when an operation has completed. value: what identifies the operation (under Windows its
 * OVERLAPPED), status: the system's code (an NTSTATUS), bytes: that were transferred. */
typedef void(WQ_CALL *wq_io_routine)(void *param, void *value, uint32_t status, size_t bytes);

enum wq_io_result {
    WQ_IO_OK,
    WQ_IO_NO_MEMORY, /* or no thread is to be had */
    WQ_IO_BAD_FILE,  /* no handle of a file */
    WQ_IO_REFUSED    /* not open for asynchronous operations, or bound before */
};

/* Lets routine be called for each operation that completes on the file from now on, until the file is closed.
 * Calls run concurrently. There is one queue of completions for the process; what is bound to it is kept for
 * each pair of routine and param. Linux has no such thing: never WQ_IO_OK there. */
enum wq_io_result wq_io_bind(void *file, wq_io_routine routine, void *param);

/* As wq_io_bind, with an end: a file whose operations are reported to routine until the binding is closed. */
struct wq_binding;

/* Binds a file. routine(param, value, status, bytes) is called on the one thread that takes the completions, one
 * call at a time: it must be short and must not wait. Returns 0, or the system's status (an NTSTATUS):
 * STATUS_NO_MEMORY, also if no thread is to be had; STATUS_INVALID_HANDLE or STATUS_OBJECT_TYPE_MISMATCH for what is
 * no file; STATUS_INVALID_PARAMETER for one that is not open for asynchronous operations or bound before. Never 0 on
 * Linux. */
uint32_t wq_binding_open(struct wq_binding **binding, void *file, wq_io_routine routine, void *param);

/* Ends a binding and gives all of it back. The file stays bound to the system's queue as long as it is open, but
 * what completes on it from now on is dropped. When this returns routine will not be called any more and has returned,
 * except if this is called from inside it. So the caller must hold no lock that routine takes. */
void wq_binding_close(struct wq_binding *binding);

/* ---- observation ---- */

/* What the core has done since it was loaded or shut down. Exact when nothing is in flight, else a moment's
 * estimate. */
struct wq_counters {
    uint64_t posted;          /* entries that came into the pool, activations of queues included */
    uint64_t taken;           /* entries that workers took and finished */
    uint64_t run;             /* routines of users that finished in the pool, alone or through a queue */
    uint64_t persistent_run;  /* routines that finished on threads that never end */
    uint32_t workers;         /* worker threads that exist, those of private pools included */
    uint32_t workers_peak;    /* most that existed at a time in the default pool */
    uint32_t workers_started; /* worker threads started altogether */
    uint32_t workers_parked;  /* of those that exist, idle ones */
    uint32_t threads;         /* all threads of the core, wait threads included */
    uint32_t threads_peak;    /* most that existed at a time */
    uint32_t threads_failed;  /* thread starts that the system refused */
    uint64_t waits_fired;     /* signals and time-outs of waits whose routine has begun, wherever it runs */
    uint64_t wait_run;        /* routines that finished on wait threads */
    uint32_t waits;           /* waits that are open */
    uint32_t wait_threads;    /* threads that serve them */
    uint32_t max_workers;     /* of the default pool */
    uint32_t processors;
    uint32_t timers;         /* armed ones */
    uint64_t timers_expired; /* expiries */
    uint64_t timers_merged;  /* of those, merged with one still queued */
    uint64_t memory;         /* bytes held from the system, without the following */
    uint32_t blocks;         /* blocks of the process heap that the core and its fronts hold */
    uint32_t pools;          /* private pools that have not ended */
};

void wq_counters_read(struct wq_counters *counters);

/* At process exit the core appends one line of these counters to the file that this environment variable
 * names (a DOS path under Windows). The line: program path, then "key=value" pairs, all separated by blanks.
 */
#define WQ_REPORT_VARIABLE "WQSHIM_REPORT"

/* ---- end ---- */

/* Ends all threads of the core and frees what it holds, after running what is queued and what those routines
 * queue. Waits and watches that are still open are not waited for any more, but must be closed all the same; bindings
 * must be closed before. For tests
 * and for hosts that unload the module. Nobody else may submit meanwhile. Returns false, having done nothing,
 * when called from one of the core's threads or while a private pool is open. Afterwards the core is as if just loaded. */
bool wq_shutdown(void);

/* Injects failures for tests: the next `times` operations of the kind fail, UINT32_MAX until set to 0 again.
 */
#define WQ_FAULT_MEMORY 0u
#define WQ_FAULT_THREAD 1u
void wq_fault_set(unsigned kind, uint32_t times);

/* Lets the next `spared` operations of the kind succeed and the one after them fail, so that a test can go through
 * all of them; wq_fault_waits tells whether that one is still to come. */
void wq_fault_after(unsigned kind, uint32_t spared);
bool wq_fault_waits(unsigned kind);

/* Small blocks from the process heap for fronts, not zeroed; NULL if there is no memory (or a fault is
 * injected). */
void *wq_alloc(size_t size);
void wq_free(void *block);

/* ---- for fronts ---- */

/* A word of the calling thread for the front whose routine it runs: NULL when a routine begins, and to be NULL again
 * when it returns. Returns NULL on a thread that is not the core's. */
void **wq_thread_slot(void);

/* The head of an object whose address its users hold. */
struct wq_object {
    uint32_t mark;        /* A: the core's */
    uint32_t size_number; /* the core's */
};

/* Makes an object of size bytes, at most 768, that begins with a struct wq_object; what follows is not initialised.
 * kind: a number of the front's choosing, not 0. Returns NULL if there is no memory. */
void *wq_object_alloc(unsigned kind, size_t size);

/* Frees the object. Its address is good for nothing any more, but may become that of a new object. */
void wq_object_free(void *object);

/* Gives a live object another kind. */
void wq_object_turn(unsigned kind, void *object);

/* True if the address is that of a live object of that kind. Any address will do: what is not in an object is not
 * touched. No lock, a few nanoseconds. */
bool wq_object_is(unsigned kind, const void *address);

/* True if the address is where only objects are or were. */
bool wq_object_ours(const void *address);

/* A mutex of one word for short sections; zero-initialised, not recursive. While the process exits it is
 * always granted: its holder may have been ended. */
struct wq_lock {
    uint32_t word; /* the core's */
};

void wq_lock_take(struct wq_lock *lock);
void wq_lock_drop(struct wq_lock *lock);

/* Handles stand for a front's objects: one that is NULL, garbage or was deleted is told from a good one
 * without touching memory. kind is a number of the front's choosing; a handle is good with its own kind only.
 * A handle is never NULL nor -1 nor below 2^20, and a deleted one does not come back soon. */

/* Makes a handle for object, which must not be NULL. Returns NULL if there is no memory. */
void *wq_handle_create(unsigned kind, void *object);

/* Returns the handle's object after calling hold(object), which keeps it from being freed; hold must not call
 * the core. The handle cannot be deleted meanwhile. Returns NULL if the handle is not good. */
void *wq_handle_find(unsigned kind, const void *handle, wq_routine hold);

/* Makes the handle invalid and returns its object; of several callers with one handle only one gets it.
 * Returns NULL if the handle is not good. */
void *wq_handle_delete(unsigned kind, const void *handle);

#ifdef __cplusplus
}
#endif

#endif
