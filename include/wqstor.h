/*
 * wqstor.h: what wqshim's storport.sys exports besides the functions of the real one: what it has done. For
 * tests and diagnostic drivers; no other storport.sys has it.
 *
 * Needs windef.h's or ntdef.h's types before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQSTOR_H
#define WQSTOR_H

/* Since the module was loaded. Exact when nothing is in flight. */
struct wqstor_counters {
    ULONG adapters;    /* that exist */
    ULONG workers;     /* that were initialised and not freed */
    ULONG timers;      /* likewise, of both kinds */
    ULONG outstanding; /* requests that a miniport has not completed */
    ULONG work_queued; /* StorPortQueueWorkItem that succeeded */
    ULONG work_run;    /* callbacks of workers that returned */
    ULONG dpcs_run;    /* DPC routines that returned */
    ULONG timers_run;  /* callbacks of timers that returned */
    ULONG requests;    /* SRBs that a miniport completed */
    ULONG reclaimed;   /* workers and timers that an adapter's removal had to free */
    ULONG logged;      /* functions that were reported as not implemented, once each */
    ULONG bad_levels;  /* callbacks that returned at another level than they were called at */
};

#ifdef __cplusplus
extern "C"
#endif
    /* Any IRQL, any thread. */
    void NTAPI
    WqStorQuery(struct wqstor_counters *counters);

#endif
