/*
 * disk.c: see disk.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"

#define ADAPTERS  8
#define TIMEOUT_S 10

BOOL disk_report(HANDLE adapter, struct ramdisk_report *report)
{
    struct {
        SRB_IO_CONTROL head;
        struct ramdisk_report report;
    } asked;
    DWORD size;

    memset(&asked, 0, sizeof(asked));
    asked.head.HeaderLength = sizeof(asked.head);
    memcpy(asked.head.Signature, RAMDISK_SIGNATURE, sizeof(asked.head.Signature));
    asked.head.Timeout = TIMEOUT_S;
    asked.head.ControlCode = RAMDISK_QUERY;
    asked.head.Length = sizeof(asked.report);
    if (!DeviceIoControl(adapter, IOCTL_SCSI_MINIPORT, &asked, sizeof(asked), &asked, sizeof(asked), &size,
                         NULL))
        return FALSE;
    *report = asked.report;
    return size == sizeof(asked);
}

HANDLE disk_open(void)
{
    struct ramdisk_report report;
    char name[20];

    for (int i = 0; i < ADAPTERS; i++) {
        HANDLE adapter;

        snprintf(name, sizeof(name), "\\\\.\\Scsi%d:", i);
        adapter = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
        if (adapter == INVALID_HANDLE_VALUE)
            continue;
        if (disk_report(adapter, &report))
            return adapter;
        CloseHandle(adapter);
    }
    return NULL;
}

static struct disk_answer command_buffered(HANDLE adapter, UCHAR target, UCHAR lun, const UCHAR *cdb,
                                           UCHAR cdb_length, void *data, ULONG size, BOOL in)
{
    struct request {
        SCSI_PASS_THROUGH pass;
        UCHAR sense[32];
        UCHAR data[];
    } *request = calloc(1, sizeof(*request) + size);
    DWORD total = (DWORD)(sizeof(*request) + size), returned;
    struct disk_answer answer = {.error = 0};

    request->pass.Length = sizeof(request->pass);
    request->pass.TargetId = target;
    request->pass.Lun = lun;
    request->pass.CdbLength = cdb_length;
    request->pass.SenseInfoLength = sizeof(request->sense);
    request->pass.DataIn = in ? SCSI_IOCTL_DATA_IN : SCSI_IOCTL_DATA_OUT;
    request->pass.DataTransferLength = size;
    request->pass.TimeOutValue = TIMEOUT_S;
    request->pass.DataBufferOffset = offsetof(struct request, data);
    request->pass.SenseInfoOffset = offsetof(struct request, sense);
    memcpy(request->pass.Cdb, cdb, cdb_length);
    if (!in)
        memcpy(request->data, data, size);
    if (!DeviceIoControl(adapter, IOCTL_SCSI_PASS_THROUGH, request, total, request, total, &returned, NULL))
        answer.error = GetLastError();
    answer.scsi_status = request->pass.ScsiStatus;
    answer.length = request->pass.DataTransferLength;
    answer.sense_length = request->pass.SenseInfoLength;
    memcpy(answer.sense, request->sense, sizeof(answer.sense));
    if (in && !answer.error)
        memcpy(data, request->data, size);
    free(request);
    return answer;
}

static struct disk_answer command_direct(HANDLE adapter, UCHAR target, UCHAR lun, const UCHAR *cdb,
                                         UCHAR cdb_length, void *data, ULONG size, BOOL in)
{
    struct {
        SCSI_PASS_THROUGH_DIRECT pass;
        UCHAR sense[32];
    } request;
    struct disk_answer answer = {.error = 0};
    DWORD returned;

    memset(&request, 0, sizeof(request));
    request.pass.Length = sizeof(request.pass);
    request.pass.TargetId = target;
    request.pass.Lun = lun;
    request.pass.CdbLength = cdb_length;
    request.pass.SenseInfoLength = sizeof(request.sense);
    request.pass.DataIn = in ? SCSI_IOCTL_DATA_IN : SCSI_IOCTL_DATA_OUT;
    request.pass.DataTransferLength = size;
    request.pass.TimeOutValue = TIMEOUT_S;
    request.pass.DataBuffer = data;
    request.pass.SenseInfoOffset = (ULONG)((char *)request.sense - (char *)&request);
    memcpy(request.pass.Cdb, cdb, cdb_length);
    if (!DeviceIoControl(adapter, IOCTL_SCSI_PASS_THROUGH_DIRECT, &request, sizeof(request), &request,
                         sizeof(request), &returned, NULL))
        answer.error = GetLastError();
    answer.scsi_status = request.pass.ScsiStatus;
    answer.length = request.pass.DataTransferLength;
    answer.sense_length = request.pass.SenseInfoLength;
    memcpy(answer.sense, request.sense, sizeof(answer.sense));
    return answer;
}

struct disk_answer disk_command(HANDLE adapter, UCHAR target, UCHAR lun, const UCHAR *cdb, UCHAR cdb_length,
                                void *data, ULONG size, BOOL in, BOOL direct)
{
    return direct ? command_direct(adapter, target, lun, cdb, cdb_length, data, size, in)
                  : command_buffered(adapter, target, lun, cdb, cdb_length, data, size, in);
}

BOOL disk_transfer(HANDLE adapter, ULONG block, void *data, ULONG blocks, BOOL in, BOOL direct)
{
    UCHAR cdb[10] = {in ? 0x28 : 0x2a, 0, (UCHAR)(block >> 24), (UCHAR)(block >> 16), (UCHAR)(block >> 8),
                     (UCHAR)block,     0, (UCHAR)(blocks >> 8), (UCHAR)blocks,        0};
    ULONG size = blocks * RAMDISK_BLOCK;
    struct disk_answer answer = disk_command(adapter, 0, 0, cdb, sizeof(cdb), data, size, in, direct);

    return !answer.error && !answer.scsi_status && answer.length == size;
}
