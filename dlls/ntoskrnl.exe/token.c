/*
 * token.c: impersonation that a routine leaves behind on its worker thread.
 *
 * Asking the system after each routine costs 7.5 us under Wine. So the function through which a driver gives
 * a thread a token is served from here, and only a thread that was given one is looked at.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define THREAD_IMPERSONATION_TOKEN 5 /* THREADINFOCLASS */

NTSTATUS NTAPI nt_set_information_thread(HANDLE handle, ULONG information, void *data, ULONG size);

bool nt_token_revert(struct nt_thread *thread)
{
    const BOOLEAN as_self = TRUE; /* the impersonated user need not be allowed to open its own token */
    HANDLE token = NULL;

    thread->may_have_token = false;
    if (NtOpenThreadToken(NT_THIS_THREAD, TOKEN_QUERY, as_self, &token))
        return false;
    NtClose(token);
    token = NULL;
    NtSetInformationThread(NT_THIS_THREAD, THREAD_IMPERSONATION_TOKEN, &token, sizeof(token));
    return true;
}

/* Exported as NtSetInformationThread and ZwSetInformationThread. Does what ntdll's function does;
 * additionally it notes that the calling thread may impersonate from now on. Tokens that one thread sets on
 * another are not noted. At PASSIVE_LEVEL. */
NTSTATUS NTAPI nt_set_information_thread(HANDLE handle, ULONG information, void *data, ULONG size)
{
    NTSTATUS status = NtSetInformationThread(handle, information, data, size);

    if (!status && information == THREAD_IMPERSONATION_TOKEN)
        nt_thread()->may_have_token = true;
    return status;
}
