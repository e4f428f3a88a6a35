/*
 * rundown.h: how an object with callbacks is closed while they are queued or run.
 *
 * Timers, timer queues and registered waits share the rules: closing lets no new callback come, those that
 * are outstanding still run, and the closer learns when the last one has returned in one of three ways: not
 * at all, by an event, or by waiting. Embed a struct k32_rundown, hold it from the moment a callback is
 * queued until it has returned, and close it once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_K32_RUNDOWN_H
#define WQ_K32_RUNDOWN_H

#include "k32.h"

struct k32_rundown {
    LONG holds;   /* A: one for being open, one for each hold; the top bit means closed */
    LONG *done;   /* set by the closer before it drops its hold: where it waits, or NULL */
    HANDLE event; /* likewise: what is set in the end, or NULL */
    void (*release)(struct k32_rundown *rundown); /* C */
};

/* Opens an object. release frees it and what it owns; it is called once, by whoever drops the last hold of
 * the closed object and before anybody is told that the object is closed. Calls no callback of the user. */
void k32_rundown_init(struct k32_rundown *rundown, void (*release)(struct k32_rundown *rundown));

/* Holds the object. Returns false, having done nothing, if it is closed. The caller must know that the object
 * is still there: it has another hold, or the lock under which the object is closed. */
bool k32_rundown_hold(struct k32_rundown *rundown);

/* Drops a hold; afterwards the object may be gone. */
void k32_rundown_drop(struct k32_rundown *rundown);

/* Closes the object; afterwards it may be gone. To be called once: whoever takes the object out of where it
 * is found may. What queues its callbacks must have been stopped before, or find that k32_rundown_hold fails.
 *
 * completion is the Win32 argument of that name: an event that will be set when nothing is outstanding any
 * more, INVALID_HANDLE_VALUE to wait for that here (the pool replaces this thread meanwhile if it is one of
 * its own), or NULL.
 *
 * Returns TRUE, with the last error left alone, if nothing was outstanding or after waiting; else FALSE with
 * ERROR_IO_PENDING. During process exit it does not wait: the threads that ran callbacks are gone. */
BOOL k32_rundown_close(struct k32_rundown *rundown, HANDLE completion);

/* As k32_rundown_close with NULL, but without a result and without touching the last error. */
void k32_rundown_abandon(struct k32_rundown *rundown);

#endif
