/*
 * disk.h: SCSI commands to a RAM disk, by way of its adapter.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_DISK_H
#define TEST_DISK_H

#include <windows.h>
#include <winioctl.h>

#include <ntddscsi.h>

#include "../drivers/ramdisk.h"

/* The adapter that answers the RAM disk's own question, among \\.\Scsi0: and the next ones. NULL if there is
 * none. */
HANDLE disk_open(void);

/* Asks for the RAM disk's report. False, with the last error, if it does not answer. */
BOOL disk_report(HANDLE adapter, struct ramdisk_report *report);

/* What a command came back with. */
struct disk_answer {
    DWORD error; /* 0: the request was done, and the rest is valid */
    UCHAR scsi_status;
    ULONG length; /* of data */
    UCHAR sense_length;
    UCHAR sense[32];
};

#define DISK_COMMAND_MAX 65536 /* bytes of data */

/* Sends a command of 6 to 16 bytes to a unit; data goes in or out. direct: by way of the program's own memory. */
struct disk_answer disk_command(HANDLE adapter, UCHAR target, UCHAR lun, const UCHAR *cdb, UCHAR cdb_length,
                                void *data, ULONG size, BOOL in, BOOL direct);

/* READ(10) and WRITE(10). True if all was done. */
BOOL disk_transfer(HANDLE adapter, ULONG block, void *data, ULONG blocks, BOOL in, BOOL direct);

/* Checks that requests of 32-bit programs are served: theirs have a shorter structure (requests32.c). */
void disk_check_requests32(HANDLE adapter);

/* Checks that the adapter refuses requests that are wrong in themselves (requests.c). */
void disk_check_bad_requests(HANDLE adapter);

#endif
