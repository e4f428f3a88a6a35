/*
 * service.c: loading test drivers through the service manager.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "service.h"
#include "wine/test.h"

#define DEADLINE_MS 60000
#define GROUP       "wqshim tests" /* Wine loads the drivers of one load order group into one process */

SC_HANDLE service_start(const char *driver)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS), service;
    char path[MAX_PATH];
    BOOL started;

    ok(manager != NULL, "OpenSCManager failed: %lu\n", GetLastError());
    snprintf(path, sizeof(path), "\\??\\C:\\windows\\system32\\drivers\\%s.sys", driver);
    service = CreateServiceA(manager, driver, driver, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                             SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, GROUP, NULL, NULL, NULL, NULL);
    if (!service && GetLastError() == ERROR_SERVICE_EXISTS)
        service = OpenServiceA(manager, driver, SERVICE_ALL_ACCESS);
    ok(service != NULL, "CreateService failed: %lu\n", GetLastError());
    CloseServiceHandle(manager);
    if (!service)
        return NULL;
    started = StartServiceA(service, 0, NULL);
    ok(started, "%s: StartService failed: %lu\n", driver, GetLastError());
    if (started)
        return service;
    service_delete(service);
    return NULL;
}

BOOL service_stop(SC_HANDLE service)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    SERVICE_STATUS status;
    BOOL asked = ControlService(service, SERVICE_CONTROL_STOP, &status);

    ok(asked, "ControlService failed: %lu\n", GetLastError());
    while (asked && status.dwCurrentState != SERVICE_STOPPED && GetTickCount64() < end) {
        SwitchToThread();
        if (!QueryServiceStatus(service, &status))
            break;
    }
    ok(asked && status.dwCurrentState == SERVICE_STOPPED, "the driver's state is %lu\n",
       status.dwCurrentState);
    return asked && status.dwCurrentState == SERVICE_STOPPED;
}

void service_delete(SC_HANDLE service)
{
    DeleteService(service);
    CloseServiceHandle(service);
}
