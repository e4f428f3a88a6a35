/*
 * counters.h: what the module has done since it was loaded, for tests. The released module exports Windows' functions
 * and nothing else; the one in counted/, which is the same code, has WqRtwqCountersRead, too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_RTWQ_COUNTERS_H
#define WQ_RTWQ_COUNTERS_H

#include <windows.h>

struct wq_rtwq_counters {
    UINT64 put;              /* items queued: put, invoked, waited for, scheduled */
    UINT64 invoked;          /* callbacks that returned */
    UINT64 deadlines_set;    /* RtwqSetDeadline and RtwqSetDeadline2 */
    UINT64 deadlines_missed; /* of those, still not cancelled when their time had come */
    UINT64 boosts;           /* times that a callback of an MMCSS class got its class's thread priority */
    UINT64 boosts_refused;   /* times that the system refused it */
};

/* Any thread. */
void WINAPI WqRtwqCountersRead(struct wq_rtwq_counters *counters);

#endif
