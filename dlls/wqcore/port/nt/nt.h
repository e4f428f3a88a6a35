/*
 * nt.h: the ntdll functions that the port uses and mingw-w64's headers lack.
 *
 * Signatures as documented by the DDK or, for the alert-by-thread-id pair, by their use in public projects.
 * docs/imports.md lists every function that our modules import.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_NT_H
#define WQ_PORT_NT_H

#include <stdbool.h>
#include <windows.h>
#include <winternl.h>

#ifndef STATUS_SUCCESS
#define STATUS_SUCCESS ((NTSTATUS)0)
#endif
#ifndef STATUS_TIMEOUT
#define STATUS_TIMEOUT ((NTSTATUS)0x102)
#endif
#define PORT_THIS_PROCESS ((HANDLE)(LONG_PTR)-1)
#define PORT_THIS_THREAD  ((HANDLE)(LONG_PTR)-2)

/* Takes the two TLS slots of port_self and port_context. Once, when the module is loaded. Returns false, having
 * taken none, if the process has no two left. */
bool port_slots_open(void);

/* FILE_IO_COMPLETION_INFORMATION */
struct port_nt_packet {
    void *key;
    void *value;
    IO_STATUS_BLOCK io;
};

NTSYSAPI NTSTATUS NTAPI NtAlertThreadByThreadId(HANDLE thread_id);
NTSYSAPI NTSTATUS NTAPI NtWaitForAlertByThreadId(const void *address, const LARGE_INTEGER *timeout);
NTSYSAPI NTSTATUS NTAPI RtlWaitOnAddress(const void *address, const void *compare, SIZE_T size,
                                         const LARGE_INTEGER *timeout);
NTSYSAPI void NTAPI RtlWakeAddressSingle(const void *address);
NTSYSAPI NTSTATUS NTAPI NtYieldExecution(void);
NTSYSAPI ULONG NTAPI NtGetCurrentProcessorNumber(void);
NTSYSAPI NTSTATUS NTAPI NtSetInformationThread(HANDLE thread, ULONG information, const void *data,
                                               ULONG size);
NTSYSAPI BOOLEAN NTAPI RtlDllShutdownInProgress(void);
NTSYSAPI BOOL NTAPI RtlQueryPerformanceCounter(LARGE_INTEGER *counter);
NTSYSAPI BOOL NTAPI RtlQueryPerformanceFrequency(LARGE_INTEGER *frequency);
NTSYSAPI void NTAPI RtlExitUserThread(NTSTATUS status);
NTSYSAPI NTSTATUS NTAPI NtTerminateProcess(HANDLE process, NTSTATUS status);
NTSYSAPI NTSTATUS NTAPI NtCreateThreadEx(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                         HANDLE process, void *start, void *param, ULONG flags,
                                         ULONG_PTR zero_bits, SIZE_T stack_commit, SIZE_T stack_reserve,
                                         void *attribute_list);
NTSYSAPI NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE process, void **base, ULONG_PTR zero_bits,
                                                SIZE_T *size, ULONG type, ULONG protect);
NTSYSAPI NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG type);
NTSYSAPI NTSTATUS NTAPI NtCreateEvent(HANDLE *handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes,
                                      ULONG type, BOOLEAN state);
NTSYSAPI NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG count, const HANDLE *handles, ULONG type,
                                                 BOOLEAN alertable, const LARGE_INTEGER *timeout);
NTSYSAPI NTSTATUS NTAPI NtCreateIoCompletion(HANDLE *handle, ACCESS_MASK access,
                                             OBJECT_ATTRIBUTES *attributes, ULONG threads);
NTSYSAPI NTSTATUS NTAPI NtSetIoCompletion(HANDLE port, ULONG_PTR key, ULONG_PTR value, NTSTATUS status,
                                          SIZE_T count);
NTSYSAPI NTSTATUS NTAPI NtRemoveIoCompletionEx(HANDLE port, struct port_nt_packet *packets, ULONG count,
                                               ULONG *taken, LARGE_INTEGER *timeout, BOOLEAN alertable);
NTSYSAPI NTSTATUS NTAPI NtSetInformationFile(HANDLE file, IO_STATUS_BLOCK *io, void *data, ULONG size,
                                             FILE_INFORMATION_CLASS information);
NTSYSAPI NTSTATUS NTAPI NtDuplicateObject(HANDLE from, HANDLE handle, HANDLE to, HANDLE *out,
                                          ACCESS_MASK access, ULONG attributes, ULONG options);
NTSYSAPI NTSTATUS NTAPI NtSetEvent(HANDLE handle, LONG *previous);
NTSYSAPI NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, void *apc, void *apc_context,
                                    IO_STATUS_BLOCK *io, const void *buffer, ULONG length,
                                    LARGE_INTEGER *offset, ULONG *key);
NTSYSAPI NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(WCHAR *environment, UNICODE_STRING *name,
                                                      UNICODE_STRING *value);
NTSYSAPI NTSTATUS NTAPI LdrAddRefDll(ULONG flags, HMODULE module);

#endif
