/*
 * timerq.h: a timer and a timer queue, for the files timerq*.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_K32_TIMERQ_H
#define WQ_K32_TIMERQ_H

#include "rundown.h"

/* Of wq_handle_create. */
#define TIMER_KIND 0x74696d65u /* "time" */
#define QUEUE_KIND 0x74696d71u /* "timq" */

struct k32_timer {
    struct wq_timer timer;            /* the core's; its hold is one of rundown's */
    struct k32_rundown rundown;       /* held by each callback that is queued or runs */
    struct k32_timer_queue *queue;    /* C: held; NULL = the default queue, which has no state */
    struct k32_timer *next;           /* L */
    struct k32_timer *prev;           /* L */
    bool linked;                      /* L */
    bool once;                        /* C: WT_EXECUTEONLYONCE */
    void *handle;                     /* C */
    WAITORTIMERCALLBACKFUNC callback; /* C */
    void *context;                    /* C */
    HANDLE token;                     /* C: owned; NULL = the process token */
};

struct k32_timer_queue {
    struct k32_rundown rundown; /* held by each timer until its memory is gone */
    struct wq_lock lock;        /* as L above */
    struct k32_timer *timers;   /* L: those whose handles may be good */
    bool closing;               /* L */
};

/* The queue of a handle, with a hold of its rundown; NULL if the handle is not good. */
struct k32_timer_queue *k32_queue_find(HANDLE handle);

/* Adds a timer to its queue. Returns false if the queue is being deleted. */
bool k32_queue_link(struct k32_timer *timer);

/* Takes a timer that is going away out of its queue, if it still is in there. */
void k32_queue_unlink(struct k32_timer *timer);

#endif
