/*
 * wqstorhelp.h: StorPort's small helpers behind StorPortExtendedFunction: memory, interlocked lists, events,
 * spin locks, processors, time. Part of ddk/wqstorport.h. The rules are those of that header.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_STORHELP_H
#define WQ_STORHELP_H

#include <ddk/wqstorport.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef KSPIN_LOCK STOR_KSPIN_LOCK, *PSTOR_KSPIN_LOCK;
typedef SLIST_HEADER STOR_SLIST_HEADER, *PSTOR_SLIST_HEADER;
typedef SLIST_ENTRY STOR_SLIST_ENTRY, *PSTOR_SLIST_ENTRY;
typedef KEVENT STOR_EVENT, *PSTOR_EVENT;
typedef EVENT_TYPE STOR_EVENT_TYPE;

/* ---- memory: INSUFFICIENT_RESOURCES ---- */

static inline ULONG StorPortAllocatePool(PVOID HwDeviceExtension, ULONG NumberOfBytes, ULONG Tag,
                                         PVOID *BufferPointer)
{
    return StorPortExtendedFunction(ExtFunctionAllocatePool, HwDeviceExtension, NumberOfBytes, Tag,
                                    BufferPointer);
}

static inline ULONG StorPortFreePool(PVOID HwDeviceExtension, PVOID BufferPointer)
{
    return StorPortExtendedFunction(ExtFunctionFreePool, HwDeviceExtension, BufferPointer);
}

/* ---- interlocked lists: header and entries are aligned as their types; any IRQL ---- */

static inline ULONG StorPortInitializeSListHead(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead)
{
    return StorPortExtendedFunction(ExtFunctionInitializeSListHead, HwDeviceExtension, SListHead);
}

/* *Result: the entries that were there, or NULL. */
static inline ULONG StorPortInterlockedFlushSList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead,
                                                  PSTOR_SLIST_ENTRY *Result)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedFlushSList, HwDeviceExtension, SListHead, Result);
}

/* *Result: the entry, or NULL if there is none. */
static inline ULONG StorPortInterlockedPopEntrySList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead,
                                                     PSTOR_SLIST_ENTRY *Result)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedPopEntrySList, HwDeviceExtension, SListHead,
                                    Result);
}

/* *Result: the first entry before, or NULL. */
static inline ULONG StorPortInterlockedPushEntrySList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead,
                                                      PSTOR_SLIST_ENTRY SListEntry, PSTOR_SLIST_ENTRY *Result)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedPushEntrySList, HwDeviceExtension, SListHead,
                                    SListEntry, Result);
}

static inline ULONG StorPortQueryDepthSList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead,
                                            PUSHORT Depth)
{
    return StorPortExtendedFunction(ExtFunctionQueryDepthSList, HwDeviceExtension, SListHead, Depth);
}

/* ---- events ---- */

static inline ULONG StorPortInitializeEvent(PVOID HwDeviceExtension, PSTOR_EVENT Event, STOR_EVENT_TYPE Type,
                                            BOOLEAN State)
{
    return StorPortExtendedFunction(ExtFunctionInitializeEvent, HwDeviceExtension, Event, Type, (ULONG)State);
}

/* Timeout as for KeWaitForSingleObject. At PASSIVE_LEVEL, or anywhere with a timeout of 0. UNSUCCESSFUL: it
 * was not signalled in time. */
static inline ULONG StorPortWaitForEvent(PVOID HwDeviceExtension, PSTOR_EVENT Event, BOOLEAN Alertable,
                                         PLARGE_INTEGER Timeout)
{
    return StorPortExtendedFunction(ExtFunctionWaitForEvent, HwDeviceExtension, Event, (ULONG)Alertable,
                                    Timeout);
}

static inline ULONG StorPortSetEvent(PVOID HwDeviceExtension, PSTOR_EVENT Event)
{
    return StorPortExtendedFunction(ExtFunctionSetEvent, HwDeviceExtension, Event);
}

/* ---- spin locks ---- */

