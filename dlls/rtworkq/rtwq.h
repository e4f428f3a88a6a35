/*
 * rtwq.h: what the files of the rtworkq front share.
 *
 *   platform.c  start-up, shutdown, locks        events.c    who is told of them
 *   result.c    async results and their cache    receipt.c   answers of reply callbacks
 *   queue.c     queue identifiers                put.c       from put to Invoke
 *   pending.c   keys, cancel                     wait.c, schedule.c, periodic.c
 *   shared.c, mmcss.c, class.c, boost.c          scheduling classes: class.h
 *   window.c    queues with a message loop       deadline.c, join.c
 *
 * The front knows the rules of the Rtwq functions; order, priorities, threads, timers and waits are the
 * core's. Letters are those of docs/locking.md. No callback, GetParameters or Release of the user's is called
 * under a lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_RTWQ_H
#define WQ_RTWQ_H

#include "wqrtworkq.h"

#include "common/ntdll.h"
#include "counters.h"
#include "wqcore.h"

#define RTWQ_THIS_PROCESS ((HANDLE)(LONG_PTR)-1)
#define RTWQ_THIS_THREAD  ((HANDLE)(LONG_PTR)-2)

#define RTWQ_E_TASK_NAME HRESULT_FROM_WIN32(1550) /* ERROR_INVALID_TASK_NAME */

/* Levels of an item in its queue, and of a queue in the one below it. The last is of queues with a deadline. */
#define RTWQ_LEVEL_LOW      7u
#define RTWQ_LEVEL_NORMAL   8u
#define RTWQ_LEVEL_HIGH     9u
#define RTWQ_LEVEL_DEADLINE 10u

/* ---- queue.c ---- */

struct rtwq_class;
struct rtwq_window;

struct rtwq_queue {
    struct wq_queue *core;      /* C: NULL for a queue with a window */
    struct rtwq_window *window; /* C */
    struct rtwq_queue *target;  /* C: referenced; of a serial queue */
    DWORD id;                   /* C */
    bool system;                /* C: stays for good, so nobody counts its users */
    bool serial;                /* C: made by RtwqAllocateSerialWorkQueue: replies count */
    LONG refs;         /* atomic: one for having an identifier, one for each user; not what is queued */
    LONG long_running; /* atomic: RtwqSetLongRunning, counted */
    LONG priority;     /* RA: thread priority within the class, AVRT_PRIORITY_* */
    DWORD task_id;     /* R: 0 = none */
    LONG avrt_index;   /* atomic: avrt.dll's number for that; 0 = not known yet */
    unsigned locks;    /* R */
    struct rtwq_class *class; /* RA: NULL = none */
    unsigned level;           /* R: in the queue below */
    UINT64 rank;              /* R: within that level: when its work is due; WQ_UNRANKED = no deadline */
    unsigned pass;            /* R: of deadline.c that set the two last */
};

/* Guards what has the letter R. */
extern struct wq_lock rtwq_lock;

/* Makes the system queues that are not there. Returns false if there is no memory. */
bool rtwq_queues_start(void);

/* Takes the identifiers of all private queues back; what is queued still runs. */
void rtwq_queues_end(void);

/* Finds a queue and references it, which takes nothing for system queues: they stay. An identifier without private
 * bits that is no system queue stands for the standard queue; NULL if a private one is unknown. The platform must
 * have been started once. */
struct rtwq_queue *rtwq_queue_find(DWORD id);
void rtwq_queue_release(struct rtwq_queue *queue);

/* What a call does first with an identifier: rtwq_queue_find while the platform is up. Returns S_OK,
 * RTWQ_E_SHUTDOWN or RTWQ_E_INVALID_WORKQUEUE. */
HRESULT rtwq_queue_open(DWORD id, struct rtwq_queue **queue);

/* Gives a queue an identifier and one lock. Takes the reference over, also on failure: E_FAIL (no identifier is
 * free) or RTWQ_E_SHUTDOWN. */
