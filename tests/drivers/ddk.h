/*
 * ddk.h: mingw-w64's wdm.h for the test drivers, with what it lacks, and with imported level functions.
 *
 * On x64 that header reads and writes CR8 inline, as old kits did; drivers built with newer kits import these
 * functions, and so do ours.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_DDK_H
#define TEST_DDK_H

#ifdef __x86_64__
#define KeGetCurrentIrql        inline_KeGetCurrentIrql
#define KeLowerIrql             inline_KeLowerIrql
#define KfRaiseIrql             inline_KfRaiseIrql
#define KeRaiseIrqlToDpcLevel   inline_KeRaiseIrqlToDpcLevel
#define KeRaiseIrqlToSynchLevel inline_KeRaiseIrqlToSynchLevel
#endif
#include <ddk/wdm.h>
#ifdef __x86_64__
#undef KeGetCurrentIrql
#undef KeLowerIrql
#undef KfRaiseIrql
#undef KeRaiseIrqlToDpcLevel
#undef KeRaiseIrqlToSynchLevel
NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(void);
NTKERNELAPI void NTAPI KeLowerIrql(KIRQL level);
NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL level);
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToDpcLevel(void);
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToSynchLevel(void);
#endif

#ifdef __i386__
/* Imported there, from a kernel that the unit tests do not have. */
#undef InterlockedIncrement
#undef InterlockedDecrement
#undef InterlockedExchange
#undef InterlockedExchangePointer
#undef InterlockedCompareExchangePointer
#define InterlockedIncrement(p)                    __sync_add_and_fetch(p, 1)
#define InterlockedDecrement(p)                    __sync_sub_and_fetch(p, 1)
#define InterlockedExchange(p, v)                  __sync_lock_test_and_set(p, v)
#define InterlockedExchangePointer(p, v)           exchange_pointer(p, v)
#define InterlockedCompareExchangePointer(p, v, c) __sync_val_compare_and_swap(p, c, v)

static inline void *exchange_pointer(void *volatile *p, void *value)
{
    return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}
#endif

typedef volatile LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;

NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK lock);
NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK lock);
NTKERNELAPI void NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock);
NTKERNELAPI void NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock);
NTKERNELAPI BOOLEAN NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock);
NTKERNELAPI BOOLEAN NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock);
NTKERNELAPI BOOLEAN NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK lock);
NTKERNELAPI void NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK lock, KIRQL level);
NTKERNELAPI void NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK lock, KIRQL level);
NTKERNELAPI void NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK lock);
NTKERNELAPI void NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK lock);
NTKERNELAPI BOOLEAN NTAPI IoTryQueueWorkItem(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE_EX routine,
                                             WORK_QUEUE_TYPE type, PVOID context);
NTKERNELAPI BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER timer, LARGE_INTEGER due, ULONG period,
                                                ULONG tolerance, PKDPC dpc);
NTKERNELAPI HANDLE NTAPI PsGetCurrentThreadId(void);
NTKERNELAPI HANDLE NTAPI PsGetCurrentProcessId(void);
NTSYSAPI NTSTATUS NTAPI ZwSetInformationThread(HANDLE thread, ULONG information, PVOID data, ULONG size);
NTSYSAPI NTSTATUS NTAPI ZwOpenEvent(PHANDLE event, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);
NTSYSAPI NTSTATUS NTAPI ZwSetEvent(HANDLE event, PLONG previous);
NTSYSAPI NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout);
NTSYSAPI NTSTATUS NTAPI ZwOpenProcessToken(HANDLE process, ACCESS_MASK access, PHANDLE token);
NTSYSAPI NTSTATUS NTAPI ZwDuplicateToken(HANDLE token, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                         BOOLEAN effective_only, ULONG type, PHANDLE new_token);

#define THREAD_IMPERSONATION_TOKEN 5       /* THREADINFOCLASS */
#define TOKEN_TYPE_IMPERSONATION   2       /* TOKEN_TYPE */
#define TOKEN_RIGHTS               0xf01ff /* all of them */

/* A UNICODE_STRING of a literal. */
#define TEXT_STRING(text)                                                                                    \
    {                                                                                                        \
        sizeof(text) - sizeof(WCHAR), sizeof(text), (PWSTR)(text)                                            \
    }

#include "wqnt.h"

#endif
