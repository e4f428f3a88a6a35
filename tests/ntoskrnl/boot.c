/*
 * boot.c: what Wine's own drivers do for a prefix is as before: drives are mapped, devices are listed.
 *
 * Prints what it finds, so that two runs can be compared; the drives must be there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <winioctl.h>

#include "wine/test.h"

static const char *const services[] = {"MountMgr", "NsiProxy", "winebus", "WineHID", "PlugPlay"};

static void show_services(void)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);

    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        SC_HANDLE service = OpenServiceA(manager, services[i], SERVICE_QUERY_STATUS);
        SERVICE_STATUS status = {.dwCurrentState = 0};

        if (service)
            QueryServiceStatus(service, &status);
        printf("service %s %lu\n", services[i], status.dwCurrentState);
        CloseServiceHandle(service);
    }
    CloseServiceHandle(manager);
}

/* The registry's list of enumerated devices, without what differs from boot to boot. */
static void show_devices(HKEY parent, const char *path, int depth)
{
    char name[200], full[600];
    HKEY key;

    if (RegOpenKeyExA(parent, path, 0, KEY_READ, &key))
        return;
    for (DWORD i = 0; !RegEnumKeyA(key, i, name, sizeof(name)); i++) {
        snprintf(full, sizeof(full), "%s\\%s", path, name);
        printf("device %s\n", full);
        if (depth > 1)
            show_devices(parent, full, depth - 1);
    }
    RegCloseKey(key);
}

START_TEST(boot)
{
    char target[200] = "", volume[100] = "";
    HANDLE mounts;

    ok(GetDriveTypeA("C:\\") == DRIVE_FIXED, "drive C: has type %u\n", GetDriveTypeA("C:\\"));
    ok(QueryDosDeviceA("C:", target, sizeof(target)) != 0, "QueryDosDevice failed: %lu\n", GetLastError());
    ok(!strncmp(target, "\\Device\\Harddisk", 16), "C: is %s\n", target);
    ok(GetVolumeNameForVolumeMountPointA("C:\\", volume, sizeof(volume)), "no volume name: %lu\n",
       GetLastError());
    mounts = CreateFileA("\\\\.\\MountPointManager", 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                         OPEN_EXISTING, 0, NULL);
    ok(mounts != INVALID_HANDLE_VALUE, "the mount manager does not open: %lu\n", GetLastError());
    CloseHandle(mounts);
    printf("drives %lx\n", GetLogicalDrives());
    show_services();
    show_devices(HKEY_LOCAL_MACHINE, "System\\CurrentControlSet\\Enum", 2);
}
