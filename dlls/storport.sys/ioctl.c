/*
 * ioctl.c: what programs ask of an adapter through \\.\ScsiN: (IOCTL_SCSI_PASS_THROUGH and its kin).
 *
 * Requests are buffered by the system; the program's own memory is needed for IOCTL_SCSI_PASS_THROUGH_DIRECT
 * only, and is read and written by way of a handle of its process, because it is another one than ours.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#include <ntddscsi.h>

#define TRANSFER_MAX (16u << 20) /* bytes of one direct request */
#define CDB_MAX      16

/* A program's request. */
struct ask {
    struct stor_adapter *adapter;
    IRP *irp;
    UCHAR *buffer; /* input, and then output */
    ULONG in, out; /* their sizes */
};

/* Ends a request that never became an SRB. */
static NTSTATUS ask_end(const struct ask *ask, NTSTATUS status, ULONG_PTR information)
{
    stor_complete(ask->irp, status, information);
    stor_rundown_drop(&ask->adapter->requests);
    return status;
}

static NTSTATUS ask_start(const struct ask *ask, struct stor_request *request)
{
    IoMarkIrpPending(ask->irp);
    request->irp = ask->irp;
    stor_request_start(request);
    return STATUS_PENDING;
}

static ULONG out_size(IRP *irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
}

