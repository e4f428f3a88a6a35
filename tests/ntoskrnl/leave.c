/*
 * leave.c: a driver that is unloaded while its routines run and wait, and while a timer is set.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "report.h"
#include "service.h"
#include "setting.h"
#include "wine/test.h"

#define REPORT "C:\\wqleave.txt"

/* True once the driver starts from a fresh image. */
static BOOL starts_afresh(void)
{
    ULONGLONG end = GetTickCount64() + 30000;
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceA(manager, "wqleave", SERVICE_ALL_ACCESS);
    BOOL started = FALSE;

    while (!started && GetTickCount64() < end)
        started = StartServiceA(service, 0, NULL);
    ok(started, "the driver does not start afresh: %lu\n", GetLastError());
    CloseServiceHandle(manager);
    CloseServiceHandle(service);
    return started;
}

START_TEST(leave)
{
    HANDLE gate = CreateEventA(NULL, TRUE, FALSE, "Global\\wqleave_gate");
    HANDLE done = CreateEventA(NULL, FALSE, FALSE, "Global\\wqleave_done");
    SC_HANDLE other, service;

    setting_put("MISUSE_FILE", REPORT);
    other = service_start("wqtest"); /* winedevice.exe ends with its last driver, whatever still runs there */
    service = other ? service_start("wqleave") : NULL;
    if (!service)
        return;
    service_stop(service);
    setting_check_report(REPORT,
                         "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS (0xCE: ", "wqleave.sys+0x");
    setting_check_report(REPORT, ", 0x1, 0x0, 0x0): item ", "wqleave.sys+0x0\n"); /* its timer */
    SetEvent(gate);
    ok(WaitForSingleObject(done, 30000) == WAIT_OBJECT_0, "the routines did not come to their end\n");
    if (starts_afresh()) {
        ok(WaitForSingleObject(done, 30000) == WAIT_OBJECT_0, "nor the second time\n");
        service_stop(service);
    }
    service_delete(service);
    if (service_stop(other))
        report_unload();
    service_delete(other);
    setting_put("MISUSE_FILE", NULL);
    CloseHandle(gate);
    CloseHandle(done);
}
