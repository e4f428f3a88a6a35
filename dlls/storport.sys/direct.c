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
    SCSI_PASS_THROUGH_DIRECT *answer = request->irp->AssociatedIrp.SystemBuffer;
    const SCSI_REQUEST_BLOCK *srb = &request->srb;
    NTSTATUS status = stor_ask_status(srb);
    ULONG size = stor_ask_room(request->irp), information = sizeof(*answer);
    ULONG data =
        srb->SrbFlags & SRB_FLAGS_DATA_IN ? stor_least(request->user_size, srb->DataTransferLength) : 0;
    SIZE_T done;

    if (!status && data)
        status = NtWriteVirtualMemory(request->process, request->user, request->data, data, &done);
    answer->ScsiStatus = srb->ScsiStatus;
    answer->SenseInfoLength =
        stor_ask_sense(request, (UCHAR *)answer, size, answer->SenseInfoOffset, answer->SenseInfoLength);
    if (answer->SenseInfoLength)
        information = answer->SenseInfoOffset + answer->SenseInfoLength;
    answer->DataTransferLength = srb->DataTransferLength;
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

static bool direct_right(const SCSI_PASS_THROUGH_DIRECT *asked, const struct stor_ask *ask)
{
    if (asked->CdbLength > STOR_CDB_MAX || asked->DataIn > SCSI_IOCTL_DATA_UNSPECIFIED ||
        ask->out < sizeof(*asked) || asked->DataTransferLength > TRANSFER_MAX)
        return false;
    return !asked->SenseInfoLength ||
           (asked->SenseInfoOffset >= sizeof(*asked) &&
            stor_ask_within(asked->SenseInfoOffset, asked->SenseInfoLength, ask->out));
}

/* Reads what the program wants to be written. */
static NTSTATUS direct_prepare(struct stor_request *request, const SCSI_PASS_THROUGH_DIRECT *asked)
{
    NTSTATUS status;
    SIZE_T done;

    if (!asked->DataTransferLength)
        return STATUS_SUCCESS;
    status = process_open(&request->process);
    request->user = asked->DataBuffer;
    request->user_size = asked->DataTransferLength;
    if (status || asked->DataIn == SCSI_IOCTL_DATA_IN)
        return status;
    return NtReadVirtualMemory(request->process, asked->DataBuffer, request->data, asked->DataTransferLength,
                               &done);
}

NTSTATUS stor_ask_direct(const struct stor_ask *ask)
{
    const SCSI_PASS_THROUGH_DIRECT *asked = (const SCSI_PASS_THROUGH_DIRECT *)(void *)ask->buffer;
    struct stor_request *request;
    NTSTATUS status;

    if (ask->in < sizeof(*asked) || asked->Length != sizeof(*asked))
        return stor_ask_end(ask,
                            ask->in < sizeof(*asked) ? STATUS_BUFFER_TOO_SMALL : STATUS_REVISION_MISMATCH, 0);
    if (!stor_ask_reachable(ask, &asked->PathId))
        return stor_ask_end(ask, STATUS_NO_SUCH_DEVICE, 0);
    if (!direct_right(asked, ask))
        return stor_ask_end(ask, STATUS_INVALID_PARAMETER, 0);
    request = stor_request_create(ask->adapter, asked->DataTransferLength);
    if (!request)
        return stor_ask_end(ask, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (request->data)
        memset(request->data, 0, asked->DataTransferLength);
    status = direct_prepare(request, asked);
    if (status) {
        stor_request_free(request);
        return stor_ask_end(ask, status, 0);
    }
    stor_ask_command(request, &asked->PathId, asked->Cdb, asked->CdbLength, asked->DataIn,
                     asked->DataTransferLength, asked->TimeOutValue);
    request->srb.SenseInfoBufferLength = asked->SenseInfoLength;
    request->done = direct_done;
    return stor_ask_start(ask, request);
}