static ULONG least(ULONG a, ULONG b)
{
    return a < b ? a : b;
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
static NTSTATUS scsi_status_of(const SCSI_REQUEST_BLOCK *srb)
{
    return srb->ScsiStatus ? STATUS_SUCCESS : status_of(srb->SrbStatus);
}

/* ---- pass through ---- */

static void pass_through_fill(struct stor_request *request, const UCHAR *address, const UCHAR *cdb,
                              UCHAR cdb_length, UCHAR data_in, ULONG length, ULONG timeout)
{
    SCSI_REQUEST_BLOCK *srb = &request->srb;

    srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    srb->PathId = address[0];
    srb->TargetId = address[1];
    srb->Lun = address[2];
    srb->CdbLength = cdb_length;
    memcpy(srb->Cdb, cdb, CDB_MAX);
    srb->DataTransferLength = length;
    srb->TimeOutValue = timeout;
    srb->SenseInfoBuffer = request->sense;
    srb->OriginalRequest = request;
    srb->SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE;
    if (length && data_in != SCSI_IOCTL_DATA_OUT)
        srb->SrbFlags |= SRB_FLAGS_DATA_IN;
    if (length && data_in != SCSI_IOCTL_DATA_IN)
        srb->SrbFlags |= SRB_FLAGS_DATA_OUT;
}

/* Puts the sense data where the program wants it, as much as there is and fits. Returns its length. */
static UCHAR sense_copy(const struct stor_request *request, UCHAR *buffer, ULONG size, ULONG offset,
                        UCHAR wanted)
{
    ULONG length = least(wanted, request->srb.SenseInfoBufferLength);

    if (!(request->srb.SrbStatus & SRB_STATUS_AUTOSENSE_VALID) || offset > size)
        return 0;
    length = least(length, size - offset);
    memcpy(buffer + offset, request->sense, length);
    return (UCHAR)length;
}

static void pass_through_done(struct stor_request *request)
{
    SCSI_PASS_THROUGH *answer = request->irp->AssociatedIrp.SystemBuffer;
    const SCSI_REQUEST_BLOCK *srb = &request->srb;
    NTSTATUS status = scsi_status_of(srb);
    ULONG size = out_size(request->irp), information = sizeof(*answer);

    answer->ScsiStatus = srb->ScsiStatus;
    answer->SenseInfoLength =
        sense_copy(request, (UCHAR *)answer, size, answer->SenseInfoOffset, answer->SenseInfoLength);
    if (answer->SenseInfoLength)
        information = answer->SenseInfoOffset + answer->SenseInfoLength;
    if (srb->SrbFlags & SRB_FLAGS_DATA_IN) {
        ULONG end = (ULONG)answer->DataBufferOffset + srb->DataTransferLength;

        information = end > information ? end : information;
    }
    answer->DataTransferLength = srb->DataTransferLength;
    stor_complete(request->irp, status, least(information, size));
    stor_request_free(request);
}

static bool within(ULONG_PTR offset, ULONG length, ULONG size)
{
    return offset <= size && length <= size - offset;
}

static bool pass_through_right(const SCSI_PASS_THROUGH *asked, const struct ask *ask)
{
    ULONG length = asked->DataTransferLength;

    if (asked->CdbLength > CDB_MAX || asked->DataIn > SCSI_IOCTL_DATA_UNSPECIFIED ||
        ask->out < sizeof(*asked))
        return false;
    if (asked->SenseInfoLength && (asked->SenseInfoOffset < sizeof(*asked) ||
                                   !within(asked->SenseInfoOffset, asked->SenseInfoLength, ask->out)))
        return false;
    if (!length)
        return true;
    if (asked->DataBufferOffset < sizeof(*asked))
        return false;
    if (asked->DataIn != SCSI_IOCTL_DATA_OUT && !within(asked->DataBufferOffset, length, ask->out))
        return false;
    return asked->DataIn == SCSI_IOCTL_DATA_IN || within(asked->DataBufferOffset, length, ask->in);
}

static NTSTATUS pass_through(const struct ask *ask)
{
    const SCSI_PASS_THROUGH *asked = (const SCSI_PASS_THROUGH *)(void *)ask->buffer;
    struct stor_request *request;

    if (ask->in < sizeof(*asked) || asked->Length != sizeof(*asked))
        return ask_end(ask, ask->in < sizeof(*asked) ? STATUS_BUFFER_TOO_SMALL : STATUS_REVISION_MISMATCH, 0);
    if (!pass_through_right(asked, ask))
        return ask_end(ask, STATUS_INVALID_PARAMETER, 0);
    request = stor_request_create(ask->adapter, 0);
    if (!request)
        return ask_end(ask, STATUS_INSUFFICIENT_RESOURCES, 0);
    pass_through_fill(request, &asked->PathId, asked->Cdb, asked->CdbLength, asked->DataIn,
                      asked->DataTransferLength, asked->TimeOutValue);
    request->srb.SenseInfoBufferLength = asked->SenseInfoLength;
    request->srb.DataBuffer = asked->DataTransferLength ? ask->buffer + asked->DataBufferOffset : NULL;
    request->done = pass_through_done;
    return ask_start(ask, request);
}

/* ---- pass through, directly from and to the program's memory ---- */

static void direct_done(struct stor_request *request)
{
    SCSI_PASS_THROUGH_DIRECT *answer = request->irp->AssociatedIrp.SystemBuffer;
    const SCSI_REQUEST_BLOCK *srb = &request->srb;
    NTSTATUS status = scsi_status_of(srb);
    ULONG size = out_size(request->irp), information = sizeof(*answer);
    ULONG data = srb->SrbFlags & SRB_FLAGS_DATA_IN ? least(request->user_size, srb->DataTransferLength) : 0;
    SIZE_T done;

    if (!status && data)
        status = NtWriteVirtualMemory(request->process, request->user, request->data, data, &done);
    answer->ScsiStatus = srb->ScsiStatus;
    answer->SenseInfoLength =
        sense_copy(request, (UCHAR *)answer, size, answer->SenseInfoOffset, answer->SenseInfoLength);
    if (answer->SenseInfoLength)
        information = answer->SenseInfoOffset + answer->SenseInfoLength;
    answer->DataTransferLength = srb->DataTransferLength;
    stor_complete(request->irp, status, least(information, size));
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

static bool direct_right(const SCSI_PASS_THROUGH_DIRECT *asked, const struct ask *ask)
{
    if (asked->CdbLength > CDB_MAX || asked->DataIn > SCSI_IOCTL_DATA_UNSPECIFIED ||
        ask->out < sizeof(*asked) || asked->DataTransferLength > TRANSFER_MAX)
        return false;
    return !asked->SenseInfoLength || (asked->SenseInfoOffset >= sizeof(*asked) &&
                                       within(asked->SenseInfoOffset, asked->SenseInfoLength, ask->out));
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

static NTSTATUS pass_through_direct(const struct ask *ask)
{
    const SCSI_PASS_THROUGH_DIRECT *asked = (const SCSI_PASS_THROUGH_DIRECT *)(void *)ask->buffer;
    struct stor_request *request;
    NTSTATUS status;

    if (ask->in < sizeof(*asked) || asked->Length != sizeof(*asked))
        return ask_end(ask, ask->in < sizeof(*asked) ? STATUS_BUFFER_TOO_SMALL : STATUS_REVISION_MISMATCH, 0);
    if (!direct_right(asked, ask))
        return ask_end(ask, STATUS_INVALID_PARAMETER, 0);
    request = stor_request_create(ask->adapter, asked->DataTransferLength);
    if (!request)
        return ask_end(ask, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (request->data)
        memset(request->data, 0, asked->DataTransferLength);
    status = direct_prepare(request, asked);
    if (status) {
        stor_request_free(request);
        return ask_end(ask, status, 0);
    }
    pass_through_fill(request, &asked->PathId, asked->Cdb, asked->CdbLength, asked->DataIn,
                      asked->DataTransferLength, asked->TimeOutValue);
    request->srb.SenseInfoBufferLength = asked->SenseInfoLength;
    request->done = direct_done;
    return ask_start(ask, request);
}

/* ---- to the miniport ---- */

static void miniport_done(struct stor_request *request)
{
    const SCSI_REQUEST_BLOCK *srb = &request->srb;

    stor_complete(request->irp, status_of(srb->SrbStatus),
                  least(srb->DataTransferLength, out_size(request->irp)));
    stor_request_free(request);
}

static NTSTATUS miniport(const struct ask *ask)
{
    const SRB_IO_CONTROL *asked = (const SRB_IO_CONTROL *)(void *)ask->buffer;
    ULONG room = ask->in > ask->out ? ask->in : ask->out;
    struct stor_request *request;

    if (ask->in < sizeof(*asked))
        return ask_end(ask, STATUS_BUFFER_TOO_SMALL, 0);
    if (asked->HeaderLength != sizeof(*asked))
        return ask_end(ask, STATUS_REVISION_MISMATCH, 0);
    if (asked->Length > room - sizeof(*asked))
        return ask_end(ask, STATUS_INVALID_PARAMETER, 0);
    request = stor_request_create(ask->adapter, 0);
    if (!request)
        return ask_end(ask, STATUS_INSUFFICIENT_RESOURCES, 0);
    request->srb.Function = SRB_FUNCTION_IO_CONTROL;
    request->srb.SrbFlags = SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT | SRB_FLAGS_NO_QUEUE_FREEZE;
    request->srb.DataBuffer = ask->buffer;
    request->srb.DataTransferLength = asked->HeaderLength + asked->Length;
    request->srb.TimeOutValue = asked->Timeout;
    request->srb.OriginalRequest = request;
    request->done = miniport_done;
    return ask_start(ask, request);
}

/* ---- about the adapter ---- */

static NTSTATUS capabilities(const struct ask *ask)
{
    const PORT_CONFIGURATION_INFORMATION *config = &ask->adapter->config;
    IO_SCSI_CAPABILITIES *answer = (IO_SCSI_CAPABILITIES *)(void *)ask->buffer;

    if (ask->out < sizeof(*answer))
        return ask_end(ask, STATUS_BUFFER_TOO_SMALL, 0);
    memset(answer, 0, sizeof(*answer));
    answer->Length = sizeof(*answer);
    answer->MaximumTransferLength = config->MaximumTransferLength;
    answer->MaximumPhysicalPages = config->NumberOfPhysicalBreaks;
    answer->AlignmentMask = config->AlignmentMask;
    answer->TaggedQueuing = config->TaggedQueuing;
    answer->AdapterScansDown = config->AdapterScansDown;
    return ask_end(ask, STATUS_SUCCESS, sizeof(*answer));
}

NTSTATUS stor_ioctl(struct stor_adapter *adapter, IRP *irp)
{
    IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
    struct ask ask = {adapter, irp, irp->AssociatedIrp.SystemBuffer,
                      stack->Parameters.DeviceIoControl.InputBufferLength,
                      stack->Parameters.DeviceIoControl.OutputBufferLength};

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH:
        return pass_through(&ask);
    case IOCTL_SCSI_PASS_THROUGH_DIRECT:
        return pass_through_direct(&ask);
    case IOCTL_SCSI_MINIPORT:
        return miniport(&ask);
    case IOCTL_SCSI_GET_CAPABILITIES:
        return capabilities(&ask);
    case IOCTL_SCSI_RESCAN_BUS: /* no bus is enumerated */
        return ask_end(&ask, STATUS_SUCCESS, 0);
    default:
        return ask_end(&ask, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
