/*
 * k32.h: what the files of the kernel32 front share.
 *
 * The front knows the Win32 rules of the legacy thread pool and nothing about threads: all it keeps is in
 * wqcore.dll, because a process holds two copies of it, one grafted onto kernel32.dll and one onto
 * kernelbase.dll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_K32_H
#define WQ_K32_H

#include "common/ntdll.h"
#include "wqcore.h"

#ifndef STATUS_SUCCESS
#define STATUS_SUCCESS ((NTSTATUS)0)
#endif
#define K32_THIS_PROCESS ((HANDLE)(LONG_PTR)-1)
#define K32_THIS_THREAD  ((HANDLE)(LONG_PTR)-2)

/* Flags of all functions of the legacy pool; those that mean nothing to one are ignored by it. */
#define K32_FLAGS_PERSISTENT_IO 0x40u  /* WT_EXECUTEINPERSISTENTIOTHREAD: in winnt.h only in a comment */
#define K32_FLAGS_KNOWN         0x1ffu /* all that winnt.h defines */
#define K32_FLAGS_MASK          0xffffu
#define K32_FLAGS_LIMIT_SHIFT   16

NTSYSAPI void NTAPI RtlSetLastWin32Error(DWORD error);
NTSYSAPI void NTAPI RtlRaiseStatus(NTSTATUS status);
NTSYSAPI NTSTATUS NTAPI RtlSetThreadErrorMode(DWORD mode, DWORD *before);

NTSYSAPI DWORD NTAPI RtlGetLastWin32Error(void);

/* Sets the last error and returns FALSE. */
BOOL k32_fail(DWORD error);

/* Lets cleanup(NULL) be called when the callback that the calling thread runs has returned, if there is one and the handle stands
 * for this thread. */
void k32_at_return(HANDLE thread, wq_routine cleanup);

/* Checks the flags of a call, raises the pool's maximum if they say so, and captures the caller's token if they
 * say so, see k32_token_capture. Returns 0 or a Win32 error. */
DWORD k32_flags_take(ULONG flags, HANDLE *token);

/* Opens the calling thread's impersonation token for use on a worker. *token is NULL if it has none, or the
 * anonymous one, which can't be opened: then callbacks run with the process token. The caller closes it. */
NTSTATUS k32_token_capture(HANDLE *token);

/* Lets the calling thread impersonate; NULL reverts to the process token. */
NTSTATUS k32_token_set(HANDLE token);

/* The builtin kernelbase's function of that name, which has length characters; NULL if there is none. Leaves
 * the last error alone. */
void *k32_base_function(const char *name, USHORT length);
#define K32_BASE(name) k32_base_function(#name, sizeof(#name) - 1)

/* The same, with its type; sets the last error if there is none, because the front was loaded without a graft. */
void *k32_base_or_fail(void *function);
#define K32_BASE_OR_FAIL(name) ((__typeof__(&name))k32_base_or_fail(K32_BASE(name)))

/* Looks up what blocking.c needs. For DllMain. */
void k32_blocking_start(void);

#endif