HRESULT rtwq_queue_add(struct rtwq_queue *queue, DWORD *id);

/* Calls fn for each system queue. */
void rtwq_queues_system(void (*fn)(struct rtwq_queue *queue, void *param), void *param);

/* A queue over the core queue `over` (NULL: the pool). NULL if there is no memory. */
struct rtwq_queue *rtwq_queue_create(struct wq_queue *over, unsigned limit);

/* The multithreaded queue of what has no scheduling class. */
struct wq_queue *rtwq_queue_base(void);

/* ---- platform.c ---- */

/* True if the platform is started and locked. */
bool rtwq_usable(void);
/* True if it is started, whether or not it is locked. */
bool rtwq_started(void);

/* ---- events.c ---- */

enum rtwq_event { RTWQ_EVENT_STARTED, RTWQ_EVENT_SHUTDOWN, RTWQ_EVENT_ENDED };
void rtwq_events_tell(enum rtwq_event event);

/* ---- result.c ---- */

struct rtwq_result;

/* A result on its way to its callback. */
struct rtwq_put {
    struct wq_item item;                /* the core's while it is queued */
    IRtwqAsyncResult *result;           /* referenced */
    struct rtwq_queue *queue;           /* stays until what is queued has run */
    struct rtwq_result *receipt;        /* referenced; NULL unless a reply is expected */
    DWORD flags;                        /* of GetParameters */
    void (*done)(struct rtwq_put *put); /* gives the memory back */
};

struct rtwq_result {
    RTWQASYNCRESULT public;   /* the user's */
    LONG refs;                /* atomic */
    LONG put_used;            /* atomic: 1 = put is in use */
    bool counted;             /* C while referenced; rtwq_result_abandon: has a lock of the platform */
    DWORD task_id;            /* of a registration; set before it is invoked */
    const void *operation;    /* C while referenced: what it is for, if it is ours */
    struct rtwq_queue *reply; /* atomic: queue that waits for the reply, which keeps it; NULL = none */
    IUnknown *object, *state; /* C while referenced; referenced */
    struct rtwq_result *next; /* R: in the cache */
    struct rtwq_put put;      /* owned by who set put_used */
};

/* Makes a result; any argument may be NULL. NULL if there is no memory. */
struct rtwq_result *rtwq_result_create(IUnknown *object, IRtwqAsyncCallback *callback, IUnknown *state);

/* The result behind an interface, NULL if it is somebody else's implementation. */
struct rtwq_result *rtwq_result_from(IRtwqAsyncResult *result);

/* Frees the cached results, giving back their locks. */
void rtwq_results_end(void);

/* Leaves one of the result's references behind for good, and gives its lock back: nobody need wait for it. */
void rtwq_result_abandon(IRtwqAsyncResult *result);

/* Counts a lock of the platform that belongs to a result. */
void rtwq_platform_hold(void);
void rtwq_platform_drop(void);

/* ---- receipt.c ---- */

/* Makes the receipt that a reply callback will get in place of its result, NULL if there is no memory. */
struct rtwq_result *rtwq_receipt_create(void);

/* Stops the serial queue, whose routine calls this, until the reply. */
void rtwq_receipt_arm(struct rtwq_result *receipt, struct rtwq_queue *queue);

/* If the result is a receipt, counts as the reply to it and returns true. */
bool rtwq_receipt_reply(IRtwqAsyncResult *result);

/* ---- put.c ---- */

/* Asks the result's callback where it wants to be called: queue 0 and no flags if it doesn't say. */
void rtwq_ask(IRtwqAsyncResult *result, DWORD *flags, DWORD *queue);

/* Queues the put, whose fields result and done are filled, to the queue. The put references its result. Returns S_OK
 * or, having done nothing, E_OUTOFMEMORY. */
HRESULT rtwq_put_submit(struct rtwq_put *put, struct rtwq_queue *queue, LONG priority, DWORD flags);

/* The queue that an item without a queue of its own goes to: the standard one if it is unknown. */
struct rtwq_queue *rtwq_queue_or_standard(DWORD id);

