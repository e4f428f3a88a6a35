/*
 * ramdisk.h: what a program says to ramdisk.sys besides SCSI commands: IOCTL_SCSI_MINIPORT with this signature.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef RAMDISK_H
#define RAMDISK_H

#define RAMDISK_SIGNATURE    "WQRAMDSK"
#define RAMDISK_QUERY        1u
#define RAMDISK_BLOCK        512u
#define RAMDISK_BLOCKS       8192u /* 4 MiB */
#define RAMDISK_THREADS_SEEN 16

/* The answer to RAMDISK_QUERY, behind the SRB_IO_CONTROL. */
struct ramdisk_report {
    ULONG commands;   /* SCSI commands that work items served */
    ULONG work_items; /* runs of the work item that served any */
    ULONG busy;       /* times that the worker was queued already: its run serves the command, too */
    ULONG longest;    /* most commands that one run served */
    ULONG bad_levels; /* runs that were not at PASSIVE_LEVEL */
    ULONG is_virtual; /* which kind of miniport it is */
    ULONG threads;    /* distinct threads that ran work items; the first ones: */
    ULONG thread[RAMDISK_THREADS_SEEN];
};

#endif
