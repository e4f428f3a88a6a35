/*
 * ioctl.c: what programs ask of an adapter through \\.\ScsiN: (IOCTL_SCSI_PASS_THROUGH and its kin).
 *
 * Requests are buffered by the system, so data goes to and from its buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ioctl.h"

/* Ends a request that never became an SRB. */
NTSTATUS stor_ask_end(const struct stor_ask *ask, NTSTATUS status, ULONG_PTR information)
{
    stor_complete(ask->irp, status, information);
    stor_rundown_drop(&ask->adapter->requests);
    return status;
}

NTSTATUS stor_ask_start(const struct stor_ask *ask, struct stor_request *request)
{
    IoMarkIrpPending(ask->irp);
    request->irp = ask->irp;
    /* The request may end while the miniport is still in HwBuildIo or HwStartIo. */
    stor_rundown_hold_again(&ask->adapter->requests);
    stor_request_start(request);
    stor_rundown_drop(&ask->adapter->requests);
    return STATUS_PENDING;
}

ULONG stor_ask_room(IRP *irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
}

static NTSTATUS status_of(UCHAR srb_status)
{
    switch (SRB_STATUS(srb_status)) {
    case SRB_STATUS_SUCCESS:
    case SRB_STATUS_DATA_OVERRUN:
        return STATUS_SUCCESS;
    case SRB_STATUS_BUSY:
        return STATUS_DEVICE_BUSY;
    case SRB_STATUS_INVALID_REQUEST:
    case SRB_STATUS_BAD_FUNCTION:
        return STATUS_INVALID_DEVICE_REQUEST;
    case SRB_STATUS_INVALID_PATH_ID:
    case SRB_STATUS_INVALID_TARGET_ID:
    case SRB_STATUS_INVALID_LUN:
    case SRB_STATUS_NO_DEVICE:
    case SRB_STATUS_NO_HBA:
    case SRB_STATUS_SELECTION_TIMEOUT:
        return STATUS_NO_SUCH_DEVICE;
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
        return STATUS_IO_TIMEOUT;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

/* A device that answers with a SCSI status of its own has answered: the program looks at it and the sense data. */
NTSTATUS stor_ask_status(const SCSI_REQUEST_BLOCK *srb)
{
    return srb->ScsiStatus ? STATUS_SUCCESS : status_of(srb->SrbStatus);
}

/* ---- pass through ---- */

static void pass_through_done(struct stor_request *request)
{
    UCHAR *buffer = request->irp->AssociatedIrp.SystemBuffer;
    const SCSI_REQUEST_BLOCK *srb = &request->srb;
    NTSTATUS status = stor_ask_status(srb);
    ULONG size = stor_ask_room(request->irp), information;
    struct stor_pass pass;

    information = stor_pass_answer(request, buffer, size, &pass);
    if (srb->SrbFlags & SRB_FLAGS_DATA_IN) {
        ULONG end = (ULONG)pass.asked.DataBufferOffset + srb->DataTransferLength;

        information = end > information ? end : information;
    }
    stor_complete(request->irp, status, stor_least(information, size));
    stor_request_free(request);
}

bool stor_ask_reachable(const struct stor_ask *ask, const UCHAR *address)
{
    const PORT_CONFIGURATION_INFORMATION *config = &ask->adapter->config;

    return address[0] < config->NumberOfBuses && address[1] < config->MaximumNumberOfTargets &&
           address[2] < config->MaximumNumberOfLogicalUnits;
}

bool stor_ask_within(ULONG_PTR offset, ULONG length, ULONG size)
{
    return offset <= size && length <= size - offset;
}

static bool data_right(const struct stor_pass *pass, const struct stor_ask *ask)
{
    const SCSI_PASS_THROUGH *asked = &pass->asked;
    ULONG length = asked->DataTransferLength;

    if (!length)
        return true;
    if (asked->DataBufferOffset < pass->size)
        return false;
    if (asked->DataIn != SCSI_IOCTL_DATA_OUT && !stor_ask_within(asked->DataBufferOffset, length, ask->out))
        return false;
    return asked->DataIn == SCSI_IOCTL_DATA_IN || stor_ask_within(asked->DataBufferOffset, length, ask->in);
}

static NTSTATUS pass_through(const struct stor_ask *ask)
{
    struct stor_request *request;
    struct stor_pass pass;
    NTSTATUS status = stor_pass_read(ask->buffer, ask->in, &pass);

    if (status)
        return stor_ask_end(ask, status, 0);
    if (!stor_ask_reachable(ask, &pass.asked.PathId))
        return stor_ask_end(ask, STATUS_NO_SUCH_DEVICE, 0);
    if (!stor_pass_right(&pass, ask) || !data_right(&pass, ask))
        return stor_ask_end(ask, STATUS_INVALID_PARAMETER, 0);
    request = stor_request_create(ask->adapter, 0);
    if (!request)
        return stor_ask_end(ask, STATUS_INSUFFICIENT_RESOURCES, 0);
    stor_pass_command(request, &pass);
    request->srb.DataBuffer =
        pass.asked.DataTransferLength ? ask->buffer + pass.asked.DataBufferOffset : NULL;
    request->done = pass_through_done;
    return stor_ask_start(ask, request);
}

/* ---- to the miniport ---- */

static void miniport_done(struct stor_request *request)
{
    const SCSI_REQUEST_BLOCK *srb = &request->srb;

    stor_complete(request->irp, status_of(srb->SrbStatus),
                  stor_least(srb->DataTransferLength, stor_ask_room(request->irp)));
    stor_request_free(request);
}

static NTSTATUS miniport(const struct stor_ask *ask)
{
    const SRB_IO_CONTROL *asked = (const SRB_IO_CONTROL *)(void *)ask->buffer;
    ULONG room = ask->in > ask->out ? ask->in : ask->out;
    struct stor_request *request;

    if (ask->in < sizeof(*asked))
        return stor_ask_end(ask, STATUS_BUFFER_TOO_SMALL, 0);
    if (asked->HeaderLength != sizeof(*asked))
        return stor_ask_end(ask, STATUS_REVISION_MISMATCH, 0);
    if (asked->Length > room - sizeof(*asked))
        return stor_ask_end(ask, STATUS_INVALID_PARAMETER, 0);
    request = stor_request_create(ask->adapter, 0);
    if (!request)
        return stor_ask_end(ask, STATUS_INSUFFICIENT_RESOURCES, 0);
    request->srb.Function = SRB_FUNCTION_IO_CONTROL;
    request->srb.SrbFlags = SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT | SRB_FLAGS_NO_QUEUE_FREEZE;
    request->srb.DataBuffer = ask->buffer;
    request->srb.DataTransferLength = asked->HeaderLength + asked->Length;
    request->srb.TimeOutValue = asked->Timeout;
    request->srb.OriginalRequest = request;
    request->done = miniport_done;
    return stor_ask_start(ask, request);
}

/* ---- about the adapter ---- */

static NTSTATUS capabilities(const struct stor_ask *ask)
{
    const PORT_CONFIGURATION_INFORMATION *config = &ask->adapter->config;
    IO_SCSI_CAPABILITIES *answer = (IO_SCSI_CAPABILITIES *)(void *)ask->buffer;

    if (ask->out < sizeof(*answer))
        return stor_ask_end(ask, STATUS_BUFFER_TOO_SMALL, 0);
    memset(answer, 0, sizeof(*answer));
    answer->Length = sizeof(*answer);
    answer->MaximumTransferLength = config->MaximumTransferLength;
    answer->MaximumPhysicalPages = config->NumberOfPhysicalBreaks;
    answer->AlignmentMask = config->AlignmentMask;
    answer->TaggedQueuing = config->TaggedQueuing;
    answer->AdapterScansDown = config->AdapterScansDown;
    return stor_ask_end(ask, STATUS_SUCCESS, sizeof(*answer));
}

NTSTATUS stor_ioctl(struct stor_adapter *adapter, IRP *irp)
{
    IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
    struct stor_ask ask = {adapter, irp, irp->AssociatedIrp.SystemBuffer,
                           stack->Parameters.DeviceIoControl.InputBufferLength,
                           stack->Parameters.DeviceIoControl.OutputBufferLength};

    /* What nobody writes of the answer must not be what was in our heap. */
    if (METHOD_FROM_CTL_CODE(stack->Parameters.DeviceIoControl.IoControlCode) == METHOD_BUFFERED &&
        ask.buffer && ask.out > ask.in)
        memset(ask.buffer + ask.in, 0, ask.out - ask.in);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH:
        return pass_through(&ask);
    case IOCTL_SCSI_PASS_THROUGH_DIRECT:
        return stor_ask_direct(&ask);
    case IOCTL_SCSI_MINIPORT:
        return miniport(&ask);
    case IOCTL_SCSI_GET_CAPABILITIES:
        return capabilities(&ask);
    case IOCTL_SCSI_RESCAN_BUS: /* no bus is enumerated */
        return stor_ask_end(&ask, STATUS_SUCCESS, 0);
    default:
        return stor_ask_end(&ask, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
