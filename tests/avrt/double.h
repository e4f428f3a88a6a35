/*
 * double.h: what the test double of avrt.dll tells the test.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef AVRT_DOUBLE_H
#define AVRT_DOUBLE_H

#include <windows.h>

struct double_counters {
    LONG sets, refused; /* AvSetMmThreadCharacteristicsW that succeeded, that did not */
    LONG tasks;         /* of those that succeeded, with a new task */
    LONG priorities, reverts;
    LONG nested; /* set on a thread that was set */
    LONG wrong;  /* priority or revert of a thread that was not, or of another one's */
};

/* The counters. */
void WINAPI DoubleRead(struct double_counters *counters);

/* What the calling thread is set to; returns FALSE if it is not. */
BOOL WINAPI DoubleThread(WCHAR *task, DWORD *index, LONG *priority);

/* Forgets all tasks, as happens when none has a thread any more. */
void WINAPI DoubleForget(void);

/* Lets all sets fail, or not. */
void WINAPI DoubleRefuse(BOOL refuse);

#endif
