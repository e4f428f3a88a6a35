/*
 * leak.h: the paths whose every operation leak.c lets fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef RTWORKQ_TEST_LEAK_H
#define RTWORKQ_TEST_LEAK_H

#include "util.h"

struct leak_path {
    const char *name;
    void (*run)(void); /* with the platform started, whatever fails meanwhile; leaves it so */
};

extern const struct leak_path leak_paths[]; /* ends with a NULL name */
extern HANDLE leak_event;                   /* a semaphore that the paths wait for, made by leak.c */

/* What one call returned: it worked, or there was no memory or no thread. */
#define good(call) good_(call, __FILE__, __LINE__)
BOOL good_(HRESULT hr, const char *file, int line);

#endif
