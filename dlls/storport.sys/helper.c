/*
 * helper.c: StorPort's helpers for interlocked lists, events, spin locks, processors and time.
 *
 * Wine has one group of processors and tells of no nodes, so there is one of each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define US_PER_UNIT 10 /* 100 ns units in a microsecond */

NTSYSAPI void NTAPI RtlInitializeSListHead(PSLIST_HEADER head);
NTSYSAPI PSLIST_ENTRY NTAPI RtlInterlockedPopEntrySList(PSLIST_HEADER head);
NTSYSAPI PSLIST_ENTRY NTAPI RtlInterlockedPushEntrySList(PSLIST_HEADER head, PSLIST_ENTRY entry);
NTSYSAPI PSLIST_ENTRY NTAPI RtlInterlockedFlushSList(PSLIST_HEADER head);
NTSYSAPI USHORT NTAPI RtlQueryDepthSList(PSLIST_HEADER head);

int stor_helper_arguments(ULONG code)
{
    switch (code) {
    case ExtFunctionGetCurrentProcessorNumber:
    case ExtFunctionGetActiveGroupCount:
    case ExtFunctionGetActiveNodeCount:
    case ExtFunctionGetHighestNodeNumber:
    case ExtFunctionInitializeSListHead:
    case ExtFunctionInitializeSpinlock:
    case ExtFunctionDelayExecution:
    case ExtFunctionGetCurrentProcessorIndex:
    case ExtFunctionSetEvent:
    case ExtFunctionGetCurrentIrql:
        return 1;
    case ExtFunctionGetGroupAffinity:
    case ExtFunctionGetNodeAffinity:
    case ExtFunctionInterlockedFlushSList:
    case ExtFunctionInterlockedPopEntrySList:
    case ExtFunctionQueryDepthSList:
    case ExtFunctionQueryPerformanceCounter:
    case ExtFunctionGetProcessorIndexFromNumber:
    case ExtFunctionGetProcessorCount:
        return 2;
    case ExtFunctionInterlockedPushEntrySList:
    case ExtFunctionInitializeEvent:
    case ExtFunctionWaitForEvent:
        return 3;
    default:
        return -1;
    }
}

/* ---- interlocked lists ---- */

/* The types say how: in 32-bit drivers an entry is on 4 bytes only, wherever in a structure that puts it. */
static bool list_aligned(const void *address, size_t alignment)
{
    return address && !((ULONG_PTR)address & (alignment - 1));
}

static ULONG list_function(ULONG code, void *const argument[4])
{
    PSLIST_HEADER head = argument[0];

    if (!list_aligned(head, _Alignof(SLIST_HEADER)))
        return STOR_STATUS_INVALID_PARAMETER;
    if (code == ExtFunctionInitializeSListHead) {
        RtlInitializeSListHead(head);
        return STOR_STATUS_SUCCESS;
    }
    if (code == ExtFunctionInterlockedPushEntrySList) {
        if (!list_aligned(argument[1], _Alignof(SLIST_ENTRY)) || !argument[2])
            return STOR_STATUS_INVALID_PARAMETER;
        *(PSLIST_ENTRY *)argument[2] = RtlInterlockedPushEntrySList(head, argument[1]);
        return STOR_STATUS_SUCCESS;
    }
    if (!argument[1])
        return STOR_STATUS_INVALID_PARAMETER;
    if (code == ExtFunctionInterlockedPopEntrySList)
        *(PSLIST_ENTRY *)argument[1] = RtlInterlockedPopEntrySList(head);
    else if (code == ExtFunctionInterlockedFlushSList)
        *(PSLIST_ENTRY *)argument[1] = RtlInterlockedFlushSList(head);
    else
        *(USHORT *)argument[1] = RtlQueryDepthSList(head);
    return STOR_STATUS_SUCCESS;
}

/* ---- events ---- */

static ULONG event_initialize(PKEVENT event, ULONG type, bool state)
{
    if (!event || type > SynchronizationEvent)
        return STOR_STATUS_INVALID_PARAMETER;
    KeInitializeEvent(event, (EVENT_TYPE)type, state);
    return STOR_STATUS_SUCCESS;
}

static ULONG event_wait(PKEVENT event, bool alertable, LARGE_INTEGER *timeout)
{
    NTSTATUS status;

    if (!event)
        return STOR_STATUS_INVALID_PARAMETER;
    if (KeGetCurrentIrql() > (timeout && !timeout->QuadPart ? DISPATCH_LEVEL : APC_LEVEL))
        return STOR_STATUS_INVALID_IRQL;
    wq_blocking_begin();
    status = KeWaitForSingleObject(event, Executive, KernelMode, alertable, timeout);
    wq_blocking_end();
    return status == STATUS_SUCCESS ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL;
}

/* ---- processors ---- */

static ULONG processor_count(void)
{
    struct wq_counters counters;

    wq_counters_read(&counters);
    return counters.processors;
}

