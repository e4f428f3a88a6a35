/*
 * tp_nt.h: what the modern pool's files use of ntdll: the builtin's own pool, for objects that are its, and what
 * surrounds a callback.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_K32_TP_NT_H
#define WQ_K32_TP_NT_H

#include "common/ntdll.h"

NTSYSAPI NTSTATUS NTAPI TpAllocTimer(TP_TIMER **timer, PTP_TIMER_CALLBACK callback, void *context,
                                     TP_CALLBACK_ENVIRON *environment);
NTSYSAPI NTSTATUS NTAPI TpAllocWait(TP_WAIT **wait, PTP_WAIT_CALLBACK callback, void *context,
                                    TP_CALLBACK_ENVIRON *environment);
NTSYSAPI NTSTATUS NTAPI TpAllocWork(TP_WORK **work, PTP_WORK_CALLBACK callback, void *context,
                                    TP_CALLBACK_ENVIRON *environment);
NTSYSAPI NTSTATUS NTAPI TpSimpleTryPost(PTP_SIMPLE_CALLBACK callback, void *context,
                                        TP_CALLBACK_ENVIRON *environment);
NTSYSAPI NTSTATUS NTAPI TpCallbackMayRunLong(TP_CALLBACK_INSTANCE *instance);
NTSYSAPI void NTAPI TpCallbackLeaveCriticalSectionOnCompletion(TP_CALLBACK_INSTANCE *instance,
                                                               CRITICAL_SECTION *section);
NTSYSAPI void NTAPI TpCallbackReleaseMutexOnCompletion(TP_CALLBACK_INSTANCE *instance, HANDLE mutex);
NTSYSAPI void NTAPI TpCallbackReleaseSemaphoreOnCompletion(TP_CALLBACK_INSTANCE *instance, HANDLE semaphore,
                                                           DWORD count);
NTSYSAPI void NTAPI TpCallbackSetEventOnCompletion(TP_CALLBACK_INSTANCE *instance, HANDLE event);
NTSYSAPI void NTAPI TpCallbackUnloadDllOnCompletion(TP_CALLBACK_INSTANCE *instance, HMODULE module);
NTSYSAPI void NTAPI TpCancelAsyncIoOperation(TP_IO *io);
NTSYSAPI void NTAPI TpDisassociateCallback(TP_CALLBACK_INSTANCE *instance);
NTSYSAPI BOOL NTAPI TpIsTimerSet(TP_TIMER *timer);
NTSYSAPI void NTAPI TpPostWork(TP_WORK *work);
NTSYSAPI NTSTATUS NTAPI TpQueryPoolStackInformation(TP_POOL *pool, TP_POOL_STACK_INFORMATION *info);
NTSYSAPI void NTAPI TpReleaseCleanupGroup(TP_CLEANUP_GROUP *group);
NTSYSAPI void NTAPI TpReleaseCleanupGroupMembers(TP_CLEANUP_GROUP *group, BOOL cancel, void *context);
NTSYSAPI void NTAPI TpReleaseIoCompletion(TP_IO *io);
NTSYSAPI void NTAPI TpReleasePool(TP_POOL *pool);
NTSYSAPI void NTAPI TpReleaseTimer(TP_TIMER *timer);
NTSYSAPI void NTAPI TpReleaseWait(TP_WAIT *wait);
NTSYSAPI void NTAPI TpReleaseWork(TP_WORK *work);
NTSYSAPI void NTAPI TpSetPoolMaxThreads(TP_POOL *pool, DWORD maximum);
NTSYSAPI BOOL NTAPI TpSetPoolMinThreads(TP_POOL *pool, DWORD minimum);
NTSYSAPI NTSTATUS NTAPI TpSetPoolStackInformation(TP_POOL *pool, TP_POOL_STACK_INFORMATION *info);
NTSYSAPI void NTAPI TpSetTimer(TP_TIMER *timer, LARGE_INTEGER *due, DWORD period, DWORD window);
NTSYSAPI void NTAPI TpSetWait(TP_WAIT *wait, HANDLE object, LARGE_INTEGER *timeout);
NTSYSAPI void NTAPI TpStartAsyncIoOperation(TP_IO *io);
NTSYSAPI void NTAPI TpWaitForIoCompletion(TP_IO *io, BOOL cancel);
NTSYSAPI void NTAPI TpWaitForTimer(TP_TIMER *timer, BOOL cancel);
NTSYSAPI void NTAPI TpWaitForWait(TP_WAIT *wait, BOOL cancel);
NTSYSAPI void NTAPI TpWaitForWork(TP_WORK *work, BOOL cancel);

NTSYSAPI NTSTATUS NTAPI RtlLeaveCriticalSection(CRITICAL_SECTION *section);
NTSYSAPI NTSTATUS NTAPI NtReleaseMutant(HANDLE mutex, LONG *previous);
NTSYSAPI NTSTATUS NTAPI NtReleaseSemaphore(HANDLE semaphore, ULONG count, ULONG *previous);
NTSYSAPI void NTAPI RtlRaiseException(EXCEPTION_RECORD *record);

NTSYSAPI NTSTATUS NTAPI RtlGetActiveActivationContext(HANDLE *context);
NTSYSAPI void NTAPI RtlAddRefActivationContext(HANDLE context);
NTSYSAPI void NTAPI RtlReleaseActivationContext(HANDLE context);
NTSYSAPI NTSTATUS NTAPI RtlActivateActivationContext(ULONG flags, HANDLE context, ULONG_PTR *cookie);
NTSYSAPI void NTAPI RtlDeactivateActivationContext(ULONG flags, ULONG_PTR cookie);

#endif
