/*
 * pool.h: what the tests of the modern thread pool share beside quwi.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef POOL_H
#define POOL_H

#include "quwi.h"

/* The two functions that Wine 8 lacks; NULL there. */
extern BOOL(WINAPI *set_timer_ex)(PTP_TIMER, PFILETIME, DWORD, DWORD);
extern BOOL(WINAPI *set_wait_ex)(PTP_WAIT, HANDLE, PFILETIME, PVOID);
void pool_functions(void);

/* A due time: ms from now. 0 is now. */
FILETIME *due_in(FILETIME *time, LONG ms);

/* A work object, checked. */
PTP_WORK work_make(PTP_WORK_CALLBACK callback, void *context, PTP_CALLBACK_ENVIRON env);

/* A private pool of that minimum and maximum, and an environment with it, checked. */
PTP_POOL pool_make(TP_CALLBACK_ENVIRON *env, DWORD minimum, DWORD maximum);

/* Blocks a pool of one thread: a callback that says it has begun and waits for release. */
struct blocker {
    HANDLE begun;
    HANDLE release;
};

void blocker_start(struct blocker *blocker, PTP_CALLBACK_ENVIRON env);
void blocker_release(struct blocker *blocker); /* and closes its handles, when the callback has returned */

/* Calls call(param) and returns the code of the exception that it raises, 0 if none; *information gets the first
 * parameter of the exception (may be NULL). */
DWORD raises(void (*call)(void *param), void *param, ULONG_PTR *information);

/* A check that the object's memory is given back: the core's blocks return to that number. Ours only. */
uint32_t pool_blocks(void);
#define blocks_return(before) blocks_return_(__LINE__, before)
void blocks_return_(int line, uint32_t before);

#endif