static KAFFINITY processor_mask(void)
{
    ULONG count = processor_count();

    return count >= 8 * sizeof(KAFFINITY) ? ~(KAFFINITY)0 : ((KAFFINITY)1 << count) - 1;
}

static ULONG index_of(const PROCESSOR_NUMBER *number, ULONG *index)
{
    if (!number || number->Group || number->Number >= processor_count())
        return STOR_STATUS_INVALID_PARAMETER;
    *index = number->Number;
    return STOR_STATUS_SUCCESS;
}

static ULONG node_affinity(ULONG node, GROUP_AFFINITY *affinity)
{
    if (node || !affinity)
        return STOR_STATUS_INVALID_PARAMETER;
    memset(affinity, 0, sizeof(*affinity));
    affinity->Mask = processor_mask();
    return STOR_STATUS_SUCCESS;
}

/* Functions of which the last argument is where the result goes, and the one before it a small number. */
static ULONG processor_function(ULONG code, void *const argument[4])
{
    ULONG group = (USHORT)(ULONG_PTR)argument[0];
    void *result = argument[stor_helper_arguments(code) - 1];

    if (!result)
        return STOR_STATUS_INVALID_PARAMETER;
    switch (code) {
    case ExtFunctionGetCurrentProcessorNumber:
        memset(result, 0, sizeof(PROCESSOR_NUMBER));
        ((PROCESSOR_NUMBER *)result)->Number = (UCHAR)NtGetCurrentProcessorNumber();
        break;
    case ExtFunctionGetCurrentProcessorIndex:
        *(ULONG *)result = NtGetCurrentProcessorNumber();
        break;
    case ExtFunctionGetActiveGroupCount:
        *(USHORT *)result = 1;
        break;
    case ExtFunctionGetActiveNodeCount:
        *(ULONG *)result = 1;
        break;
    case ExtFunctionGetHighestNodeNumber:
        *(ULONG *)result = 0;
        break;
    case ExtFunctionGetProcessorIndexFromNumber:
        return index_of(argument[0], result);
    case ExtFunctionGetNodeAffinity:
        return node_affinity((ULONG)(ULONG_PTR)argument[0], result);
    case ExtFunctionGetGroupAffinity:
        if (group)
            return STOR_STATUS_INVALID_PARAMETER;
        *(KAFFINITY *)result = processor_mask();
        break;
    default: /* GetProcessorCount */
        if (group)
            return STOR_STATUS_INVALID_PARAMETER;
        *(ULONG *)result = processor_count();
    }
    return STOR_STATUS_SUCCESS;
}

/* ---- time ---- */

static ULONG counter_query(LARGE_INTEGER *frequency, LARGE_INTEGER *counter)
{
    if (!counter)
        return STOR_STATUS_INVALID_PARAMETER;
    if (frequency)
        RtlQueryPerformanceFrequency(frequency);
    RtlQueryPerformanceCounter(counter);
    return STOR_STATUS_SUCCESS;
}

static ULONG delay(ULONG us)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)us * US_PER_UNIT};

    if (KeGetCurrentIrql() > APC_LEVEL)
        return STOR_STATUS_INVALID_IRQL;
    wq_blocking_begin();
    NtDelayExecution(FALSE, &interval);
    wq_blocking_end();
    return STOR_STATUS_SUCCESS;
}

ULONG stor_helper(ULONG code, void *const argument[4])
{
    switch (code) {
    case ExtFunctionInitializeSListHead:
    case ExtFunctionInterlockedFlushSList:
    case ExtFunctionInterlockedPopEntrySList:
    case ExtFunctionInterlockedPushEntrySList:
    case ExtFunctionQueryDepthSList:
        return list_function(code, argument);
    case ExtFunctionInitializeEvent:
        return event_initialize(argument[0], (ULONG)(ULONG_PTR)argument[1],
                                (UCHAR)(ULONG_PTR)argument[2] != 0);
    case ExtFunctionWaitForEvent:
        return event_wait(argument[0], (UCHAR)(ULONG_PTR)argument[1] != 0, argument[2]);
    case ExtFunctionSetEvent:
        if (!argument[0])
            return STOR_STATUS_INVALID_PARAMETER;
        KeSetEvent(argument[0], 0, FALSE);
        return STOR_STATUS_SUCCESS;
    case ExtFunctionInitializeSpinlock:
        if (!argument[0])
            return STOR_STATUS_INVALID_PARAMETER;
        *(KSPIN_LOCK *)argument[0] = 0;
        return STOR_STATUS_SUCCESS;
    case ExtFunctionQueryPerformanceCounter:
        return counter_query(argument[0], argument[1]);
    case ExtFunctionDelayExecution:
        return delay((ULONG)(ULONG_PTR)argument[0]);
    case ExtFunctionGetCurrentIrql:
        if (!argument[0])
            return STOR_STATUS_INVALID_PARAMETER;
        *(KIRQL *)argument[0] = KeGetCurrentIrql();
        return STOR_STATUS_SUCCESS;
    default:
        return processor_function(code, argument);
    }
}
