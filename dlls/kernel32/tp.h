/*
 * tp.h: the objects of the modern thread pool, for the files tp_*.c.
 *
 * Work, timers, waits, I/O objects and simple callbacks are one thing: a count of callbacks that are pending, and an
 * item of the core that is queued while there are any. What differs is who adds to the count. All is in the
 * objects, for a process holds two copies of this front, and what one makes the other must be able to use.
 *
 *   tp_state.c     the count, and who frees the object      tp_object.c  making and closing objects
 *   tp_run.c       what happens around a callback           tp_instance.c  what a callback can ask for
 *   tp_environ.c   the callback environment                 tp_pool.c, tp_group.c  pools and cleanup groups
 *   tp_work.c, tp_timer.c, tp_wait.c, tp_io.c               the rest
 *
 * Letters: A atomic; C constant once the object is made; G guarded by its group's lock; D guarded by the object's own lock;
 * W only on the thread that runs the callback.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_K32_TP_H
#define WQ_K32_TP_H

#include "k32.h"
#include "tp_nt.h"

/* Kinds of wq_object_alloc. */
#define TP_POOL_KIND   0x746f6f70u
#define TP_GROUP_KIND  0x756f7267u
#define TP_WORK_KIND   0x6b726f77u
#define TP_TIMER_KIND  0x72656d74u
#define TP_WAIT_KIND   0x74696177u
#define TP_IO_KIND     0x206f692eu
#define TP_SIMPLE_KIND 0x706d6973u
#define TP_CLOSED_KIND 0x736f6c63u /* closed, but a callback is still to return */

/* The state of an object, in one word: how many callbacks are pending, how many run, and who else keeps it. */
#define TP_STALE  1ull        /* nothing is pending, but the item is still queued */
#define TP_CLOSED 2ull        /* nobody but callbacks may use it */
#define TP_WAITED 4ull        /* somebody waits for it, see tp_wait_quiet */
#define TP_OWED   8ull        /* an operation on its file is under way */
#define TP_RUN    (1ull << 4) /* 16 bits: callbacks that run */
#define TP_HOLD   (1ull << 20) /* 12 bits: others that use the object, callbacks that have left it among them */
#define TP_PEND   (1ull << 32) /* 32 bits: callbacks that have not begun */

#define TP_RUNS(state)  ((unsigned)((state) / TP_RUN) & 0xffff)
#define TP_HOLDS(state) ((unsigned)((state) / TP_HOLD) & 0xfff)
#define TP_PENDS(state) ((uint32_t)((state) / TP_PEND))
#define TP_QUIET(state) (!TP_PENDS(state) && !TP_RUNS(state))
#define TP_HOLDS_MAX    0xff0u
#define TP_DEAD(state)  (((state) & ~TP_WAITED) == TP_CLOSED)

struct tp_pool {
    struct wq_object head;
    LONG refs;                       /* A: one for being open, one for each object */
    struct wq_lock lock;             /* as D below */
    struct wq_pool *threads;         /* C: the core's */
    struct wq_queue *queue;          /* C: over it */
    TP_POOL_STACK_INFORMATION stack; /* D */
};

struct tp_group {
    struct wq_object head;
    LONG refs;               /* A: one for being open, one for each member */
    struct wq_lock lock;     /* as G above */
    struct tp_object *first; /* G: in the order of creation */
    struct tp_object *last;  /* G */
};

/* Where an object's callbacks run. */
enum tp_place { TP_SHORT, TP_LONG, TP_PERSISTENT };

struct tp_instance;

struct tp_object;

/* What the kinds of objects differ in. What may be NULL is left out then. */
struct tp_kind {
    unsigned number; /* of wq_object_alloc */
    bool (*begin)(struct tp_object *object,
                  struct tp_instance *instance); /* in place of tp_begin; may be NULL */
    void (*call)(struct tp_object *object, struct tp_instance *instance); /* calls the callback */
    uint32_t (*drop)(struct tp_object *object); /* drops what is pending, returns how many */
    bool (*more)(
        struct tp_object *object); /* whether callbacks are to come, see tp_wait_quiet; may be NULL */
    void (*stop)(struct tp_object *object);    /* lets no callback come any more; may be NULL */
    void (*destroy)(struct tp_object *object); /* gives back what the kind has; may be NULL */
};

