/*
 * leave.c: a driver that is unloaded while its routines run and wait.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "service.h"
#include "wine/test.h"

#define REPORT "C:\\wqleave.txt"

static void report_to(const char *file)
{
    HKEY key;

    if (!RegCreateKeyA(HKEY_LOCAL_MACHINE, "Software\\wqshim", &key)) {
        if (file)
            RegSetValueExA(key, "MISUSE_FILE", 0, REG_SZ, (const BYTE *)file, (DWORD)strlen(file) + 1);
        else
            RegDeleteValueA(key, "MISUSE_FILE");
        RegCloseKey(key);
    }
}

static void check_report(void)
{
    char text[2000] = "";
    DWORD size = 0;
    HANDLE file =
        CreateFileA(REPORT, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);

    ok(file != INVALID_HANDLE_VALUE && ReadFile(file, text, sizeof(text) - 1, &size, NULL),
       "no report: %lu\n", GetLastError());
    text[size] = 0;
    ok(strstr(text, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS (0xCE: ") != NULL,
       "the report: %s\n", wine_dbgstr_a(text));
    ok(strstr(text, "wqleave.sys+0x") != NULL, "the report: %s\n", wine_dbgstr_a(text));
    CloseHandle(file);
}

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
    SC_HANDLE service;

    report_to(REPORT);
    service = service_start("wqleave");
    if (!service)
        return;
    service_stop(service);
    check_report();
    SetEvent(gate);
    ok(WaitForSingleObject(done, 30000) == WAIT_OBJECT_0, "the routines did not come to their end\n");
    if (starts_afresh()) {
        ok(WaitForSingleObject(done, 30000) == WAIT_OBJECT_0, "nor the second time\n");
        service_stop(service);
    }
    service_delete(service);
    report_to(NULL);
    CloseHandle(gate);
    CloseHandle(done);
}
