/*
 * legacy_model.h: the model of legacy_random: what is known about each timer, wait, queued item and operation
 * of input and output, and which outcomes that makes legal. legacy_model.c keeps it, legacy_acts.c does
 * what may happen and legacy_random.c lets it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef LEGACY_MODEL_H
#define LEGACY_MODEL_H

#include "waits.h"

#define LEGACY_SEMAPHORES 4
#define LEGACY_THREADS    4

/* Several waits at a time take from it. */
struct legacy_semaphore {
    HANDLE handle;
    volatile LONG released, delivered;
};

/* A timer or a wait. One thread at a time uses it, beside its callbacks. */
struct legacy_object {
    struct legacy_object *next;
    HANDLE handle;                      /* of the timer or wait */
    BOOL is_wait;                       /* not a timer */
    BOOL once;                          /* at most one callback */
    BOOL at_once;                       /* at least one callback: due at once and left alone */
    BOOL self;                          /* its callback closes it */
    BOOL forever;                       /* a wait without time-outs */
    DWORD period;                       /* of a timer, in milliseconds; 0 = none */
    double armed;                       /* when the timer was, in clock_ms() */
    double not_before;                  /* its first callback is early before that */
    double most;                        /* callbacks that its periods before that can have brought */
    struct legacy_semaphore *semaphore; /* that the wait is for; NULL = for event */
    HANDLE event;                       /* auto-reset, made when needed and kept for the next use */
    LONG sets;                          /* how often the event was set */
    volatile LONG began, ended, fired, timed;
    volatile LONG claimed; /* somebody closes it */
    volatile LONG closed;  /* it was reported that no callback runs any more */
};

/* An item or an operation: it is done once. The OVERLAPPED comes first. */
struct legacy_shot {
    OVERLAPPED overlapped;
    volatile LONG state; /* one of the below */
    unsigned depth;      /* how many callbacks led here */
    DWORD bytes;         /* to be transferred; 0 = any number, or none if it is cancelled */
    char data[16];
};

enum { SHOT_FREE, SHOT_TAKEN, SHOT_POSTED };

extern unsigned long legacy_seed;
extern struct legacy_semaphore legacy_semaphores[LEGACY_SEMAPHORES];

/* Reports what is not legal, with the seed; the first few. */
void legacy_fail(const char *format, ...) WINETEST_PRINTF(1, 2);

/* A zeroed object, except for its event. Ones that were closed for sure are used again after a while. */
struct legacy_object *legacy_object_new(void);

/* Writes down that a callback begins or ends. */
void legacy_object_begin(struct legacy_object *object);
void legacy_object_end(struct legacy_object *object);

/* Counts what a timer may have done since it was armed. */
void legacy_object_account(struct legacy_object *object);

/* Deletes or unregisters, unless its callback did, and gives the object back. completion: NULL,
 * INVALID_HANDLE_VALUE or an auto-reset event, which this waits for. inside: the caller is its callback. */
void legacy_object_close(struct legacy_object *object, HANDLE completion, BOOL inside);

/* For an object that was closed with others; sure: so that no callback runs any more. */
void legacy_object_closed(struct legacy_object *object, BOOL sure);

/* The callback closes its own object. */
void legacy_object_close_self(struct legacy_object *object);

/* A free shot, which becomes the caller's, or NULL if too many are under way. */
struct legacy_shot *legacy_shot_new(void);
/* To be called before it is posted, in the callback, and if it could not be posted. */
void legacy_shot_post(struct legacy_shot *shot);
void legacy_shot_done(struct legacy_shot *shot);
void legacy_shot_refused(struct legacy_shot *shot, const char *what);

/* Who acts: a thread, with an own event, or a callback, which must not wait: event is NULL then. */
struct legacy_actor {
    uint64_t state;
    HANDLE event;
    struct legacy_object *own; /* whose callback it is; NULL = none's */
    unsigned depth;
};

/* What was done, and how often. */
enum { LEGACY_ITEM, LEGACY_TIMER, LEGACY_WAIT, LEGACY_QUEUE, LEGACY_CLOSE, LEGACY_IO, LEGACY_KINDS };
extern volatile LONG legacy_operations, legacy_counts[LEGACY_KINDS];

/* Opens what is shared, and ends all; no other thread acts any more. */
void legacy_open(void);
void legacy_close(void);

/* An actor with a stream of random numbers of its own, and one operation of its choice. */
void legacy_actor_init(struct legacy_actor *actor, unsigned number, HANDLE event);
void legacy_act(struct legacy_actor *actor);

/* Waits until all shots and callbacks are over, judges all objects and frees them. All are closed. */
void legacy_settle(void);

#endif