struct tp_object {
    struct wq_object head;
    uint64_t state;             /* A */
    struct wq_item item;        /* queued while something is pending, or TP_STALE */
    const struct tp_kind *kind; /* C */
    void *callback;             /* C */
    void *context;              /* C */
    struct wq_queue *queue;     /* C */
    uint8_t level;              /* C */
    uint8_t place;              /* C: enum tp_place */
    bool linked;                /* G: in its group's list */
    bool closed_inside;         /* A: its own callback has closed it, or the user before its group */
    struct tp_pool *pool;       /* C: held; NULL = the default pool */
    struct tp_group *group;     /* C: held; NULL = none */
    struct tp_object *next;     /* G */
    struct tp_object *prev;     /* G */
    PTP_CLEANUP_GROUP_CANCEL_CALLBACK cancel; /* C */
    PTP_SIMPLE_CALLBACK finalization;         /* C */
    void *library;                            /* C: held */
    HANDLE activation;                        /* C: held; NULL = none */
};

/* A callback that runs, on its worker's stack. */
struct tp_instance {
    struct tp_object *object;  /* W */
    struct tp_packet *packet;  /* W: of an I/O object's callback */
    bool timed_out;            /* W: of a wait's */
    bool left;                 /* W: DisassociateCurrentThreadFromCallback was called */
    bool may_run_long;         /* W: CallbackMayRunLong was */
    bool long_answer;          /* W: what that returned */
    DWORD count;               /* W: for the semaphore */
    CRITICAL_SECTION *section; /* W */
    HANDLE mutex;              /* W */
    HANDLE semaphore;          /* W */
    HANDLE event;              /* W */
    HMODULE library;           /* W */
};

/* A callback environment as it is when an object is made. */
struct tp_environ {
    struct tp_pool *pool;
    struct tp_group *group;
    PTP_CLEANUP_GROUP_CANCEL_CALLBACK cancel;
    PTP_SIMPLE_CALLBACK finalization;
    void *library;
    HANDLE activation;
    bool has_activation; /* else the creator's is taken */
    uint8_t level;
    uint8_t place;
};

/* ---- tp_state.c ---- */

static inline uint64_t tp_state(struct tp_object *object)
{
    return __atomic_load_n(&object->state, __ATOMIC_ACQUIRE);
}

/* Adds a pending callback. Never fails. Once it is there the object may be gone. */
void tp_submit(struct tp_object *object);

/* As tp_submit, but the caller is to call tp_enqueue if it returns true; also adds other to the state. */
bool tp_pend(struct tp_object *object, uint64_t other);

/* Queues the item, which is the caller's. */
void tp_enqueue(struct tp_object *object);

/* Takes a pending callback and counts it as running; queues the item again if there are more. Returns false if there
 * was none; the object may be gone then. */
bool tp_begin(struct tp_object *object);

/* Drops all pending callbacks. Returns how many. The caller keeps the object. */
uint32_t tp_drop(struct tp_object *object);

/* Takes what from the state: TP_RUN, TP_HOLD or TP_OWED. Afterwards the object may be gone. */
void tp_leave(struct tp_object *object, uint64_t what);

/* Takes one amount and adds another, in one step. */
void tp_exchange(struct tp_object *object, uint64_t from, uint64_t to);

/* Adds TP_HOLD. Returns false, having done nothing, if the object is on its way to be freed, or held by TP_HOLDS_MAX. */
bool tp_hold(struct tp_object *object);

/* Wakes those who wait for the object, to look again. The caller keeps the object. */
void tp_wake(struct tp_object *object);

/* Waits until nothing of the object is pending, is to come (its more) or runs, and of holds there are no more than that
 * number. Returns at once if the process exits. */
