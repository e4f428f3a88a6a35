/*
 * class.h: scheduling classes, as the files that deal with them see them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_RTWQ_CLASS_H
#define WQ_RTWQ_CLASS_H

#include "rtwq.h"

/* ---- class.c ---- */

struct rtwq_class {
    struct rtwq_class *next; /* C */
    struct wq_queue *core;   /* R: the multithreaded queue of this class; never closed */
    DWORD shared;            /* R: identifier of the shared queue, 0 = none */
    LONG thread_priority;    /* C: what Windows would set, as far as a normal process may */
    bool for_shared;         /* C: RtwqLockSharedWorkQueue serves it */
    USHORT length;           /* C: characters */
    WCHAR name[64];          /* C: zero-terminated */
};

/* Finds a class by name, whatever its case; "" is the class of regular priority. Returns S_OK, RTWQ_E_TASK_NAME or
 * E_OUTOFMEMORY. */
HRESULT rtwq_class_find(const WCHAR *name, struct rtwq_class **class);

/* The class's multithreaded queue. NULL if there is no memory. */
struct wq_queue *rtwq_class_core(struct rtwq_class *class);

/* A new task group. */
DWORD rtwq_task_id(void);

/* What a queue is in. */
struct rtwq_membership {
    struct rtwq_class *class; /* NULL = none; else rtwq_class_core has been called */
    LONG priority;
    DWORD task_id;
};

/* Puts the queue into a class or into none. Returns what it was in. */
struct rtwq_membership rtwq_queue_set_class(struct rtwq_queue *queue, struct rtwq_membership membership);

/* ---- boost.c ---- */

/* Gives the calling worker the thread priority of the queue's class until the routine returns. */
void rtwq_boost(struct rtwq_queue *queue, const struct rtwq_class *class);

#endif
