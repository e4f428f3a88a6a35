/*
 * log.c: the log. Refusals of our own are logged like what drivers log.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdarg.h>
#include <stdio.h>

#include "rx.h"

static struct wq_lock lock;
static WQRX_LOG log_now; /* L */

VOID __cdecl _RxLog(PCSTR format, ...)
{
    WQRX_LOG line = {0};
    va_list args;

    va_start(args, format);
    _vsnprintf(line.Last, sizeof(line.Last) - 1, format, args); /* what follows stays 0 */
    va_end(args);
    wq_lock_take(&lock);
    line.Lines = log_now.Lines + 1;
    log_now = line;
    wq_lock_drop(&lock);
    DbgPrint("rdbss: %s\n", line.Last);
}

VOID NTAPI WqRxLogQuery(WQRX_LOG *log)
{
    wq_lock_take(&lock);
    *log = log_now;
    wq_lock_drop(&lock);
}
