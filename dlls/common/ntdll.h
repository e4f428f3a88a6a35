/*
 * ntdll.h: functions of ntdll.dll that more than one of our modules calls and that the system's headers leave out. What one
 * module alone calls is declared there; so is what rdbss.sys and storport.sys call, whose types come from the driver kit.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_COMMON_NTDLL_H
#define WQ_COMMON_NTDLL_H

#include <windows.h>
#include <winternl.h>

/* ---- modules ---- */

NTSYSAPI NTSTATUS NTAPI LdrAddRefDll(ULONG flags, HMODULE module);
NTSYSAPI NTSTATUS NTAPI LdrGetDllHandle(const WCHAR *path, ULONG *flags, const UNICODE_STRING *name,
                                        HMODULE *module);
NTSYSAPI NTSTATUS NTAPI LdrGetProcedureAddress(HMODULE module, const ANSI_STRING *name, ULONG ordinal,
                                               void **address);
NTSYSAPI NTSTATUS NTAPI LdrUnloadDll(HMODULE module);
NTSYSAPI IMAGE_NT_HEADERS *NTAPI RtlImageNtHeader(HMODULE module);

/* ---- processes and threads ---- */

NTSYSAPI NTSTATUS NTAPI NtCreateThreadEx(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                         HANDLE process, void *start, void *param, ULONG flags,
                                         ULONG_PTR zero_bits, SIZE_T stack_commit, SIZE_T stack_reserve,
                                         void *attribute_list);
NTSYSAPI NTSTATUS NTAPI NtDelayExecution(BOOLEAN alertable, const LARGE_INTEGER *timeout);
NTSYSAPI ULONG NTAPI NtGetCurrentProcessorNumber(void);
NTSYSAPI NTSTATUS NTAPI NtOpenThreadToken(HANDLE thread, ACCESS_MASK access, BOOLEAN as_self, HANDLE *token);
NTSYSAPI NTSTATUS NTAPI NtSetInformationThread(HANDLE thread, ULONG information, const void *data,
                                               ULONG size);
NTSYSAPI NTSTATUS NTAPI NtTerminateProcess(HANDLE process, NTSTATUS status);
NTSYSAPI NTSTATUS NTAPI NtYieldExecution(void);
NTSYSAPI BOOLEAN NTAPI RtlDllShutdownInProgress(void);
NTSYSAPI void NTAPI RtlExitUserThread(NTSTATUS status);
NTSYSAPI NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(WCHAR *environment, UNICODE_STRING *name,
                                                      UNICODE_STRING *value);

/* ---- waiting and waking ---- */

NTSYSAPI NTSTATUS NTAPI NtCreateEvent(HANDLE *handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes,
                                      ULONG type, BOOLEAN state);
NTSYSAPI NTSTATUS NTAPI NtDuplicateObject(HANDLE from_process, HANDLE from, HANDLE to_process, HANDLE *to,
                                          ACCESS_MASK access, ULONG attributes, ULONG options);
NTSYSAPI NTSTATUS NTAPI NtSetEvent(HANDLE event, LONG *previous);
NTSYSAPI NTSTATUS NTAPI RtlWaitOnAddress(const void *address, const void *compare, SIZE_T size,
                                         const LARGE_INTEGER *timeout);
NTSYSAPI void NTAPI RtlWakeAddressAll(const void *address);
NTSYSAPI void NTAPI RtlWakeAddressSingle(const void *address);

/* ---- time ---- */

NTSYSAPI NTSTATUS NTAPI NtQueryPerformanceCounter(LARGE_INTEGER *counter, LARGE_INTEGER *frequency);
NTSYSAPI BOOL NTAPI RtlQueryPerformanceCounter(LARGE_INTEGER *counter);
NTSYSAPI BOOL NTAPI RtlQueryPerformanceFrequency(LARGE_INTEGER *frequency);

/* ---- registry and files ---- */

NTSYSAPI NTSTATUS NTAPI NtOpenKey(HANDLE *key, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes);
NTSYSAPI NTSTATUS NTAPI NtQueryValueKey(HANDLE key, const UNICODE_STRING *name, ULONG information, void *data,
                                        ULONG size, ULONG *needed);
NTSYSAPI NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, void *apc, void *apc_context,
                                    IO_STATUS_BLOCK *io, const void *buffer, ULONG length,
                                    LARGE_INTEGER *offset, ULONG *key);

#endif