void tp_wait_quiet(struct tp_object *object, unsigned holds);

/* Marks the object as closed, unless it is, and drops the TP_HOLD for being open. Afterwards it may be gone. */
void tp_close_state(struct tp_object *object);

/* ---- tp_object.c ---- */

/* Makes an object of that kind. Its state is state plus, if it is not closed from the start, a TP_HOLD for being open.
 * Returns NULL with the last error set. */
struct tp_object *tp_object_make(const struct tp_kind *kind, size_t size, uint64_t state, void *callback,
                                 void *context, const struct tp_environ *environment);

/* Frees an object that could not be completed. */
void tp_object_unmake(struct tp_object *object);

/* The object is complete now: its group may see it. */
void tp_object_made(struct tp_object *object);

/* Frees an object that is dead. */
void tp_object_free(struct tp_object *object);

/* For a function that got address where it wants an object of that kind: true if it is one of the builtin's, and the call is
 * to be passed on. Else the call is to be ignored; if it is not a callback's own object, closed but still there, this
 * raises STATUS_INVALID_PARAMETER. */
bool tp_foreign(const void *address);

/* As tp_foreign, for closing: a callback that closes what its group is closing is noted. */
bool tp_foreign_close(const void *address);

/* The Close and WaitFor functions of all kinds. */
void tp_close(struct tp_object *object);
void tp_wait(struct tp_object *object, BOOL cancel);

/* ---- tp_environ.c ---- */

enum tp_environ_result {
    TP_ENVIRON_OK,
    TP_ENVIRON_BAD,
    TP_ENVIRON_FOREIGN /* pool or group are the builtin's */
};

/* Reads a caller's environment, NULL included. No references are taken. */
enum tp_environ_result tp_environ_read(const TP_CALLBACK_ENVIRON *environment, struct tp_environ *out);

/* ---- tp_due.c ---- */

struct tp_due {
    uint64_t us; /* WQ_NEVER = none */
    bool clock;  /* since 1601 UTC, else from now */
    bool now;    /* 0 */
};

/* Reads a due time or time-out; NULL = never. */
void tp_due_read(const FILETIME *time, struct tp_due *due);

/* Arms a timer of the core for it, if it is not 0. Returns whether it was armed. */
bool tp_due_set(struct wq_timer *timer, const struct tp_due *due, uint64_t period_us, uint64_t window_us);

/* ---- tp_builtin.c ---- */

/* Whether a call of ntdll's was successful; if not, the last error is set. */
BOOL tp_builtin_ok(NTSTATUS status);

/* The builtin's Create functions. */
TP_WORK *tp_builtin_work(PTP_WORK_CALLBACK callback, void *context, TP_CALLBACK_ENVIRON *environment);
TP_TIMER *tp_builtin_timer(PTP_TIMER_CALLBACK callback, void *context, TP_CALLBACK_ENVIRON *environment);
TP_WAIT *tp_builtin_wait(PTP_WAIT_CALLBACK callback, void *context, TP_CALLBACK_ENVIRON *environment);
BOOL tp_builtin_set_timer(TP_TIMER *timer, FILETIME *due, DWORD period, DWORD window);
BOOL tp_builtin_set_wait(TP_WAIT *wait, HANDLE object, FILETIME *timeout);
TP_IO *tp_builtin_io(HANDLE file, PTP_WIN32_IO_CALLBACK callback, void *context,
                     TP_CALLBACK_ENVIRON *environment);

/* ---- tp_run.c ---- */

/* The routine of all objects' items. */
void WQ_CALL tp_run(void *object);

/* The callback that the calling thread runs; NULL if none. */
struct tp_instance *tp_instance_current(void);

/* ---- tp_pool.c, tp_group.c ---- */

void tp_pool_release(struct tp_pool *pool);

/* Makes an object a member of its group, which it holds. */
void tp_group_link(struct tp_object *object);

/* Takes an object that is to be freed out of its group. */
void tp_group_unlink(struct tp_object *object);

#endif
