/*
 * tp_pool.c: private pools: one of the core each, with one queue over it. A pool is there until it and all objects that were made for it are
 * closed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

void tp_pool_release(struct tp_pool *pool)
{
    struct wq_queue *queue = pool->queue;
    struct wq_pool *threads = pool->threads;

    if (InterlockedDecrement(&pool->refs))
        return;
    wq_object_free(pool);
    wq_queue_close(queue, NULL, NULL);
    wq_pool_close(threads);
}

/* The program's own values, which its header has. */
static void stack_default(TP_POOL_STACK_INFORMATION *stack)
{
    IMAGE_NT_HEADERS *header = RtlImageNtHeader(NtCurrentTeb()->ProcessEnvironmentBlock->Reserved3[1]);

    *stack = (TP_POOL_STACK_INFORMATION){0};
    if (!header)
        return;
    stack->StackReserve = header->OptionalHeader.SizeOfStackReserve;
    stack->StackCommit = header->OptionalHeader.SizeOfStackCommit;
}

/* Makes a private pool: threads of its own, for the objects that are made with it in their environment; at most 500
 * unless SetThreadpoolThreadMaximum says otherwise, none yet. reserved: NULL. Returns the pool, to be given to CloseThreadpool, with
 * the last error left alone; or NULL with ERROR_INVALID_PARAMETER (reserved) or ERROR_NOT_ENOUGH_MEMORY. Any thread.
 * Documented at learn.microsoft.com, threadpoolapiset.h. */
TP_POOL *WINAPI CreateThreadpool(void *reserved)
{
    struct tp_pool *pool = reserved ? NULL : wq_object_alloc(TP_POOL_KIND, sizeof(*pool));
    struct wq_object head;

    if (!pool) {
        k32_fail(reserved ? ERROR_INVALID_PARAMETER : ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    head = pool->head;
    *pool = (struct tp_pool){.head = head, .refs = 1};
    stack_default(&pool->stack);
    pool->threads = wq_pool_create();
    pool->queue = pool->threads ? wq_queue_create_in(pool->threads, WQ_UNLIMITED) : NULL;
    if (pool->queue)
        return (TP_POOL *)pool;
    if (pool->threads)
        wq_pool_close(pool->threads);
    wq_object_free(pool);
    k32_fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

/* Sets how many threads the pool may have, 0 counts as 1. A minimum that is greater becomes the same. Threads that run
 * are not stopped. Raises STATUS_INVALID_PARAMETER for what is no pool. Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
void WINAPI SetThreadpoolThreadMaximum(TP_POOL *pool, DWORD maximum)
{
    if (wq_object_is(TP_POOL_KIND, pool))
        wq_pool_set_maximum(((struct tp_pool *)pool)->threads, maximum);
    else if (tp_foreign(pool))
        TpSetPoolMaxThreads(pool, maximum);
}

/* Makes threads until the pool has so many, and keeps them: so many callbacks run at a time, whatever they do. A maximum that
 * is less becomes the same. Returns TRUE, with the last error left alone, or FALSE with ERROR_NOT_ENOUGH_MEMORY if the
 * system refuses a thread; the minimum stays as it was then. Raises STATUS_INVALID_PARAMETER for what is no pool.
 * Documented at learn.microsoft.com, threadpoolapiset.h. */
BOOL WINAPI SetThreadpoolThreadMinimum(TP_POOL *pool, DWORD minimum)
{
    if (wq_object_is(TP_POOL_KIND, pool))
        return wq_pool_set_minimum(((struct tp_pool *)pool)->threads, minimum) ||
               k32_fail(ERROR_NOT_ENOUGH_MEMORY);
    return tp_foreign(pool) && TpSetPoolMinThreads(pool, minimum);
}

/* Sets the sizes of the stacks of threads that the pool makes from now on, in bytes; any value will do, the system rounds. Returns
 * TRUE, or FALSE with ERROR_INVALID_PARAMETER (no pool or no info). Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
BOOL WINAPI SetThreadpoolStackInformation(TP_POOL *address, TP_POOL_STACK_INFORMATION *info)
{
    struct tp_pool *pool = (struct tp_pool *)address;

    if (!pool || !info)
        return k32_fail(ERROR_INVALID_PARAMETER);
    if (!wq_object_is(TP_POOL_KIND, pool))
        return tp_foreign(address) && tp_builtin_ok(TpSetPoolStackInformation(address, info));
    wq_lock_take(&pool->lock);
    pool->stack = *info;
    wq_pool_set_stack(pool->threads, info->StackReserve, info->StackCommit);
    wq_lock_drop(&pool->lock);
    return TRUE;
}

/* Tells what was set, or what the program's header says. Results as SetThreadpoolStackInformation. */
BOOL WINAPI QueryThreadpoolStackInformation(TP_POOL *address, TP_POOL_STACK_INFORMATION *info)
{
    struct tp_pool *pool = (struct tp_pool *)address;

    if (!pool || !info)
        return k32_fail(ERROR_INVALID_PARAMETER);
    if (!wq_object_is(TP_POOL_KIND, pool))
        return tp_foreign(address) && tp_builtin_ok(TpQueryPoolStackInformation(address, info));
    wq_lock_take(&pool->lock);
    *info = pool->stack;
    wq_lock_drop(&pool->lock);
    return TRUE;
}

/* Closes a pool: no object may be made for it any more. It ends when the last of its objects is closed and freed; what is
 * pending runs. Raises STATUS_INVALID_PARAMETER for what is no pool. Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
void WINAPI CloseThreadpool(TP_POOL *address)
{
    struct tp_pool *pool = (struct tp_pool *)address;

    if (wq_object_is(TP_POOL_KIND, pool)) {
        wq_object_turn(0, pool);
        tp_pool_release(pool);
    } else if (tp_foreign(address)) {
        TpReleasePool(address);
    }
}
