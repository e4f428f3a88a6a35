/*
 * rxlog.h: RDBSS's log, for debug builds of mini-redirectors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQSHIM_RXLOG_H
#define WQSHIM_RXLOG_H

#include "rxstruc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Logs a line: to the debugger, as DbgPrint does, and for WqRxLogQuery. Format and arguments as for printf,
 * without floating point; what is longer than 200 characters is cut. Any IRQL, any thread. */
RXAPI VOID __cdecl _RxLog(PCSTR Format, ...);

/* RxLog((format, arguments)): in debug builds only. */
#if defined(DBG) && DBG
#define RxLog(Args) _RxLog Args
#else
#define RxLog(Args) ((void)0)
#endif

/* What was logged so far, by drivers and by RDBSS itself when it refused something. wqshim's own. */
typedef struct _WQRX_LOG {
    ULONG Lines;
    CHAR Last[201]; /* the last line, zero-terminated; "" if there is none */
} WQRX_LOG, *PWQRX_LOG;

/* Copies it. Any IRQL, any thread. */
RXAPI VOID NTAPI WqRxLogQuery(PWQRX_LOG Log);

#ifdef __cplusplus
}
#endif

#endif
