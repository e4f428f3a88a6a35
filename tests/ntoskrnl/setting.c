/*
 * setting.c: the front's settings in the registry, and its report file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include <windows.h>

#include "setting.h"
#include "wine/test.h"

void setting_put(const char *name, const char *value)
{
    LSTATUS status;
    HKEY key;

    status = RegCreateKeyA(HKEY_LOCAL_MACHINE, "Software\\wqshim", &key);
    ok(!status, "RegCreateKey failed: %ld\n", status);
    if (status)
        return;
    if (value)
        RegSetValueExA(key, name, 0, REG_SZ, (const BYTE *)value, (DWORD)strlen(value) + 1);
    else
        RegDeleteValueA(key, name);
    RegCloseKey(key);
}

void setting_check_report(const char *path, const char *first, const char *second)
{
    char text[2000] = "";
    DWORD size = 0;
    HANDLE file =
        CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);

    ok(file != INVALID_HANDLE_VALUE && ReadFile(file, text, sizeof(text) - 1, &size, NULL),
       "no report: %lu\n", GetLastError());
    text[size] = 0;
    ok(strstr(text, first) != NULL, "the report: %s\n", wine_dbgstr_a(text));
    ok(strstr(text, second) != NULL, "the report: %s\n", wine_dbgstr_a(text));
    CloseHandle(file);
}
