/*
 * direct.c: IOCTL_SCSI_PASS_THROUGH_DIRECT: data from and to the program's own memory, which is read and written
 * by way of a handle of its process, because it is another one than ours.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ioctl.h"

#define TRANSFER_MAX (16u << 20) /* bytes of one request */

static void direct_done(struct stor_request *request)
{
    const SCSI_REQUEST_BLOCK *srb = &request->srb;
    NTSTATUS status = stor_ask_status(srb);
    ULONG size = stor_ask_room(request->irp), information;
    ULONG data =
        srb->SrbFlags & SRB_FLAGS_DATA_IN ? stor_least(request->user_size, srb->DataTransferLength) : 0;
    struct stor_pass pass;
    SIZE_T done;

    if (!status && data)
        status = NtWriteVirtualMemory(request->process, request->user, request->data, data, &done);
    information = stor_pass_answer(request, request->irp->AssociatedIrp.SystemBuffer, size, &pass);
    stor_complete(request->irp, status, stor_least(information, size));
    stor_request_free(request);
}

/* A handle of the process that asks. */
static NTSTATUS process_open(HANDLE *process)
{
    CLIENT_ID client = {.UniqueProcess = PsGetCurrentProcessId()};
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwOpenProcess(process, PROCESS_ALL_ACCESS, &attributes, &client);
}

/* Reads what the program wants to be written. */
static NTSTATUS direct_prepare(struct stor_request *request, const SCSI_PASS_THROUGH *asked)
{
    NTSTATUS status;
    SIZE_T done;

    if (!asked->DataTransferLength)
        return STATUS_SUCCESS;
    status = process_open(&request->process);
    request->user = (void *)asked->DataBufferOffset;
    request->user_size = asked->DataTransferLength;
    if (status || asked->DataIn == SCSI_IOCTL_DATA_IN)
        return status;
    return NtReadVirtualMemory(request->process, request->user, request->data, request->user_size, &done);
}

NTSTATUS stor_ask_direct(const struct stor_ask *ask)
{
    struct stor_request *request;
    struct stor_pass pass;
    NTSTATUS status = stor_pass_read(ask->buffer, ask->in, &pass);

    if (status)
        return stor_ask_end(ask, status, 0);
    if (!stor_ask_reachable(ask, &pass.asked.PathId))
        return stor_ask_end(ask, STATUS_NO_SUCH_DEVICE, 0);
    if (!stor_pass_right(&pass, ask) || pass.asked.DataTransferLength > TRANSFER_MAX)
        return stor_ask_end(ask, STATUS_INVALID_PARAMETER, 0);
    request = stor_request_create(ask->adapter, pass.asked.DataTransferLength);
    if (!request)
        return stor_ask_end(ask, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (request->data)
        memset(request->data, 0, pass.asked.DataTransferLength);
    status = direct_prepare(request, &pass.asked);
    if (status) {
        stor_request_free(request);
        return stor_ask_end(ask, status, 0);
    }
    stor_pass_command(request, &pass);
    request->done = direct_done;
    return stor_ask_start(ask, request);
}
