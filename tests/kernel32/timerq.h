/*
 * timerq.h: what the timer queue tests share: a callback that counts, can be held up and tells where it ran,
 * and calls whose result and last error are checked together.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TIMERQ_H
#define TIMERQ_H

#include "quwi.h"

#define NEVER_MS 3600000 /* a due time that no test lives to see */

/* A timer and what its callback saw. Static or global: callbacks may outlive the test that failed. */
struct probe {
    struct tally started, ended;
    HANDLE gate;  /* the callback waits for it; NULL = no */
    HANDLE timer; /* for the handle */
    LONG bad;     /* callbacks whose second argument was not TRUE, or that did not find the handle */
    LONG inside;  /* callbacks that run now */
    LONG beside;  /* most that ran at a time */
    DWORD thread; /* where the last one ran */
    void (*body)(struct probe *probe); /* called in the callback; NULL = nothing */
    BOOL result;                       /* body's to use */
    DWORD error;                       /* likewise */
};

/* Forgets all and waits for `target` callbacks with probe_wait. */
void probe_init(struct probe *probe, LONG target);

/* The callback; its parameter is a probe. */
void CALLBACK probe_callback(void *param, BOOLEAN fired);

/* Checks that the target number of callbacks began, or ended, in time. */
#define probe_wait_started(probe) tally_wait(&(probe)->started, "callbacks begun")
#define probe_wait(probe)         tally_wait(&(probe)->ended, "callbacks ended")

/* Checks that so many callbacks ended, that no more began and that all was well in them. */
#define probe_check(probe, count) probe_check_(__LINE__, probe, count)
void probe_check_(int line, struct probe *probe, LONG count);

/* CreateTimerQueueTimer for a probe, checked. */
#define create(probe, queue, due, period, flags) create_(__LINE__, probe, queue, due, period, flags)
void create_(int line, struct probe *probe, HANDLE queue, DWORD due, DWORD period, ULONG flags);

/* Makes sure that callbacks of WT_EXECUTEINTIMERTHREAD timers of the queue that have begun are over, with
 * what follows them: another one runs after them on the one thread. */
void timer_thread_flush(HANDLE queue);

/* The call returns TRUE and leaves the last error alone. */
#define expect_true(call)                                                                                    \
    do {                                                                                                     \
        BOOL expect_ret;                                                                                     \
        SetLastError(0xdeadbeef);                                                                            \
        expect_ret = (call);                                                                                 \
        ok(expect_ret &&GetLastError() == 0xdeadbeef, #call ": %d, error %lu\n", expect_ret,                 \
           GetLastError());                                                                                  \
    } while (0)

/* The call returns FALSE with that error. */
#define expect_error(call, code)                                                                             \
    do {                                                                                                     \
        BOOL expect_ret;                                                                                     \
        SetLastError(0xdeadbeef);                                                                            \
        expect_ret = (call);                                                                                 \
        ok(!expect_ret && GetLastError() == (code), #call ": %d, error %lu\n", expect_ret, GetLastError());  \
    } while (0)

/* An event that is not set; manual: stays set. */
HANDLE event_make(BOOL manual);

/* Checks that it is set now, or is not. */
#define event_is(event, set)                                                                                 \
    ok(WaitForSingleObject(event, 0) == ((set) ? WAIT_OBJECT_0 : WAIT_TIMEOUT), "event is %sset\n",          \
       (set) ? "not " : "")

/* Milliseconds since an arbitrary start, of the performance counter. */
double clock_ms(void);

#endif
