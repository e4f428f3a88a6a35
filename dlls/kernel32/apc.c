/*
 * apc.c: APCs that a callback queues to its own thread are delivered when it returns.
 *
 * Idle threads of Windows' pool wait alertably. Ours that serve ordinary callbacks do not: the wait that can be alerted costs several
 * times as much, for every callback. So the call is served from here as well, and notes on a thread of the pool that there is
 * something to deliver. What another thread queues comes when a callback there waits alertably.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

NTSYSAPI NTSTATUS NTAPI NtTestAlert(void);

static void WQ_CALL deliver(void *param)
{
    DWORD error = RtlGetLastWin32Error();

    (void)param;
    NtTestAlert();
    RtlSetLastWin32Error(error);
}

/* As documented for kernel32; on a thread of the pool, for that thread itself, the APC runs at the latest when the callback has
 * returned. Any thread. */
DWORD WINAPI QueueUserAPC(PAPCFUNC routine, HANDLE thread, ULONG_PTR param)
{
    __typeof__(&QueueUserAPC) base = K32_BASE_OR_FAIL(QueueUserAPC);
    DWORD ok = base ? base(routine, thread, param) : 0;

    if (ok)
        k32_at_return(thread, deliver);
    return ok;
}
