/*
 * requests32.c: pass-through requests laid out as 32-bit programs lay them out. In a 64-bit prefix the adapter's module is
 * 64-bit, and knows them by their length.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stddef.h>
#include <string.h>

#include "disk.h"
#include "wine/test.h"

#define BLOCK   7 /* that is read and written */
#define SENSE   18
#define TIMEOUT 10 /* s */

/* SCSI_PASS_THROUGH and SCSI_PASS_THROUGH_DIRECT of 32-bit programs. */
struct pass32 {
    USHORT length;
    UCHAR scsi_status, path, target, lun, cdb_length, sense_length, data_in;
    ULONG data_length, timeout, data, sense_offset;
    UCHAR cdb[16];
};

struct request {
    struct pass32 pass;
    UCHAR sense[SENSE];
    UCHAR data[RAMDISK_BLOCK];
};

C_ASSERT(sizeof(struct pass32) == 44);

static void request_init(struct request *request, UCHAR operation, UCHAR data_in)
{
    memset(request, 0, sizeof(*request));
    request->pass.length = sizeof(request->pass);
    request->pass.cdb_length = 10;
    request->pass.cdb[0] = operation;
    request->pass.cdb[5] = BLOCK;
    request->pass.cdb[8] = 1;
    request->pass.data_in = data_in;
    request->pass.data_length = RAMDISK_BLOCK;
    request->pass.data = offsetof(struct request, data);
    request->pass.sense_length = SENSE;
    request->pass.sense_offset = offsetof(struct request, sense);
    request->pass.timeout = TIMEOUT;
}

/* Returns the error, and checks that the whole answer was counted. */
static DWORD ask(HANDLE adapter, DWORD code, struct request *request, DWORD size, DWORD expected)
{
    DWORD got = 0;

    if (!DeviceIoControl(adapter, code, request, size, request, size, &got, NULL))
        return GetLastError();
    ok(got == expected, "%lu bytes came back, expected %lu\n", got, expected);
    return 0;
}

static void test_buffered(HANDLE adapter)
{
    struct request request;
    UCHAR read[RAMDISK_BLOCK];
    DWORD error;

    request_init(&request, 0x2a /* WRITE(10) */, SCSI_IOCTL_DATA_OUT);
    memset(request.data, 0x5c, sizeof(request.data));
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &request, sizeof(request), sizeof(request.pass));
    ok(!error && !request.pass.scsi_status && request.pass.data_length == RAMDISK_BLOCK,
       "written: error %lu, status %#x, %lu bytes\n", error, request.pass.scsi_status,
       request.pass.data_length);
    memset(read, 0, sizeof(read));
    ok(disk_transfer(adapter, BLOCK, read, 1, TRUE, FALSE) && !memcmp(read, request.data, sizeof(read)),
       "something else was written\n");
    request_init(&request, 0x28 /* READ(10) */, SCSI_IOCTL_DATA_IN);
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &request, sizeof(request),
                offsetof(struct request, data) + RAMDISK_BLOCK);
    ok(!error && !memcmp(read, request.data, sizeof(read)), "read: error %lu\n", error);
}

static void test_sense(HANDLE adapter)
{
    struct request request;
    DWORD error;

    request_init(&request, 0xff, SCSI_IOCTL_DATA_UNSPECIFIED);
    request.pass.data_length = 0;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &request, sizeof(request),
                offsetof(struct request, sense) + SENSE);
    ok(!error && request.pass.scsi_status == 2 && request.pass.sense_length == SENSE && request.sense[2] == 5,
       "no such command: error %lu, status %#x, %u bytes of sense data, key %u\n", error,
       request.pass.scsi_status, request.pass.sense_length, request.sense[2]);
}

/* The address has 32 bits. */
static void test_direct(HANDLE adapter)
{
    UCHAR *memory = VirtualAlloc((void *)0x30000000, RAMDISK_BLOCK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    UCHAR read[RAMDISK_BLOCK];
    struct request request;
    DWORD error, size = offsetof(struct request, data);

    ok(memory != NULL && (UINT64)(ULONG_PTR)memory >> 32 == 0, "no memory below 4 GB\n");
    if (!memory)
        return;
    memset(memory, 0xa7, RAMDISK_BLOCK);
    request_init(&request, 0x2a, SCSI_IOCTL_DATA_OUT);
    request.pass.data = (ULONG)(ULONG_PTR)memory;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH_DIRECT, &request, size, sizeof(request.pass));
    ok(!error && !request.pass.scsi_status, "written: error %lu, status %#x\n", error,
       request.pass.scsi_status);
    ok(disk_transfer(adapter, BLOCK, read, 1, TRUE, FALSE) && !memcmp(read, memory, sizeof(read)),
       "something else was written\n");
    memset(memory, 0, RAMDISK_BLOCK);
    request_init(&request, 0x28, SCSI_IOCTL_DATA_IN);
    request.pass.data = (ULONG)(ULONG_PTR)memory;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH_DIRECT, &request, size, sizeof(request.pass));
    ok(!error && !memcmp(read, memory, sizeof(read)), "read: error %lu\n", error);
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void test_refused(HANDLE adapter)
{
    struct request request;
    DWORD error;

    request_init(&request, 0x28, SCSI_IOCTL_DATA_IN);
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &request, sizeof(request.pass) - 1, 0);
    ok(error == ERROR_INSUFFICIENT_BUFFER, "too short: error %lu\n", error);
    request.pass.data = sizeof(request.pass) - 1;
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &request, sizeof(request), 0);
    ok(error == ERROR_INVALID_PARAMETER, "data within the structure: error %lu\n", error);
    request_init(&request, 0x28, SCSI_IOCTL_DATA_IN);
    error = ask(adapter, IOCTL_SCSI_PASS_THROUGH, &request,
                offsetof(struct request, data) + RAMDISK_BLOCK - 1, 0);
    ok(error == ERROR_INVALID_PARAMETER, "data beyond the buffer: error %lu\n", error);
}

void disk_check_requests32(HANDLE adapter)
{
    test_buffered(adapter);
    test_sense(adapter);
    test_direct(adapter);
    test_refused(adapter);
}
