/*
 * quwi.h: what the QueueUserWorkItem tests share: whose pool this is, and counting callbacks without
 * sleeping.
 *
 * One binary runs on our modules, on Wine's builtin and on Windows. It links to nothing of ours: what only
 * our core can do (counters, injected failures) is looked up and skipped where it is missing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef QUWI_H
#define QUWI_H

#include "wine/test.h"

#include "wqcore.h"

#define QUWI_DEADLINE 60000 /* ms: what should happen and does not happen by then has failed */

#define FLAG_PERSISTENT_IO 0x40u /* WT_EXECUTEINPERSISTENTIOTHREAD: in winnt.h only in a comment */

/* The flags that choose a thread, each alone; the first is WT_EXECUTEDEFAULT. */
#define QUWI_CLASSES 5
extern const ULONG quwi_classes[QUWI_CLASSES];

/* Our modules are in this process. */
BOOL quwi_ours(void);

/* Wine's own pool: where it falls short the test is todo. */
BOOL quwi_builtin(void);

/* Our core's counters and failure injection; FALSE, having done nothing, without our modules. */
BOOL quwi_counters(struct wq_counters *counters);
BOOL quwi_fault(unsigned kind, uint32_t times);

/* A count that callbacks change and that the test waits for. Static, because a callback may still be waking
 * the waiter when the waiter has already seen the count. */
struct tally {
    volatile LONG count;
    volatile LONG peak;
    volatile LONG target;
};

/* Sets the count to 0 and what to wait for. No callback may be using it. */
void tally_init(struct tally *tally, LONG target);

/* Changes the count; returns the new value. */
LONG tally_add(struct tally *tally, LONG n);

/* Waits until the count is at least the target, at most ms milliseconds. Returns whether it is. */
BOOL tally_reached(struct tally *tally, DWORD ms);

/* A check that the count gets to its target in time. what: what is counted. */
#define tally_wait(tally, what) tally_wait_(__FILE__, __LINE__, tally, what)
void tally_wait_(const char *file, int line, struct tally *tally, const char *what);

/* A check that the handle is signalled in time. */
#define handle_wait(handle, what) handle_wait_(__LINE__, handle, what)
#define handle_wait_(line, handle, what)                                                                     \
    ok_(__FILE__, line)(WaitForSingleObject(handle, QUWI_DEADLINE) == WAIT_OBJECT_0, "%s: no signal\n", what)

/* A check that the call succeeds. */
#define succeeds(call) succeeds_(__FILE__, __LINE__, (call) != 0, #call)
void succeeds_(const char *file, int line, BOOL success, const char *call);

/* The same for queueing an item. */
#define queue(function, context, flags)                                                                      \
    queue_(__FILE__, __LINE__, function, (void *)(ULONG_PTR)(context), flags)
void queue_(const char *file, int line, LPTHREAD_START_ROUTINE function, void *context, ULONG flags);

/* Runs an item on each of the classes, several of the default one, and waits for them: what was queued before
 * on a serial class has run then, and threads exist. */
void quwi_flush(void);

/* A handle of the calling thread that others can use. The caller closes it. */
HANDLE quwi_this_thread(void);

/* quwi_subject.dll. Writes it to the folder for temporary files; path: MAX_PATH characters. The caller
 * deletes it. */
BOOL quwi_subject_extract(char *path);

/* Loads it; last_words is called when it is unloaded or the process ends. */
HMODULE quwi_subject_load(const char *path, void (*last_words)(void));

#endif
