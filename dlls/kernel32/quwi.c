/*
 * quwi.c: QueueUserWorkItem.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

struct job {
    LPTHREAD_START_ROUTINE function;
    void *context;
    HANDLE token; /* owned */
};

/* Runs a callback with the token of whoever queued it. */
static void WQ_CALL job_run(void *param)
{
    struct job job = *(struct job *)param;
    NTSTATUS status = k32_token_set(job.token);

    wq_free(param);
    NtClose(job.token);
    if (status) /* never run it as somebody else */
        RtlRaiseStatus(status);
    job.function(job.context);
    k32_token_set(NULL);
}

static bool post(wq_routine routine, void *param, ULONG flags)
{
    if (flags & (WT_EXECUTEINPERSISTENTTHREAD | K32_FLAGS_PERSISTENT_IO))
        return wq_post_persistent(routine, param);
    if (flags & WT_EXECUTEINIOTHREAD)
        return wq_post_io(routine, param);
    if (flags & WT_EXECUTELONGFUNCTION)
        return wq_post_long(routine, param);
    return wq_post(routine, param);
}

static BOOL post_impersonating(LPTHREAD_START_ROUTINE function, void *context, HANDLE token, ULONG flags)
{
    struct job *job = wq_alloc(sizeof(*job));

    if (job) {
        *job = (struct job){function, context, token};
        if (post(job_run, job, flags))
            return TRUE;
        wq_free(job);
    }
    NtClose(token);
    return k32_fail(ERROR_NOT_ENOUGH_MEMORY);
}

/* Queues function(context) to the process's pool; its return value is not used.
 *
 * flags, any of:
 *   WT_EXECUTELONGFUNCTION        it may wait for long: it gets a thread at once and holds nobody up
 *   WT_EXECUTEINPERSISTENTTHREAD  on the thread that never ends, one at a time; APCs are delivered whenever
 *                                 that thread waits alertably, in the callback or between callbacks
 *   WT_EXECUTEINIOTHREAD          on one of the threads that never end, as many as it takes; APCs as above
 *   WT_TRANSFER_IMPERSONATION     with the token that the caller has now; else with the process token
 *   limit << 16                   raises the greatest number of threads (512); a lower one changes nothing
 * Flags of timers and waits are ignored.
 *
 * Returns TRUE and leaves the last error alone, or FALSE with ERROR_INVALID_PARAMETER (no function, a flag
 * that winnt.h does not know), ERROR_NOT_ENOUGH_MEMORY, or what opening the caller's token failed with. If no
 * thread can be made now it returns TRUE and the callback waits for the first that can. Callable from any
 * thread, callbacks and DllMain included. Documented at learn.microsoft.com, threadpoollegacyapiset.h. */
BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE function, void *context, ULONG flags)
{
    /* The core does not look at what a routine returns, so a callback can be called as it is. */
    wq_routine routine = (wq_routine)(void *)function;
    HANDLE token;
    DWORD error;

    if (!function)
        return k32_fail(ERROR_INVALID_PARAMETER);
    if (!flags)
        return wq_post(routine, context) || k32_fail(ERROR_NOT_ENOUGH_MEMORY);
    error = k32_flags_take(flags, &token);
    if (error)
        return k32_fail(error);
    if (token)
        return post_impersonating(function, context, token, flags);
    return post(routine, context, flags) || k32_fail(ERROR_NOT_ENOUGH_MEMORY);
}