static inline ULONG StorPortInitializeSpinlock(PVOID HwDeviceExtension, PSTOR_KSPIN_LOCK Lock)
{
    return StorPortExtendedFunction(ExtFunctionInitializeSpinlock, HwDeviceExtension, Lock);
}

/* As StorPortAcquireSpinLock, with a status; released by StorPortReleaseSpinLock. */
static inline ULONG StorPortAcquireSpinLockEx(PVOID HwDeviceExtension, STOR_SPINLOCK SpinLock,
                                              PVOID LockContext, PSTOR_LOCK_HANDLE LockHandle)
{
    return StorPortExtendedFunction(ExtFunctionAcquireSpinLock, HwDeviceExtension, SpinLock, LockContext,
                                    LockHandle);
}

/* ---- processors: any IRQL; there is one group and one node ---- */

static inline ULONG StorPortGetCurrentProcessorNumber(PVOID HwDeviceExtension, PPROCESSOR_NUMBER ProcNumber)
{
    return StorPortExtendedFunction(ExtFunctionGetCurrentProcessorNumber, HwDeviceExtension, ProcNumber);
}

static inline ULONG StorPortGetActiveGroupCount(PVOID HwDeviceExtension, PUSHORT NumberGroups)
{
    return StorPortExtendedFunction(ExtFunctionGetActiveGroupCount, HwDeviceExtension, NumberGroups);
}

static inline ULONG StorPortGetGroupAffinity(PVOID HwDeviceExtension, USHORT GroupNumber,
                                             PKAFFINITY GroupAffinityMask)
{
    return StorPortExtendedFunction(ExtFunctionGetGroupAffinity, HwDeviceExtension, (ULONG)GroupNumber,
                                    GroupAffinityMask);
}

static inline ULONG StorPortGetActiveNodeCount(PVOID HwDeviceExtension, PULONG NumberNodes)
{
    return StorPortExtendedFunction(ExtFunctionGetActiveNodeCount, HwDeviceExtension, NumberNodes);
}

static inline ULONG StorPortGetNodeAffinity(PVOID HwDeviceExtension, ULONG NodeNumber,
                                            PGROUP_AFFINITY NodeAffinityMask)
{
    return StorPortExtendedFunction(ExtFunctionGetNodeAffinity, HwDeviceExtension, NodeNumber,
                                    NodeAffinityMask);
}

static inline ULONG StorPortGetHighestNodeNumber(PVOID HwDeviceExtension, PULONG HighestNode)
{
    return StorPortExtendedFunction(ExtFunctionGetHighestNodeNumber, HwDeviceExtension, HighestNode);
}

static inline ULONG StorPortGetProcessorIndexFromNumber(PVOID HwDeviceExtension, PPROCESSOR_NUMBER ProcNumber,
                                                        PULONG ProcIndex)
{
    return StorPortExtendedFunction(ExtFunctionGetProcessorIndexFromNumber, HwDeviceExtension, ProcNumber,
                                    ProcIndex);
}

static inline ULONG StorPortGetCurrentProcessorIndex(PVOID HwDeviceExtension, PULONG ProcIndex)
{
    return StorPortExtendedFunction(ExtFunctionGetCurrentProcessorIndex, HwDeviceExtension, ProcIndex);
}

/* ---- time ---- */

/* Frequency may be NULL. Any IRQL. */
static inline ULONG StorPortQueryPerformanceCounter(PVOID HwDeviceExtension,
                                                    PLARGE_INTEGER PerformanceFrequency,
                                                    PLARGE_INTEGER PerformanceCounter)
{
    return StorPortExtendedFunction(ExtFunctionQueryPerformanceCounter, HwDeviceExtension,
                                    PerformanceFrequency, PerformanceCounter);
}

/* At PASSIVE_LEVEL. */
static inline ULONG StorPortDelayExecution(PVOID HwDeviceExtension, ULONG DelayInMicroseconds)
{
    return StorPortExtendedFunction(ExtFunctionDelayExecution, HwDeviceExtension, DelayInMicroseconds);
}

#ifdef __cplusplus
}
#endif

#endif
