/*
 * ioctl.h: a program's request to an adapter, shared by the files that serve such requests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_STOR_IOCTL_H
#define WQ_STOR_IOCTL_H

#include "stor.h"

#include <ntddscsi.h>

#define STOR_CDB_MAX 16

struct stor_ask {
    struct stor_adapter *adapter;
    IRP *irp;
    UCHAR *buffer; /* input, and then output */
    ULONG in, out; /* their sizes */
};

/* Ends a request that never became an SRB. */
NTSTATUS stor_ask_end(const struct stor_ask *ask, NTSTATUS status, ULONG_PTR information);
/* Gives the SRB to the miniport; request->done will complete the IRP. */
NTSTATUS stor_ask_start(const struct stor_ask *ask, struct stor_request *request);

/* The size of a request's output buffer. */
ULONG stor_ask_room(IRP *irp);

/* True if the miniport has such a unit by its configuration. address: path, target and unit. */
bool stor_ask_reachable(const struct stor_ask *ask, const UCHAR *address);

/* True if length bytes at the offset are within size. */
bool stor_ask_within(ULONG_PTR offset, ULONG length, ULONG size);

/* A command's status for the program. A device that answers with a SCSI status of its own has answered. */
NTSTATUS stor_ask_status(const SCSI_REQUEST_BLOCK *srb);

/* ---- pass.c ---- */

/* A pass-through request. */
struct stor_pass {
    SCSI_PASS_THROUGH asked; /* of a direct one DataBufferOffset is the buffer's address */
    ULONG size;              /* of the program's structure; what it holds offsets of comes after it */
};

/* Reads the structure at the beginning of a buffer of that size: STATUS_SUCCESS, STATUS_BUFFER_TOO_SMALL or
 * STATUS_REVISION_MISMATCH. */
NTSTATUS stor_pass_read(const UCHAR *buffer, ULONG size, struct stor_pass *pass);

/* True if its lengths are possible and the sense data fits; nothing is said about the data. */
bool stor_pass_right(const struct stor_pass *pass, const struct stor_ask *ask);

/* Fills in an SRB for the command, but for its data. */
void stor_pass_command(struct stor_request *request, const struct stor_pass *pass);

/* Writes what came of the command, its sense data included, and reads the structure again. size: of the output buffer.
 * Returns where the answer ends, without its data. */
ULONG stor_pass_answer(const struct stor_request *request, UCHAR *buffer, ULONG size, struct stor_pass *pass);

/* ---- direct.c ---- */

/* IOCTL_SCSI_PASS_THROUGH_DIRECT. */
NTSTATUS stor_ask_direct(const struct stor_ask *ask);

static inline ULONG stor_least(ULONG a, ULONG b)
{
    return a < b ? a : b;
}

#endif