extern struct wq_rtwq_counters rtwq_counters; /* atomic; put and invoked are in put.c's stripes */

/* ---- pending.c ---- */

enum rtwq_pending_kind { RTWQ_PENDING_WAIT, RTWQ_PENDING_TIMER };

/* Something that waits for its time or its event. */
struct rtwq_pending {
    struct rtwq_put put;         /* by who took the key */
    struct wq_timer timer;       /* of RTWQ_PENDING_TIMER */
    UINT64 delay_us;             /* C: likewise */
    struct wq_wait *wait;        /* C once it has a key; NULL = waits for nothing */
    enum rtwq_pending_kind kind; /* C */
    LONG refs;                   /* atomic: the key's or the put's, and each expiry's */
    LONG priority;               /* C */
    DWORD queue;                 /* C: where it will be called */
    DWORD flags;                 /* C: of GetParameters */
    void *key;                   /* C once it has one */
    struct rtwq_pending *next;   /* K: list of those with a key */
    struct rtwq_pending *prev;   /* K */
    unsigned events;             /* C */
    HANDLE event[]; /* C: duplicates, closed with it: what becomes of the caller's changes nothing */
};

/* With copies of the handles, those that are NULL left out. Returns S_OK, E_OUTOFMEMORY or ERROR_INVALID_HANDLE as
 * HRESULT. */
HRESULT rtwq_pending_create(enum rtwq_pending_kind kind, IRtwqAsyncResult *result, LONG priority, DWORD count,
                            const HANDLE *events, struct rtwq_pending **pending);

/* Gives it a key and calls start under K. Returns S_OK or, having done nothing, E_OUTOFMEMORY or RTWQ_E_SHUTDOWN.
 */
HRESULT rtwq_pending_start(struct rtwq_pending *pending, void (*start)(struct rtwq_pending *pending),
                           RTWQWORKITEM_KEY *key);

/* Takes the key away; true if the caller was the first to do so and so decides what becomes of it. */
bool rtwq_pending_take(struct rtwq_pending *pending);

/* Sends it to its callback. By who took the key, whose reference goes. */
void rtwq_pending_fire(struct rtwq_pending *pending);

/* Drops a reference. */
void rtwq_pending_release(struct rtwq_pending *pending);

/* Gives all up without calling them. What is pending leaves a reference of its result behind, which holds no lock of
 * the platform any more. */
void rtwq_pendings_end(void);
void rtwq_periodics_end(void);

/* ---- deadline.c ---- */

/* Forgets the deadlines of a queue that goes. */
void rtwq_deadlines_forget(struct rtwq_queue *queue);
void rtwq_deadlines_end(void);

/* ---- window.c ---- */

struct rtwq_queue *rtwq_window_create(void);
void rtwq_window_submit(struct rtwq_window *window, struct wq_item *item, unsigned level);
/* Lets cleanup(param) be called when the item that runs now has returned, in place of what was asked for before. From
 * inside an item. */
void rtwq_window_at_return(struct rtwq_window *window, wq_routine cleanup, void *param);
/* Lets the thread end, and free the queue, when all is run. */
void rtwq_window_close(struct rtwq_window *window);

/* ---- os.c: what comes from modules that are looked up at run time ---- */

/* A function of another module, which is loaded if need be and stays; NULL if there is none. */
void *rtwq_os_function(const WCHAR *module, const char *name);

/* Holds and gives back the process's implicit multithreaded apartment. */
void rtwq_os_apartment_hold(void);
void rtwq_os_apartment_drop(void);

NTSYSAPI NTSTATUS NTAPI LdrLoadDll(const WCHAR *path, const ULONG *flags, const UNICODE_STRING *name,
                                   HMODULE *module);
NTSYSAPI BOOLEAN NTAPI RtlEqualUnicodeString(const UNICODE_STRING *a, const UNICODE_STRING *b,
                                             BOOLEAN ignore_case);

#endif
