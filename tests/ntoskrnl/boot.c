/*
 * boot.c: what Wine's own drivers do for a prefix is as before: drives are mapped, devices are there and open.
 *
 * Prints what it finds, a line each. If WQ_BOOT_EXPECTED names a file with such lines, of a boot on the builtin,
 * they must all be found again. Drivers start and devices appear one after the other, long after the prefix
 * answers; so everything is looked for until it is there, with a deadline. Devices of other makers than the
 * drivers (monitors) are left out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <setupapi.h>
#include <hidsdi.h>

#include "wine/test.h"

#define DEADLINE_MS 60000
#define LIST_SIZE   8000

static const GUID hid_class = {
    0x4d1e55b2, 0xf16f, 0x11cf, {0x88, 0xcb, 0x00, 0x11, 0x11, 0x00, 0x00, 0x30}}; /* GUID_DEVINTERFACE_HID */
static const char *const services[] = {"MountMgr", "NsiProxy", "winebus", "WineHID", "PlugPlay"};
static char found[LIST_SIZE];

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    size_t length = strlen(found);
    va_list args;

    va_start(args, format);
    vsnprintf(found + length, sizeof(found) - length, format, args);
    va_end(args);
}

static void look_at_drives(void)
{
    char name[] = "A:", target[200];

    for (; name[0] <= 'Z'; name[0]++)
        if (QueryDosDeviceA(name, target, sizeof(target)))
            note("drive %s %.16s\n", name, target);
}

static void look_at_services(void)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);

    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        SC_HANDLE service = OpenServiceA(manager, services[i], SERVICE_QUERY_STATUS);
        SERVICE_STATUS status;

        if (service && QueryServiceStatus(service, &status) && status.dwCurrentState == SERVICE_RUNNING)
            note("service %s runs\n", services[i]);
        CloseServiceHandle(service);
    }
    CloseServiceHandle(manager);
}

/* A device that answers: its driver serves requests. */
static void look_at_hid(const char *path)
{
    HIDD_ATTRIBUTES attributes = {.Size = sizeof(attributes)};
    HANDLE file = CreateFileA(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return;
    if (HidD_GetAttributes(file, &attributes))
        note("hid %04x:%04x answers\n", attributes.VendorID, attributes.ProductID);
    CloseHandle(file);
}

static void look_at_devices(void)
{
    char buffer[sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_A) + 500];
    SP_DEVICE_INTERFACE_DETAIL_DATA_A *detail = (SP_DEVICE_INTERFACE_DETAIL_DATA_A *)buffer;
    SP_DEVICE_INTERFACE_DATA interface_data = {.cbSize = sizeof(interface_data)};
    HDEVINFO set = SetupDiGetClassDevsA(&hid_class, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);

    for (DWORD i = 0; SetupDiEnumDeviceInterfaces(set, NULL, &hid_class, i, &interface_data); i++) {
        detail->cbSize = sizeof(*detail);
        if (SetupDiGetDeviceInterfaceDetailA(set, &interface_data, detail, sizeof(buffer), NULL, NULL))
            look_at_hid(detail->DevicePath);
    }
    SetupDiDestroyDeviceInfoList(set);
}

static void look(void)
{
    found[0] = 0;
    look_at_drives();
    look_at_services();
    look_at_devices();
}

/* Returns the first line of the text that was not found, or NULL. */
static const char *missing(const char *text)
{
    static char line[300];

    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        snprintf(line, sizeof(line), "%.*s", (int)(end - text + 1), text);
        if (!strstr(found, line))
            return line;
    }
    return NULL;
}

static void read_expected(char *text, size_t size)
{
    const char *path = getenv("WQ_BOOT_EXPECTED");
    FILE *file = path ? fopen(path, "rb") : NULL;

    ok(!path || file, "%s does not open\n", path);
    text[file ? fread(text, 1, size - 1, file) : 0] = 0;
    if (file)
        fclose(file);
}

START_TEST(boot)
{
    static char expected[LIST_SIZE];
    static const char always[] = "drive C: \\Device\\Harddisk\nservice MountMgr runs\nservice winebus runs\n"
                                 "service WineHID runs\n";
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    char volume[100] = "";
    const char *line;
    HANDLE mounts;

    read_expected(expected, sizeof(expected));
    look();
    while ((missing(always) || missing(expected) || !strstr(found, "\nhid ")) && GetTickCount64() < end) {
        Sleep(20);
        look();
    }
    fputs(found, stdout);
    line = missing(always);
    ok(!line, "missing: %s", line);
    line = missing(expected);
    ok(!line, "missing, but there on the builtin: %s", line);
    ok(strstr(found, "\nhid ") != NULL, "no HID device answers\n");
    ok(GetDriveTypeA("C:\\") == DRIVE_FIXED, "drive C: has type %u\n", GetDriveTypeA("C:\\"));
    ok(GetVolumeNameForVolumeMountPointA("C:\\", volume, sizeof(volume)), "no volume name: %lu\n",
       GetLastError());
    mounts = CreateFileA("\\\\.\\MountPointManager", 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                         OPEN_EXISTING, 0, NULL);
    ok(mounts != INVALID_HANDLE_VALUE, "the mount manager does not open: %lu\n", GetLastError());
    CloseHandle(mounts);
}
