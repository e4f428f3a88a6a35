/*
 * util.h: what the rtworkq tests share: a callback that counts, gates, waits with a deadline.
 *
 * The same program runs on our rtworkq.dll, on Wine's builtin, and on Windows. What the builtin does wrong
 * stands in todo_builtin; ours must be right there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef RTWORKQ_TEST_UTIL_H
#define RTWORKQ_TEST_UTIL_H

#define COBJMACROS
#include "wqrtworkq.h"

#include "wine/test.h"

#define DEADLINE_MS 60000

/* True if our module serves the calls. */
BOOL ours(void);

#define todo_builtin todo_wine_if(!ours())

/* A callback on the test's stack or in its data. */
struct callback {
    IRtwqAsyncCallback iface;
    LONG refs;
    HRESULT params;      /* what GetParameters returns */
    DWORD flags, queue;  /* and gives */
    LONG asked, invoked; /* how often GetParameters and Invoke were called */
    HANDLE came;         /* semaphore: one for each Invoke that is about to return */
    void (*fn)(struct callback *callback, IRtwqAsyncResult *result); /* called by Invoke, NULL = nothing */
    void *param;                                                     /* fn's */
    IRtwqAsyncResult *result; /* what the last Invoke was given, not referenced */
    HRESULT status;           /* of that */
    DWORD thread;             /* where */
};

/* Without a queue: GetParameters fails. */
void callback_init(struct callback *callback);
/* With one: GetParameters gives it. */
void callback_init_queue(struct callback *callback, DWORD flags, DWORD queue);
/* Checks that only the test refers to it, waiting for late releases, and frees what it has. */
#define callback_end(callback) callback_end_(callback, __FILE__, __LINE__)
void callback_end_(struct callback *callback, const char *file, int line);

/* Waits for so many more Invokes. */
#define callback_wait(callback, count) callback_wait_(callback, count, __FILE__, __LINE__)
BOOL callback_wait_(struct callback *callback, LONG count, const char *file, int line);

/* A result for the callback. */
IRtwqAsyncResult *result_new(struct callback *callback);

/* Waits until *value is what it should be. */
#define wait_value(value, expected) wait_value_(value, expected, __FILE__, __LINE__)
BOOL wait_value_(LONG *value, LONG expected, const char *file, int line);

#define wait_event(event) wait_event_(event, __FILE__, __LINE__)
BOOL wait_event_(HANDLE event, const char *file, int line);

/* Runs everything that is queued to a queue before this call. */
void queue_flush(DWORD queue);

/* An IUnknown that counts. */
struct object {
    IUnknown iface;
    LONG refs;
};
void object_init(struct object *object);

void start(void);
void stop(void);

#endif
