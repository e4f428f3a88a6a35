/*
 * pass.c: the structures of pass-through requests, as programs of both architectures lay them out.
 *
 * In a 64-bit prefix the module is 64-bit and programs may be 32-bit. The structure's Length tells which it is. Up to
 * TimeOutValue both are alike; all that an answer writes is there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ioctl.h"

/* SCSI_PASS_THROUGH and SCSI_PASS_THROUGH_DIRECT of 32-bit programs. */
struct pass32 {
    UCHAR head[FIELD_OFFSET(SCSI_PASS_THROUGH, TimeOutValue) + sizeof(ULONG)];
    ULONG data; /* offset or address */
    ULONG sense_offset;
    UCHAR cdb[STOR_CDB_MAX];
};

/* What stor_pass takes the one for. */
_Static_assert(sizeof(SCSI_PASS_THROUGH) == sizeof(SCSI_PASS_THROUGH_DIRECT), "");
_Static_assert(FIELD_OFFSET(SCSI_PASS_THROUGH, DataBufferOffset) ==
                   FIELD_OFFSET(SCSI_PASS_THROUGH_DIRECT, DataBuffer),
               "");
_Static_assert(FIELD_OFFSET(SCSI_PASS_THROUGH, Cdb) == FIELD_OFFSET(SCSI_PASS_THROUGH_DIRECT, Cdb), "");
_Static_assert(sizeof(struct pass32) == 44, "");

static void widen(struct stor_pass *pass, const struct pass32 *asked)
{
    pass->asked =
        (SCSI_PASS_THROUGH){.DataBufferOffset = asked->data, .SenseInfoOffset = asked->sense_offset};
    memcpy(&pass->asked, asked->head, sizeof(asked->head));
    memcpy(pass->asked.Cdb, asked->cdb, sizeof(asked->cdb));
}

NTSTATUS stor_pass_read(const UCHAR *buffer, ULONG size, struct stor_pass *pass)
{
    USHORT length = size < sizeof(length) ? 0 : *(const USHORT *)(const void *)buffer;

    pass->size = length == sizeof(struct pass32) ? sizeof(struct pass32) : sizeof(pass->asked);
    if (size < pass->size)
        return STATUS_BUFFER_TOO_SMALL;
    if (length != pass->size)
        return STATUS_REVISION_MISMATCH;
    if (pass->size == sizeof(pass->asked))
        memcpy(&pass->asked, buffer, sizeof(pass->asked));
    else
        widen(pass, (const struct pass32 *)(const void *)buffer);
    return STATUS_SUCCESS;
}

bool stor_pass_right(const struct stor_pass *pass, const struct stor_ask *ask)
{
    const SCSI_PASS_THROUGH *asked = &pass->asked;

    if (asked->CdbLength > STOR_CDB_MAX || asked->DataIn > SCSI_IOCTL_DATA_UNSPECIFIED ||
        ask->out < pass->size)
        return false;
    return !asked->SenseInfoLength ||
           (asked->SenseInfoOffset >= pass->size &&
            stor_ask_within(asked->SenseInfoOffset, asked->SenseInfoLength, ask->out));
}

void stor_pass_command(struct stor_request *request, const struct stor_pass *pass)
{
    const SCSI_PASS_THROUGH *asked = &pass->asked;
    SCSI_REQUEST_BLOCK *srb = &request->srb;
    ULONG length = asked->DataTransferLength;

    srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    srb->PathId = asked->PathId;
    srb->TargetId = asked->TargetId;
    srb->Lun = asked->Lun;
    srb->CdbLength = asked->CdbLength;
    memcpy(srb->Cdb, asked->Cdb, STOR_CDB_MAX);
    srb->DataTransferLength = length;
    srb->TimeOutValue = asked->TimeOutValue;
    srb->SenseInfoBuffer = request->sense;
    srb->SenseInfoBufferLength = asked->SenseInfoLength;
    srb->OriginalRequest = request;
    srb->SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE;
    if (length && asked->DataIn != SCSI_IOCTL_DATA_OUT)
        srb->SrbFlags |= SRB_FLAGS_DATA_IN;
    if (length && asked->DataIn != SCSI_IOCTL_DATA_IN)
        srb->SrbFlags |= SRB_FLAGS_DATA_OUT;
}

/* As much of the sense data as there is and fits. Returns its length. */
static UCHAR sense_copy(const struct stor_request *request, UCHAR *buffer, ULONG size,
                        const SCSI_PASS_THROUGH *asked)
{
    ULONG length = stor_least(asked->SenseInfoLength, request->srb.SenseInfoBufferLength);

    if (!(request->srb.SrbStatus & SRB_STATUS_AUTOSENSE_VALID) || asked->SenseInfoOffset > size)
        return 0;
    length = stor_least(length, size - asked->SenseInfoOffset);
    memcpy(buffer + asked->SenseInfoOffset, request->sense, length);
    return (UCHAR)length;
}

ULONG stor_pass_answer(const struct stor_request *request, UCHAR *buffer, ULONG size, struct stor_pass *pass)
{
    SCSI_PASS_THROUGH *answer = (SCSI_PASS_THROUGH *)(void *)buffer; /* its part that all have */

    if (stor_pass_read(buffer, size, pass))
        return 0;
    answer->ScsiStatus = request->srb.ScsiStatus;
    answer->SenseInfoLength = sense_copy(request, buffer, size, &pass->asked);
    answer->DataTransferLength = request->srb.DataTransferLength;
    return answer->SenseInfoLength ? pass->asked.SenseInfoOffset + answer->SenseInfoLength : pass->size;
}
