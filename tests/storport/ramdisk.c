/*
 * ramdisk.c: a disk in memory behind StorPort: SCSI commands, all of which run through work items, and the ways
 * in which it comes and goes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>

#include "../ntoskrnl/service.h"
#include <setupapi.h>

#include "disk.h"
#include "wine/test.h"

#define THREADS        4
#define ROUNDS         80
#define BLOCKS         16 /* of one transfer */
#define DEADLINE_MS    60000
#define NO_SUCH_DEVICE 433 /* ERROR_NO_SUCH_DEVICE, which mingw-w64 lacks */

static HANDLE adapter;

/* ---- single commands ---- */

static void check_inquiry(BOOL direct)
{
    const UCHAR cdb[6] = {0x12, 0, 0, 0, 96, 0};
    UCHAR data[96];
    struct disk_answer answer;

    memset(data, 0xcc, sizeof(data));
    answer = disk_command(adapter, 0, 0, cdb, sizeof(cdb), data, sizeof(data), TRUE, direct);
    ok(!answer.error && !answer.scsi_status, "INQUIRY: error %lu, status %u\n", answer.error,
       answer.scsi_status);
    ok(answer.length == 36, "INQUIRY: %lu bytes\n", answer.length);
    ok(!data[0] && !memcmp(data + 8, "wqshim  RAM disk        1.0 ", 28), "INQUIRY: %s\n",
       wine_dbgstr_an((char *)data + 8, 28));
    ok(data[36] == (direct ? 0xcc : 0), "INQUIRY: byte 36 is %02x\n", data[36]);
}

static void check_capacity(void)
{
    const UCHAR cdb[10] = {0x25};
    UCHAR data[8] = {0};
    struct disk_answer answer =
        disk_command(adapter, 0, 0, cdb, sizeof(cdb), data, sizeof(data), TRUE, FALSE);
    ULONG last = (ULONG)data[0] << 24 | (ULONG)data[1] << 16 | (ULONG)data[2] << 8 | data[3];

    ok(!answer.error && !answer.scsi_status && answer.length == 8,
       "READ CAPACITY: error %lu, status %u, %lu bytes\n", answer.error, answer.scsi_status, answer.length);
    ok(last == RAMDISK_BLOCKS - 1 && data[6] == RAMDISK_BLOCK >> 8 && !data[7], "last block %lu, size %u\n",
       last, data[6] << 8 | data[7]);
}

static void check_read_write(BOOL direct)
{
    static UCHAR out[BLOCKS * RAMDISK_BLOCK], in[BLOCKS * RAMDISK_BLOCK];
    const ULONG places[] = {0, 77, RAMDISK_BLOCKS - BLOCKS};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        for (size_t j = 0; j < sizeof(out); j++)
            out[j] = (UCHAR)(j * 7 + i + (direct ? 1 : 0));
        ok(disk_transfer(adapter, places[i], out, BLOCKS, FALSE, direct), "WRITE at %lu: %lu\n", places[i],
           GetLastError());
        memset(in, 0, sizeof(in));
        ok(disk_transfer(adapter, places[i], in, BLOCKS, TRUE, direct), "READ at %lu: %lu\n", places[i],
           GetLastError());
        ok(!memcmp(in, out, sizeof(in)), "other data at %lu\n", places[i]);
        memset(in, 0, sizeof(in));
        ok(disk_transfer(adapter, places[i], in, BLOCKS, TRUE, !direct), "READ the other way at %lu\n",
           places[i]);
        ok(!memcmp(in, out, sizeof(in)), "other data the other way at %lu\n", places[i]);
    }
}

static void check_sense(const char *what, const UCHAR *cdb, UCHAR length, UCHAR asc, BOOL direct)
{
    UCHAR data[RAMDISK_BLOCK];
    struct disk_answer answer = disk_command(adapter, 0, 0, cdb, length, data, sizeof(data), TRUE, direct);

    ok(!answer.error && answer.scsi_status == 2, "%s: error %lu, status %u\n", what, answer.error,
       answer.scsi_status);
    ok(answer.sense_length == 18 && answer.sense[0] == 0x70 && answer.sense[2] == 5 &&
           answer.sense[12] == asc,
       "%s: %u bytes of sense data, key %u, code %02x\n", what, answer.sense_length, answer.sense[2],
       answer.sense[12]);
}

/* Systems differ in the error for STATUS_NO_SUCH_DEVICE. */
static BOOL is_no_device(DWORD error)
{
    return error == NO_SUCH_DEVICE || error == ERROR_FILE_NOT_FOUND;
}

static void check_refusals(void)
{
    const UCHAR beyond[10] = {0x28, 0, 0, 0, RAMDISK_BLOCKS >> 8, RAMDISK_BLOCKS & 0xff, 0, 0, 1, 0};
    const UCHAR unknown[6] = {0xee}, page[6] = {0x12, 1, 0x80, 0, 96, 0}, ready[6] = {0};
    struct disk_answer answer;

    for (int direct = 0; direct < 2; direct++) {
        check_sense("a block beyond the end", beyond, sizeof(beyond), 0x21, direct);
        check_sense("an unknown command", unknown, sizeof(unknown), 0x20, direct);
        check_sense("a page that it does not have", page, sizeof(page), 0x24, direct);
        answer = disk_command(adapter, 1, 0, ready, sizeof(ready), NULL, 0, TRUE, direct);
        ok(is_no_device(answer.error), "another target: error %lu\n", answer.error);
        answer = disk_command(adapter, 0, 3, ready, sizeof(ready), NULL, 0, TRUE, direct);
        ok(is_no_device(answer.error), "another unit: error %lu\n", answer.error);
        answer = disk_command(adapter, 0, 0, ready, sizeof(ready), NULL, 0, TRUE, direct);
        ok(!answer.error && !answer.scsi_status, "TEST UNIT READY: error %lu\n", answer.error);
    }
}

