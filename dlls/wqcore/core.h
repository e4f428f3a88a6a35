/*
 * core.h: what the core's own files say to each other. Nobody below includes it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_CORE_H
#define WQ_CORE_H

/* ---- core_report.c ---- */

/* Appends the counters to the file named by WQSHIM_REPORT. At process exit. */
void core_report_exit(void);

#endif
