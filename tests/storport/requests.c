/*
 * requests.c: what an adapter says to requests that are wrong in themselves, whatever they ask the disk for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "disk.h"
#include "wine/test.h"

static DWORD ask(HANDLE adapter, DWORD code, void *request, DWORD in, DWORD out)
{
    DWORD size;

    return DeviceIoControl(adapter, code, request, in, request, out, &size, NULL) ? 0 : GetLastError();
}

void disk_check_bad_requests(HANDLE adapter)
{
    SCSI_PASS_THROUGH pass = {.Length = sizeof(pass), .CdbLength = 6, .DataIn = SCSI_IOCTL_DATA_IN};
    SCSI_PASS_THROUGH_DIRECT direct = {
        .Length = sizeof(direct), .CdbLength = 6, .DataIn = SCSI_IOCTL_DATA_IN};
    SRB_IO_CONTROL control = {.HeaderLength = sizeof(control)};
    SCSI_PASS_THROUGH bad = pass;
    SCSI_PASS_THROUGH_DIRECT bad_direct = direct;
    IO_SCSI_CAPABILITIES capabilities = {0};
    DWORD error;

    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &bad, sizeof(bad) - 1, sizeof(bad));
    ok(error == ERROR_INSUFFICIENT_BUFFER, "too short: error %lu\n", error);
    bad.Length = 3;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &bad, sizeof(bad), sizeof(bad));
    ok(error == ERROR_REVISION_MISMATCH, "wrong length: error %lu\n", error);
    bad = pass;
    bad.CdbLength = 17;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &bad, sizeof(bad), sizeof(bad));
    ok(error == ERROR_INVALID_PARAMETER, "a long command: error %lu\n", error);
    bad = pass;
    bad.DataTransferLength = 100;
    bad.DataBufferOffset = sizeof(bad);
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &bad, sizeof(bad), sizeof(bad));
    ok(error == ERROR_INVALID_PARAMETER, "data beyond the buffer: error %lu\n", error);
    bad.DataBufferOffset = (ULONG_PTR)-50;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &bad, sizeof(bad), sizeof(bad));
    ok(error == ERROR_INVALID_PARAMETER, "data before the buffer: error %lu\n", error);
    bad = pass;
    bad.SenseInfoLength = 18;
    bad.SenseInfoOffset = sizeof(bad);
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &bad, sizeof(bad), sizeof(bad));
    ok(error == ERROR_INVALID_PARAMETER, "sense data beyond the buffer: error %lu\n", error);
    bad_direct.DataTransferLength = 0x7fffffff;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH_DIRECT, &bad_direct, sizeof(bad_direct), sizeof(bad_direct));
    ok(error == ERROR_INVALID_PARAMETER, "two gigabytes: error %lu\n", error);
    bad_direct = direct;
    bad_direct.DataIn = SCSI_IOCTL_DATA_OUT;
    bad_direct.DataTransferLength = 512;
    bad_direct.DataBuffer = (void *)(ULONG_PTR)0x1000;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH_DIRECT, &bad_direct, sizeof(bad_direct), sizeof(bad_direct));
    ok(error != 0, "memory that is not there: no error\n");
    error = ask(adapter, IOCTL_SCSI_MINIPORT, &control, sizeof(control) - 1, sizeof(control));
    ok(error == ERROR_INSUFFICIENT_BUFFER, "a short header: error %lu\n", error);
    control.Length = 1;
    error = ask(adapter, IOCTL_SCSI_MINIPORT, &control, sizeof(control), sizeof(control));
    ok(error == ERROR_INVALID_PARAMETER, "more than the buffer: error %lu\n", error);
    control.Length = 0;
    error = ask(adapter, IOCTL_SCSI_MINIPORT, &control, sizeof(control), sizeof(control));
    ok(error == ERROR_INVALID_FUNCTION, "not the RAM disk's signature: error %lu\n", error);
    error = ask(adapter, IOCTL_SCSI_GET_CAPABILITIES, &capabilities, 0, sizeof(capabilities));
    ok(!error && capabilities.Length == sizeof(capabilities) &&
           capabilities.MaximumTransferLength == RAMDISK_BLOCKS * RAMDISK_BLOCK,
       "capabilities: error %lu, transfers up to %lu\n", error, capabilities.MaximumTransferLength);
    error = ask(adapter, IOCTL_SCSI_GET_CAPABILITIES, &capabilities, 0, 4);
    ok(error == ERROR_INSUFFICIENT_BUFFER, "capabilities, too small: error %lu\n", error);
    error = ask(adapter, IOCTL_DISK_GET_DRIVE_GEOMETRY, &capabilities, 0, sizeof(capabilities));
    ok(error == ERROR_INVALID_FUNCTION, "a disk's question: error %lu\n", error);
}
