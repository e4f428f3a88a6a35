/*
 * race.h: what the tests that race share. They run on our module only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef RTWORKQ_TEST_RACE_H
#define RTWORKQ_TEST_RACE_H

#include "util.h"

/* What a thread of a race waits for before it begins. */
extern HANDLE race_go;

/* Around the tests. False, and the test skipped, if the builtin serves the calls. */
BOOL race_begin(void);
void race_end(void);

/* Runs fn(param) on three threads, lets all that wait for race_go begin, and waits for those three. */
void race_threads(DWORD(WINAPI *fn)(void *), void *param);

/* Nothing waits, and no timer is set; both a moment after the last callback. */
void race_check_nothing_left(void);

#endif
