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

/* Fills in an SRB for a command. address: path, target and unit. */
void stor_ask_command(struct stor_request *request, const UCHAR *address, const UCHAR *cdb, UCHAR cdb_length,
                      UCHAR data_in, ULONG length, ULONG timeout);

/* A command's status for the program. A device that answers with a SCSI status of its own has answered. */
NTSTATUS stor_ask_status(const SCSI_REQUEST_BLOCK *srb);

/* Puts the sense data where the program wants it, as much as there is and fits. Returns its length. */
UCHAR stor_ask_sense(const struct stor_request *request, UCHAR *buffer, ULONG size, ULONG offset,
                     UCHAR wanted);

/* direct.c: IOCTL_SCSI_PASS_THROUGH_DIRECT. */
NTSTATUS stor_ask_direct(const struct stor_ask *ask);

static inline ULONG stor_least(ULONG a, ULONG b)
{
    return a < b ? a : b;
}

#endif
