/*
 * waits.h: what the tests of registered waits share, on top of quwi.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WAITS_H
#define WAITS_H

#include "quwi.h"

/* Not in the headers. */
typedef HANDLE(WINAPI *waits_register_ex)(HANDLE object, WAITORTIMERCALLBACK callback, void *context,
                                          ULONG ms, ULONG flags);

/* What callbacks report. Static, as a tally has to be. */
struct hits {
    struct tally fired; /* callbacks for a signal */
    struct tally timed; /* callbacks for a time-out */
    volatile LONG running;
    volatile LONG overlap; /* most that ran at a time */
    volatile DWORD thread; /* of the last callback */
};

/* Sets all to zero, and what to wait for. No callback may be using it. */
void hits_init(struct hits *hits, LONG fired, LONG timed);

/* A callback that counts; context: a struct hits. */
void CALLBACK hits_callback(void *context, BOOLEAN timed_out);

/* A callback that blocks: counts as entered, waits for go, counts as left. Static. */
struct gate {
    struct tally entered;
    struct tally left;
    HANDLE go;
};

void gate_init(struct gate *gate, LONG target);
void gate_open(struct gate *gate); /* for all */
void gate_close(struct gate *gate);
void CALLBACK gate_callback(void *context, BOOLEAN timed_out);

/* A check that registering succeeds and leaves the last error alone. Returns the wait. */
#define wait_register(object, callback, context, ms, flags)                                                  \
    wait_register_(__LINE__, object, callback, context, ms, flags)
HANDLE wait_register_(int line, HANDLE object, WAITORTIMERCALLBACK callback, void *context, ULONG ms,
                      ULONG flags);

/* A check that unregistering gives TRUE with the last error left alone (error = 0) or FALSE with that error.
 */
#define wait_unregister(wait, event, error) wait_unregister_(__LINE__, wait, event, error)
void wait_unregister_(int line, HANDLE wait, HANDLE event, DWORD error);

/* Unregisters and waits for the callbacks. */
#define wait_end(wait) wait_unregister_(__LINE__, wait, INVALID_HANDLE_VALUE, 0)

#define event_auto(set)   CreateEventA(NULL, FALSE, set, NULL)
#define event_manual(set) CreateEventA(NULL, TRUE, set, NULL)

/* Whether the object is signalled now; consumes it. */
#define signalled(object) (WaitForSingleObject(object, 0) == WAIT_OBJECT_0)

#endif
