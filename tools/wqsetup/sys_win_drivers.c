/*
 * Whether Wine's own drivers still do for the prefix what they did before ntoskrnl.exe was replaced: the mount
 * manager maps drives, the bus driver runs, the input devices that are listed answer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <setupapi.h>

#define DRIVERS_DEADLINE_MS 60000 /* drivers start long after the prefix answers */

static const GUID hid_class = {0x4d1e55b2, 0xf16f, 0x11cf, {0x88, 0xcb, 0x00, 0x11, 0x11, 0x00, 0x00, 0x30}};

/* A driver that is not there, or that the user has disabled, need not run. */
static bool driver_runs(const char *name)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceA(manager, name, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG);
    union {
        QUERY_SERVICE_CONFIGA config;
        char space[8192];
    } buffer;
    SERVICE_STATUS status = {.dwCurrentState = SERVICE_STOPPED};
    bool wanted = false;
    DWORD size;

    if (service && QueryServiceConfigA(service, &buffer.config, sizeof(buffer), &size))
        wanted = buffer.config.dwStartType != SERVICE_DISABLED;
    if (wanted)
        QueryServiceStatus(service, &status);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return !wanted || status.dwCurrentState == SERVICE_RUNNING;
}

static bool drives_mapped(void)
{
    char target[400];

    return QueryDosDeviceA("C:", target, sizeof(target)) && !strncmp(target, "\\Device\\", 8);
}

/* Opens a device's interface. One that somebody else has for himself is there, too. */
static bool device_opens(const char *path)
{
    HANDLE file = CreateFileA(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_SHARING_VIOLATION || GetLastError() == ERROR_ACCESS_DENIED;
    CloseHandle(file);
    return true;
}

static bool devices_open(void)
{
    union {
        SP_DEVICE_INTERFACE_DETAIL_DATA_A detail;
        char space[1000];
    } buffer;
    SP_DEVICE_INTERFACE_DATA interface_data = {.cbSize = sizeof(interface_data)};
    HDEVINFO set = SetupDiGetClassDevsA(&hid_class, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    bool open = true;

    for (DWORD i = 0; open && SetupDiEnumDeviceInterfaces(set, NULL, &hid_class, i, &interface_data); i++) {
        buffer.detail.cbSize = sizeof(buffer.detail);
        if (SetupDiGetDeviceInterfaceDetailA(set, &interface_data, &buffer.detail, sizeof(buffer), NULL,
                                             NULL))
            open = device_opens(buffer.detail.DevicePath);
    }
    SetupDiDestroyDeviceInfoList(set);
    return open;
}

/* What is wrong now, or NULL. */
static const char *drivers_problem(void)
{
    if (!driver_runs("MountMgr"))
        return "the mount manager does not run";
    if (!drives_mapped())
        return "drive C: is not mapped";
    if (!driver_runs("winebus"))
        return "the driver of input devices (winebus) does not run";
    return devices_open() ? NULL : "an input device is listed but does not open";
}

bool sys_sees_drivers(void)
{
    return true;
}

bool sys_drivers_right(const struct setup_state *state)
{
    const char *text = getenv("WQSETUP_DEADLINE_MS"); /* for the tests */
    ULONGLONG end = GetTickCount64() + (text ? strtoul(text, NULL, 10) : DRIVERS_DEADLINE_MS);
    const char *problem = NULL;
    bool grafted = false;

    for (unsigned i = 0; i < state->scopes; i++)
        grafted |= !strcmp(state->scope[i].module->name, "ntoskrnl");
    while (grafted && (problem = drivers_problem()) != NULL && GetTickCount64() < end)
        Sleep(50);
    return !problem || setup_error("Wine's drivers: %s; uninstall ntoskrnl if that stays so", problem);
}
