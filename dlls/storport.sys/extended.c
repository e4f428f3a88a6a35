/*
 * extended.c: StorPortExtendedFunction, the one export behind the functions of newer kits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdarg.h>

#include "stor.h"

#define NAME(name) #name,
static const char *const names[] = {WQ_STOR_FUNCTIONS(NAME)};
#undef NAME

static uint32_t logged[WqStorFunctionCount + 1]; /* A: the last one for all that have no name */

/* True for what dispatch() has a case of its own for, or helper.c knows. */
static bool is_implemented(ULONG code)
{
    static const UCHAR own[] = {ExtFunctionAllocatePool,
                                ExtFunctionFreePool,
                                ExtFunctionInitializeWorker,
                                ExtFunctionQueueWorkItem,
                                ExtFunctionFreeWorker,
                                ExtFunctionInitializeTimer,
                                ExtFunctionRequestTimer,
                                ExtFunctionFreeTimer,
                                ExtFunctionInitializeHighResolutionTimer,
                                ExtFunctionRequestHighResolutionTimer,
                                ExtFunctionCancelHighResolutionTimer,
                                ExtFunctionFreeHighResolutionTimer,
                                ExtFunctionAcquireSpinLock,
                                ExtFunctionCancelDpc};

    for (size_t i = 0; i < sizeof(own); i++)
        if (own[i] == code)
            return true;
    return stor_helper_arguments(code) >= 0;
}

static ULONG not_implemented(ULONG code)
{
    ULONG place = code < WqStorFunctionCount ? code : WqStorFunctionCount;

    if (!__atomic_exchange_n(&logged[place], 1, __ATOMIC_RELAXED)) {
        STOR_COUNT(logged);
        if (place == code)
            DbgPrint("wqshim: storport: StorPort%s (code %lu) is not implemented\n", names[code], code);
        else
            DbgPrint("wqshim: storport: extended function %lu is not known\n", code);
    }
    return STOR_STATUS_NOT_IMPLEMENTED;
}

static ULONG worker_function(ULONG code, struct stor_adapter *adapter, va_list args)
{
    void *first = va_arg(args, void *), *worker;

    if (code == ExtFunctionInitializeWorker)
        return stor_worker_initialize(adapter, first);
    if (code == ExtFunctionFreeWorker)
        return stor_worker_free(adapter, first);
    worker = va_arg(args, void *);
    return stor_worker_queue(adapter, (PHW_WORKITEM)first, worker, va_arg(args, void *));
}

static ULONG timer_request(enum stor_timer_kind kind, struct stor_adapter *adapter, va_list args)
{
    void *handle = va_arg(args, void *);
    PHW_TIMER_EX callback = va_arg(args, PHW_TIMER_EX);
    void *context = va_arg(args, void *);
    uint64_t us = va_arg(args, ULONGLONG);
    uint64_t tolerance = kind == STOR_TIMER_PLAIN ? va_arg(args, ULONGLONG) : 0;

    return stor_timer_request(adapter, kind, handle, callback, context, us, tolerance);
}

static ULONG timer_function(ULONG code, struct stor_adapter *adapter, va_list args)
{
    switch (code) {
    case ExtFunctionInitializeTimer:
        return stor_timer_initialize(adapter, STOR_TIMER_PLAIN, va_arg(args, void *));
    case ExtFunctionRequestTimer:
        return timer_request(STOR_TIMER_PLAIN, adapter, args);
    case ExtFunctionFreeTimer:
        return stor_timer_free(adapter, STOR_TIMER_PLAIN, va_arg(args, void *));
    case ExtFunctionInitializeHighResolutionTimer:
        return stor_timer_initialize(adapter, STOR_TIMER_FINE, va_arg(args, void *));
    case ExtFunctionRequestHighResolutionTimer:
        return timer_request(STOR_TIMER_FINE, adapter, args);
    case ExtFunctionCancelHighResolutionTimer:
        return stor_timer_cancel(adapter, STOR_TIMER_FINE, va_arg(args, void *));
    default:
        return stor_timer_free(adapter, STOR_TIMER_FINE, va_arg(args, void *));
    }
}

static ULONG lock_function(struct stor_adapter *adapter, va_list args)
{
    STOR_SPINLOCK lock = (STOR_SPINLOCK)va_arg(args, int);
    void *context = va_arg(args, void *);

    if (KeGetCurrentIrql() > (lock == InterruptLock ? HIGH_LEVEL : DISPATCH_LEVEL))
        return STOR_STATUS_INVALID_IRQL;
    return stor_lock_acquire(adapter, lock, context, va_arg(args, void *));
}

static ULONG pool_allocate(va_list args)
{
    ULONG size = va_arg(args, ULONG), tag = va_arg(args, ULONG);
    void **block = va_arg(args, void **);

    if (!size || !block)
        return STOR_STATUS_INVALID_PARAMETER;
    *block = ExAllocatePoolWithTag(NonPagedPool, size, tag);
    return *block ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

static ULONG pool_free(va_list args)
{
    void *block = va_arg(args, void *);

    if (!block)
        return STOR_STATUS_INVALID_PARAMETER;
    ExFreePoolWithTag(block, 0);
    return STOR_STATUS_SUCCESS;
}

/* Integers narrower than a pointer are read as what they are: of a wider register only that part counts. */
static ULONG helper_function(ULONG code, va_list args)
{
    int count = stor_helper_arguments(code);
    void *argument[4] = {NULL};

    if (count < 0)
        return not_implemented(code);
    for (int i = 0; i < count; i++)
        argument[i] = va_arg(args, void *);
    return stor_helper(code, argument);
}

static ULONG dispatch(ULONG code, struct stor_adapter *adapter, va_list args)
{
    switch (code) {
    case ExtFunctionInitializeWorker:
    case ExtFunctionQueueWorkItem:
    case ExtFunctionFreeWorker:
        return worker_function(code, adapter, args);
    case ExtFunctionInitializeTimer:
    case ExtFunctionRequestTimer:
    case ExtFunctionFreeTimer:
    case ExtFunctionInitializeHighResolutionTimer:
    case ExtFunctionRequestHighResolutionTimer:
    case ExtFunctionCancelHighResolutionTimer:
    case ExtFunctionFreeHighResolutionTimer:
        return timer_function(code, adapter, args);
    case ExtFunctionAcquireSpinLock:
        return lock_function(adapter, args);
    case ExtFunctionCancelDpc:
        return stor_dpc_cancel(adapter, va_arg(args, void *));
    case ExtFunctionAllocatePool:
        return pool_allocate(args);
    case ExtFunctionFreePool:
        return pool_free(args);
    default:
        return helper_function(code, args);
    }
}

/* Does what ddk/wqstorport.h says for the function with that code; cdecl also on x86. Codes that nobody has
 * given a meaning here, and those of functions that are not implemented, return STOR_STATUS_NOT_IMPLEMENTED
 * whatever the other arguments are; all others return STOR_STATUS_INVALID_PARAMETER if HwDeviceExtension is
 * no adapter's. Any IRQL. */
ULONG __cdecl StorPortExtendedFunction(STORPORT_FUNCTION_CODE FunctionCode, PVOID HwDeviceExtension, ...)
{
    struct stor_adapter *adapter = stor_adapter_find(HwDeviceExtension);
    ULONG code = (ULONG)FunctionCode, status;
    va_list args;

    if (!adapter)
        return is_implemented(code) ? STOR_STATUS_INVALID_PARAMETER : not_implemented(code);
    va_start(args, HwDeviceExtension);
    status = dispatch(code, adapter, args);
    va_end(args);
    stor_adapter_drop(adapter);
    return status;
}
