/*
 * wait.h: registered waits and watches, as their own files see them.
 *
 *   wait_slot.c   places, slots and kicks           wait_run.c    delivering what was signalled
 *   wait_thread.c what a wait thread does           wait_place.c  which thread serves a wait
 *   wait_open.c   opening and closing a wait
 *   wait_watch.c  setting and unsetting watches     wait_watch_run.c  what becomes of their settings
 *
 * A wait thread serves up to 63 waits; the 64th object of its wait is its kick event. While it is inside the
 * system's wait others only append to its slots, so that an index which the system returns still means the
 * same wait; whoever wants a slot away says so, kicks the thread and waits until it is gone. That makes
 * closing exact: once a wait is closed, no signal of its object is consumed any more.
 *
 * A wait for any of several objects has that many slots of one thread, side by side. The system's wait consumes
 * one signal at a time, and the thread takes all slots of the wait out before it waits again; so of a group's
 * signals exactly one is consumed.
 *
 * The letters are those of docs/locking.md.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WAIT_H
#define WQ_WAIT_H

#include "base/thread.h"
#include "port/port.h"
#include "wqcore.h"

#define WAIT_SLOTS      (PORT_WAIT_MAX - 1)
#define WAIT_QUEUED_MAX 64u /* signals consumed ahead of the routine; bits of wq_wait.results */

struct wait_thread;

struct wq_wait {
    struct wq_item item;        /* queued in the pool at most once: see item_out */
    wq_wait_routine routine;    /* C */
    void *param;                /* C */
    unsigned flags;             /* C */
    uint32_t ms;                /* C */
    wq_routine closed;          /* V: once ended */
    void *closed_param;         /* V: once ended */
    struct wait_thread *thread; /* V: that has a place for it; NULL = it will not be waited for any more */
    struct wait_thread *inside; /* V: wait thread that calls the routine now */
    unsigned slot;              /* V: index in thread->slots of the first object, while armed */
    bool armed;                 /* V: has its slots */
    bool item_out;              /* V: wait_run was posted and has not begun */
    bool closing;               /* V: shall leave its slots */
    bool ended;                 /* V: nobody but the routines that are queued or run uses it any more */
    unsigned queued;            /* V: signals consumed whose routine has not begun */
    unsigned running;           /* V: routines that have begun and not returned */
    uint64_t results;           /* V: a bit for each queued one, oldest lowest: 1 = timed out */
    uint32_t gone;              /* VA: 1 = left its slots while closing */
    unsigned count;             /* C: objects, each in a slot of the same thread */
    bool watch;                 /* C: it is the wait of a struct wq_watch, which uses no item and no flags */
    void **objects;             /* C */
};

/* A wait that keeps its place and is armed for each setting. */
struct wq_watch {
    struct wq_wait wait;
    wq_routine hold;          /* C */
    struct port_lock setting; /* held while it is set or unset; taken before V, dropped under it */
    void *object;             /* V: our duplicate; not changed while armed */
    void *spent;              /* V: that of a setting that has completed, to be closed by the wait thread */
    uint64_t clock_us;        /* V: time-out by the system's clock, WQ_NEVER = by deadline alone */
    bool set;                 /* V: there is a setting that has not completed */
    bool timed_out;           /* V: how the last one completed */
    bool calling;             /* V: the wait thread has yet to call the routine, or calls it */
};

struct wait_slot {
    uint64_t deadline;    /* V: port_clock_us time or PORT_FOREVER */
    struct wq_wait *wait; /* V */
};

struct wait_thread {
    struct thread_context common;
    struct wait_thread *next;           /* V: in the list of all or of those with room */
    struct wait_thread *before;         /* V */
    struct wait_thread *room_next;      /* V */
    struct wait_thread *room_before;    /* V */
    struct port_thread thread;          /* C once pins was 0 */
    struct port_event kick;             /* C */
    bool inlined;                       /* C: calls the routines itself */
    bool ended;                         /* V: gone with the core; the last wait to leave it frees this */
    bool has_room;                      /* V: in the list of those */
    bool waiting;                       /* V: inside the system's wait; slots are appended only */
    bool kicked;                        /* V: somebody sets the kick event, or did, since the wait began */
    unsigned pins;                      /* V: users of the structure that hold no wait here */
    unsigned used;                      /* V: waits that have a place here */
    unsigned armed;                     /* V: filled slots */
    unsigned waited;                    /* V: slots that are part of the system's wait */
    unsigned closing;                   /* V: slots that shall go */
    struct wait_slot slots[WAIT_SLOTS]; /* V */
    bool signals;                       /* VT: the last wait ended with a signal */
    uint64_t kicked_at;                 /* VT: when a kick last ended the system's wait */
    unsigned kicks;                     /* VT: in a row that came fast, since we lingered */
    unsigned patience;                  /* VT: how many of them make us linger; 0 = not known yet */
    bool linger;                        /* VT: kicks come fast: stay out of the system's wait a little */
    uint32_t changes;                   /* VA: times that a wait took its slots or left them */
    uint64_t idle_deadline;             /* VT: when to end for having no waits; 0 = not known yet */
};

