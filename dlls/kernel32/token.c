/*
 * token.c: which identity a callback runs under.
 *
 * Callbacks run with the process token, or with the token that their submitter had
 * (WT_TRANSFER_IMPERSONATION), and never with one that an earlier callback left on the thread. Asking the
 * system after each callback whether it left one would cost 7.5 us under Wine, a hundred times a callback; so
 * the functions that set a thread's token are served from here as well, and note on a thread of the pool that
 * there will be something to revert.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

#define THREAD_IMPERSONATION_TOKEN 5 /* THREADINFOCLASS */

#ifndef STATUS_NO_TOKEN
#define STATUS_NO_TOKEN ((NTSTATUS)0xC000007C)
#endif
#ifndef STATUS_CANT_OPEN_ANONYMOUS
#define STATUS_CANT_OPEN_ANONYMOUS ((NTSTATUS)0xC00000A6)
#endif

NTSTATUS k32_token_capture(HANDLE *token)
{
    const BOOLEAN as_self = TRUE; /* the impersonated user need not be allowed to open its own token */
    NTSTATUS status = NtOpenThreadToken(K32_THIS_THREAD, TOKEN_IMPERSONATE, as_self, token);

    if (!status)
        return STATUS_SUCCESS;
    *token = NULL;
    return status == STATUS_NO_TOKEN || status == STATUS_CANT_OPEN_ANONYMOUS ? STATUS_SUCCESS : status;
}

NTSTATUS k32_token_set(HANDLE token)
{
    return NtSetInformationThread(K32_THIS_THREAD, THREAD_IMPERSONATION_TOKEN, &token, sizeof(token));
}

static void WQ_CALL token_revert(void *param)
{
    (void)param;
    k32_token_set(NULL);
}

/* Called when a token was set: on a thread of the pool it goes when the callback returns. */
static BOOL token_was_set(BOOL ok)
{
    if (ok)
        wq_at_return(token_revert, NULL);
    return ok;
}

/* The five below behave as documented for advapi32, which passes its callers on to kernelbase; additionally
 * they note that a token was set. They may be called from any thread. Tokens that one thread sets on another
 * are not noted. */

BOOL WINAPI SetThreadToken(HANDLE *thread, HANDLE token)
{
    __typeof__(&SetThreadToken) base = K32_BASE_OR_FAIL(SetThreadToken);

    return base && token_was_set(base(thread, token));
}

BOOL WINAPI ImpersonateLoggedOnUser(HANDLE token)
{
    __typeof__(&ImpersonateLoggedOnUser) base = K32_BASE_OR_FAIL(ImpersonateLoggedOnUser);

    return base && token_was_set(base(token));
}

BOOL WINAPI ImpersonateSelf(SECURITY_IMPERSONATION_LEVEL level)
{
    __typeof__(&ImpersonateSelf) base = K32_BASE_OR_FAIL(ImpersonateSelf);

    return base && token_was_set(base(level));
}

BOOL WINAPI ImpersonateNamedPipeClient(HANDLE pipe)
{
    __typeof__(&ImpersonateNamedPipeClient) base = K32_BASE_OR_FAIL(ImpersonateNamedPipeClient);

    return base && token_was_set(base(pipe));
}

BOOL WINAPI ImpersonateAnonymousToken(HANDLE thread)
{
    __typeof__(&ImpersonateAnonymousToken) base = K32_BASE_OR_FAIL(ImpersonateAnonymousToken);

    return base && token_was_set(base(thread));
}
