/*
 * action.c: what the setting MISUSE does to winedevice.exe when a driver misbehaves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "report.h"
#include "service.h"
#include "setting.h"
#include "wine/test.h"

#define REPORT      "C:\\wqaction.txt"
#define DEADLINE_MS 60000
#define BAD_IRQL    0xe1 /* WORKER_THREAD_RETURNED_AT_BAD_IRQL */

static HANDLE process_of(HANDLE device)
{
    ULONG id = 0;
    HANDLE process;
    DWORD size;

    ok(DeviceIoControl(device, KTEST_IOCTL_PROCESS, NULL, 0, &id, sizeof(id), &size, NULL) && id,
       "DeviceIoControl failed: %lu\n", GetLastError());
    process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_INFORMATION, FALSE, id);
    ok(process != NULL, "OpenProcess failed: %lu\n", GetLastError());
    return process;
}

/* Lets the driver misbehave. Returns the status that its process ended with, STILL_ACTIVE if it goes on. */
static DWORD misbehave(BOOL to_end)
{
    HANDLE process,
        device = CreateFileA("\\\\.\\wqtest", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DWORD status = STILL_ACTIVE, size;

    ok(device != INVALID_HANDLE_VALUE, "CreateFile failed: %lu\n", GetLastError());
    process = process_of(device);
    /* Fails if the process ends before it can answer. */
    DeviceIoControl(device, KTEST_IOCTL_MISBEHAVE, NULL, 0, NULL, 0, &size, NULL);
    if (to_end)
        ok(WaitForSingleObject(process, DEADLINE_MS) == WAIT_OBJECT_0, "winedevice.exe goes on\n");
    GetExitCodeProcess(process, &status);
    CloseHandle(process);
    CloseHandle(device);
    return status;
}

static void run(const char *action, DWORD expected)
{
    SC_HANDLE service;
    DWORD status;

    DeleteFileA(REPORT);
    setting_put("MISUSE", action);
    setting_put("MISUSE_FILE", REPORT);
    service = service_start("wqtest");
    if (service) {
        status = misbehave(expected != STILL_ACTIVE);
        ok(status == expected, "%s: winedevice.exe ended with %lx\n", action, status);
        if (expected == STILL_ACTIVE &&
            service_stop(service)) /* the image stays until the routine has returned */
            report_unload();
        setting_check_report(REPORT, "WORKER_THREAD_RETURNED_AT_BAD_IRQL (0xE1: ", "wqtest.sys+0x");
        service_delete(service);
    }
    setting_put("MISUSE", NULL);
    setting_put("MISUSE_FILE", NULL);
}

START_TEST(report)
{
    run("report", STILL_ACTIVE);
}

START_TEST(end)
{
    run("end", BAD_IRQL);
}

START_TEST(break)
{
    run("break", (DWORD)EXCEPTION_BREAKPOINT);
}
