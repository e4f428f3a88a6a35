/*
 * io.c: BindIoCompletionCallback.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "k32.h"

/* Hands the result of an operation on. Of a failed one no bytes count; a warning (a message that did not fit)
 * comes with those that were transferred. */
static void WQ_CALL io_completed(void *param, void *value, uint32_t status, size_t bytes)
{
    LPOVERLAPPED_COMPLETION_ROUTINE function = (LPOVERLAPPED_COMPLETION_ROUTINE)param;
    const uint32_t error_bits = 0xC0000000;
    DWORD error = (NTSTATUS)status >= 0 ? ERROR_SUCCESS : RtlNtStatusToDosError((NTSTATUS)status);

    if ((status & error_bits) == error_bits)
        bytes = 0;
    function(error, (DWORD)bytes, value);
}

/* Lets function(error, bytes, overlapped) be called on a worker of the process's pool for each operation on
 * the file that completes from now on: each one that was started with an OVERLAPPED and did not fail at once.
 * error is a Win32 code. Calls run concurrently, and one that blocks does not hold up the others. A file can
 * be bound once, for as long as it is open; the caller closes it when all operations have completed.
 *
 * Returns TRUE and leaves the last error alone, or FALSE with ERROR_INVALID_PARAMETER (no function, flags not
 * zero, a file that is not open for overlapped operations, is bound already or belongs to a completion port),
 * ERROR_INVALID_HANDLE (no file), ERROR_NOT_ENOUGH_MEMORY (or no thread). Callable from any thread.
 * Documented at learn.microsoft.com, winbase.h. */
BOOL WINAPI BindIoCompletionCallback(HANDLE file, LPOVERLAPPED_COMPLETION_ROUTINE function, ULONG flags)
{
    if (!function || flags)
        return k32_fail(ERROR_INVALID_PARAMETER);
    switch (wq_io_bind(file, io_completed, (void *)(ULONG_PTR)function)) {
    case WQ_IO_OK:
        return TRUE;
    case WQ_IO_NO_MEMORY:
        return k32_fail(ERROR_NOT_ENOUGH_MEMORY);
    case WQ_IO_BAD_FILE:
        return k32_fail(ERROR_INVALID_HANDLE);
    default:
        return k32_fail(ERROR_INVALID_PARAMETER);
    }
}