/* ---- many at a time ---- */

static LONG wrong;

/* Each thread writes and reads blocks of its own. */
static DWORD WINAPI thread(void *param)
{
    ULONG number = (ULONG)(ULONG_PTR)param;
    UCHAR out[RAMDISK_BLOCK], in[RAMDISK_BLOCK];

    for (ULONG i = 0; i < ROUNDS; i++) {
        ULONG block = number * 1000 + i;

        memset(out, (int)(number * 31 + i), sizeof(out));
        memset(in, 0, sizeof(in));
        if (!disk_transfer(adapter, block, out, 1, FALSE, i & 1) ||
            !disk_transfer(adapter, block, in, 1, TRUE, i & 2) || memcmp(in, out, sizeof(in)))
            InterlockedIncrement(&wrong);
    }
    return 0;
}

static void check_many(void)
{
    struct ramdisk_report before, after;
    HANDLE threads[THREADS];

    ok(disk_report(adapter, &before), "no report: %lu\n", GetLastError());
    for (ULONG_PTR i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, thread, (void *)i, 0, NULL);
    ok(WaitForMultipleObjects(THREADS, threads, TRUE, DEADLINE_MS) == WAIT_OBJECT_0,
       "the threads do not end\n");
    for (int i = 0; i < THREADS; i++)
        CloseHandle(threads[i]);
    ok(!wrong, "%ld of %d rounds went wrong\n", wrong, THREADS * ROUNDS);
    ok(disk_report(adapter, &after), "no report: %lu\n", GetLastError());
    ok(after.commands - before.commands == 2 * THREADS * ROUNDS, "%lu commands\n",
       after.commands - before.commands);
    ok(after.work_items > before.work_items && after.work_items <= after.commands,
       "%lu commands in %lu work items\n", after.commands, after.work_items);
    ok(!after.bad_levels, "%lu work items ran at another level than PASSIVE_LEVEL\n", after.bad_levels);
    ok(after.threads > 0, "no threads\n");
    printf("%lu commands in %lu work items (%lu at most in one), on %lu threads; %lu times queued already\n",
           after.commands, after.work_items, after.longest, after.threads, after.busy);
}

static void check_disk(BOOL is_virtual)
{
    struct ramdisk_report report = {0};

    adapter = disk_open();
    ok(adapter != NULL, "there is no RAM disk\n");
    if (!adapter)
        return;
    ok(disk_report(adapter, &report) && report.is_virtual == (ULONG)is_virtual, "it is of the other kind\n");
    for (int direct = 0; direct < 2; direct++) {
        check_inquiry(direct);
        check_read_write(direct);
    }
    check_capacity();
    check_refusals();
    disk_check_bad_requests(adapter);
    disk_check_requests32(adapter);
    check_many();
    CloseHandle(adapter);
}

static void check_none(void)
{
    HANDLE left = disk_open();

    ok(!left, "the RAM disk is still there\n");
    if (left)
        CloseHandle(left);
}

static void check_driver(const char *name, BOOL is_virtual)
{
    SC_HANDLE service = service_start(name);

    if (!service)
        return;
    check_disk(is_virtual);
    service_stop(service);
    check_none();
    service_delete(service);
}

START_TEST(ramdisk)
{
    check_driver("ramdisk", TRUE);
}

START_TEST(ramplain)
{
    check_driver("ramplain", FALSE);
}

/* ---- a device that the system enumerates ---- */

#define ENUM_KEY "System\\CurrentControlSet\\Enum\\ROOT\\WQRAMDISK"

static BOOL enumerate(void)
{
    static const char service[] = "ramdisk", class[] = "{4d36e97b-e325-11ce-bfc1-08002be10318}";
    HKEY key;
    LONG status =
        RegCreateKeyExA(HKEY_LOCAL_MACHINE, ENUM_KEY "\\0000", 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);

    ok(!status, "RegCreateKeyEx failed: %ld\n", status);
    if (status)
        return FALSE;
    RegSetValueExA(key, "Service", 0, REG_SZ, (const BYTE *)service, sizeof(service));
    RegSetValueExA(key, "ClassGUID", 0, REG_SZ, (const BYTE *)class, sizeof(class));
    RegCloseKey(key);
    return TRUE;
}

/* As the device manager does it. */
static void uninstall(void)
{
    HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    BOOL done;

    done = SetupDiOpenDeviceInfoA(set, "ROOT\\WQRAMDISK\\0000", NULL, 0, &device);
    ok(done, "SetupDiOpenDeviceInfo failed: %lu\n", GetLastError());
    done = SetupDiCallClassInstaller(DIF_REMOVE, set, &device);
    ok(done, "removing the device failed: %lu\n", GetLastError());
    SetupDiDestroyDeviceInfoList(set);
}

START_TEST(pnp)
{
    SC_HANDLE service;

    if (!enumerate())
        return;
    service = service_start("ramdisk");
    if (service) {
        check_disk(TRUE);
        uninstall();
        check_none();
        service_stop(service);
        service_delete(service);
    }
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, ENUM_KEY);
}
