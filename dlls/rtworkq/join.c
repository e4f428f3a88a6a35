/*
 * join.c: queues that get the completions of a file.
 *
 * A program starts an operation with the OVERLAPPED of an async result; when it completes, the result's
 * callback is invoked on the queue that the file was joined to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define KIND 0x5274776au /* of handles: "Rtwj" */

/* The operation that completes has a reference on its result, given by whoever started it. */
static void WQ_CALL completed(void *param, void *value, uint32_t status, size_t bytes)
{
    RTWQASYNCRESULT *result = CONTAINING_RECORD(value, RTWQASYNCRESULT, overlapped);
    DWORD queue = (DWORD)(UINT_PTR)param;

    result->dwBytesTransferred = (DWORD)bytes;
    result->hrStatusResult =
        (NTSTATUS)status < 0 ? HRESULT_FROM_WIN32(RtlNtStatusToDosError((NTSTATUS)status)) : S_OK;
    if (RtwqPutWorkItem(queue, 0, &result->AsyncResult) == RTWQ_E_INVALID_WORKQUEUE)
        RtwqPutWorkItem(RTWQ_CALLBACK_QUEUE_STANDARD, 0, &result->AsyncResult);
}

static HRESULT from_io_result(enum wq_io_result result)
{
    switch (result) {
    case WQ_IO_OK:
        return S_OK;
    case WQ_IO_NO_MEMORY:
        return E_OUTOFMEMORY;
    case WQ_IO_BAD_FILE:
        return HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE);
    default:
        return HRESULT_FROM_WIN32(ERROR_INVALID_PARAMETER);
    }
}

/* Lets the operations that complete on a file, opened with FILE_FLAG_OVERLAPPED and not bound to a completion
 * port, invoke their results' callbacks on a queue: those that were started with the `overlapped` of an async
 * result of this module, which must be referenced until then. Status and bytes are in the result. *cookie is
 * for RtwqUnjoinWorkQueue; the queue stays until then. Returns S_OK, E_POINTER, RTWQ_E_SHUTDOWN,
 * RTWQ_E_INVALID_WORKQUEUE, E_OUTOFMEMORY, or as HRESULT ERROR_INVALID_HANDLE or ERROR_INVALID_PARAMETER (the
 * file is not for overlapped operations or was joined before). Any thread. */
HRESULT WINAPI RtwqJoinWorkQueue(DWORD id, HANDLE file, HANDLE *cookie)
{
    struct rtwq_queue *queue;
    HRESULT hr;

    if (!cookie)
        return E_POINTER;
    hr = rtwq_queue_open(id, &queue);
    if (FAILED(hr))
        return hr;
    *cookie = wq_handle_create(KIND, queue);
    hr = *cookie ? from_io_result(wq_io_bind(file, completed, (void *)(UINT_PTR)id)) : E_OUTOFMEMORY;
    if (FAILED(hr)) {
        if (*cookie)
            wq_handle_delete(KIND, *cookie);
        rtwq_queue_release(queue);
    }
    return hr;
}

/* Takes a cookie back. Returns false if it is none. */
static bool unjoin(HANDLE cookie)
{
    struct rtwq_queue *queue = wq_handle_delete(KIND, cookie);

    if (queue)
        rtwq_queue_release(queue);
    return queue != NULL;
}

/* Lets go of the queue, also when the platform or the queue's identifier has gone. Operations that are under way
 * still invoke their callbacks, on this queue while it exists, then on the standard queue. Returns S_OK, RTWQ_E_SHUTDOWN, RTWQ_E_INVALID_WORKQUEUE or E_INVALIDARG
 * (the cookie is none, or has been used). Any thread. */
HRESULT WINAPI RtwqUnjoinWorkQueue(DWORD id, HANDLE cookie)
{
    struct rtwq_queue *queue;
    HRESULT hr;

    hr = rtwq_queue_open(id, &queue);
    if (FAILED(hr)) { /* the platform or the queue's identifier has gone: the cookie must not stay */
        unjoin(cookie);
        return hr;
    }
    rtwq_queue_release(queue);
    return unjoin(cookie) ? S_OK : E_INVALIDARG;
}