struct waits {
    struct port_lock lock;
    struct port_lock start_lock; /* one thread is started at a time; taken before lock */
    struct wait_thread *threads; /* V */
    struct wait_thread *room[2]; /* V: those with room, by inlined */
    struct port_event signalled; /* C once have_signalled: stays signalled */
    bool have_signalled;         /* start_lock */
    bool stopping;               /* V */
    unsigned count;              /* V: waits that are not closed */
    unsigned thread_count;       /* V */
    uint64_t fired;              /* V: deliveries that have begun */
    uint64_t run;                /* V: routines that finished on wait threads */
};

extern struct waits waits;

/* ---- wait_slot.c ---- */

/* Adds a thread to the lists of all and of those with room, or takes one without waits off them. Under the waits' lock. */
void wait_thread_add(struct wait_thread *thread);
void wait_thread_forget(struct wait_thread *thread);

/* Takes the wait's places at a thread that has them. Under the waits' lock. */
void wait_join(struct wq_wait *wait, struct wait_thread *thread);

/* Gives the wait's places up, if it has any. Under the waits' lock. Returns what is to be freed once that is
 * dropped, or NULL; always NULL on the wait's thread. */
struct wait_thread *wait_leave(struct wq_wait *wait);

/* Puts the wait into slots of its thread, counting its time from now, unless it is to be waited for no more.
 * If the caller is not that thread, wait_interrupt must follow. Under the waits' lock. */
void wait_arm(struct wq_wait *wait);

/* As wait_arm, with a deadline of its own: port_clock_us time or PORT_FOREVER. */
void wait_arm_until(struct wq_wait *wait, uint64_t deadline);

/* Takes the wait out of its slots. Under the waits' lock, not while the thread waits for it. */
void wait_disarm(struct wq_wait *wait);

/* Makes sure that the thread leaves the system's wait and finds what has changed. Returns the thread, pinned,
 * if the caller must kick it after the lock was dropped, else NULL; thread may be NULL. Under the waits'
 * lock. */
struct wait_thread *wait_interrupt(struct wait_thread *thread);

/* Kicks and unpins what wait_interrupt returned; NULL is allowed. Not under the waits' lock. */
void wait_kick(struct wait_thread *thread);

/* ---- wait_place.c ---- */

/* Makes what all waits share. Returns false if there is no memory. */
bool waits_provide(void);

/* Finds a thread with room for the wait, or starts one, and takes places there. Returns false if there is no
 * thread to be had. */
bool wait_place(struct wq_wait *wait);

/* ---- wait_open.c ---- */

/* Gets the wait out of its slots and keeps it from coming back while its closing is set. Under the waits' lock,
 * which is dropped while the wait thread is waited for. */
void wait_recall(struct wq_wait *wait);

/* ---- wait_watch_run.c ---- */

static inline struct wq_watch *watch_of(struct wq_wait *wait)
{
    return (struct wq_watch *)((char *)wait - offsetof(struct wq_watch, wait));
}

/* When to look next at a time-out by the system's clock; now if its time has come. */
uint64_t watch_clock_deadline(uint64_t clock_us);

/* The watch's setting completes: from now on watch_call must follow. Under the waits' lock. */
void watch_fire(struct wq_wait *wait, bool timed_out);

/* Whether the deadline of the watch has come by the system's clock, too; else sets the next look. Under the waits'
 * lock. */
bool watch_due(struct wq_wait *wait, uint64_t *deadline);

/* Calls the routine of a watch that has completed. On its wait thread, not under the waits' lock. */
void watch_call(struct wq_wait *wait);

/* ---- wait_thread.c ---- */

void wait_thread_main(void *arg);

/* ---- wait_run.c ---- */

/* Delivers the oldest of the wait's queued signals and sees to the others. The wait's item_out is set. */
void WQ_CALL wait_run(void *param);

/* Has wait_run called on the kind of thread that the wait's flags ask for. */
void wait_post(struct wq_wait *wait);

/* Gives the memory of a wait that has ended back and says so. Not under the waits' lock. */
void wait_free(struct wq_wait *wait);

#endif
