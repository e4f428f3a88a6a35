/*
 * flags.c: what all calls of the legacy pool do with their flags, and how they fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

BOOL k32_fail(DWORD error)
{
    RtlSetLastWin32Error(error);
    return FALSE;
}

DWORD k32_flags_take(ULONG flags, HANDLE *token)
{
    NTSTATUS status = 0;

    *token = NULL;
    if (flags & K32_FLAGS_MASK & ~K32_FLAGS_KNOWN)
        return ERROR_INVALID_PARAMETER;
    if (flags >> K32_FLAGS_LIMIT_SHIFT)
        wq_raise_max_workers(flags >> K32_FLAGS_LIMIT_SHIFT);
    if (flags & WT_TRANSFER_IMPERSONATION)
        status = k32_token_capture(token);
    return status ? RtlNtStatusToDosError(status) : 0;
}
