/*
 * The registry from inside the prefix. Wine writes it to the disk when its server ends, or now and then.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_win.h"

#include <stdlib.h>
#include <string.h>

#define REG_SESSION L"System\\CurrentControlSet\\Control\\Session Manager"
#define REG_LATER   L"PendingFileRenameOperations"

static LSTATUS reg_open(const char *path, REGSAM access, HKEY *key)
{
    wchar_t wide[SETUP_PATH];

    win_widen(path, wide);
    return RegOpenKeyExW(HKEY_CURRENT_USER, wide, 0, access, key);
}

/* What the registry refuses is never a matter of files in use. */
static enum sys_result reg_result(LSTATUS status)
{
    if (!status)
        return SYS_OK;
    return win_error((DWORD)status) == SYS_ABSENT ? SYS_ABSENT : SYS_FAILED;
}

enum sys_result sys_reg_read(const char *path, const char *name, char *text, size_t room)
{
    wchar_t key[SETUP_PATH], value[SETUP_PATH], wide[SETUP_PATH];
    DWORD size = sizeof(wide);
    LSTATUS status;

    win_widen(path, key);
    win_widen(name, value);
    text[0] = 0;
    status = RegGetValueW(HKEY_CURRENT_USER, key, value, RRF_RT_REG_SZ, NULL, wide, &size);
    if (!status && !WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, (int)room, NULL, NULL))
        status = ERROR_MORE_DATA;
    return status == ERROR_UNSUPPORTED_TYPE ? win_fail("it is not a text") : reg_result(status);
}

enum sys_result sys_reg_write(const char *path, const char *name, const char *text)
{
    wchar_t key[SETUP_PATH], value[SETUP_PATH], wide[SETUP_PATH];
    LSTATUS status;
    HKEY handle;

    win_widen(path, key);
    win_widen(name, value);
    win_widen(text, wide);
    status = RegCreateKeyExW(HKEY_CURRENT_USER, key, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &handle, NULL);
    if (!status) {
        status = RegSetValueExW(handle, value, 0, REG_SZ, (const BYTE *)wide,
                                (DWORD)((wcslen(wide) + 1) * sizeof(*wide)));
        RegCloseKey(handle);
    }
    return reg_result(status);
}

enum sys_result sys_reg_erase(const char *path, const char *name)
{
    wchar_t value[SETUP_PATH];
    HKEY key;
    LSTATUS status = reg_open(path, KEY_ALL_ACCESS, &key);

    win_widen(name, value);
    if (!status) {
        status = RegDeleteValueW(key, value);
        RegCloseKey(key);
    }
    return reg_result(status);
}

bool sys_reg_key_exists(const char *path)
{
    HKEY key;

    if (reg_open(path, KEY_READ, &key))
        return false;
    RegCloseKey(key);
    return true;
}

bool sys_reg_key_empty(const char *path)
{
    DWORD keys = 1, values = 1;
    HKEY key;

    if (reg_open(path, KEY_READ, &key))
        return false;
    RegQueryInfoKeyW(key, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    RegCloseKey(key);
    return !keys && !values;
}

enum sys_result sys_reg_delete_key(const char *path)
{
    wchar_t wide[SETUP_PATH];

    win_widen(path, wide);
    return reg_result(RegDeleteKeyW(HKEY_CURRENT_USER, wide));
}

bool sys_reg_subkey(const char *path, unsigned index, char *name, size_t room)
{
    wchar_t wide[SETUP_PATH];
    DWORD size = SETUP_PATH;
    bool found;
    HKEY key;

    if (reg_open(path, KEY_READ, &key))
        return false;
    found = !RegEnumKeyExW(key, index, wide, &size, NULL, NULL, NULL, NULL) &&
            WideCharToMultiByte(CP_UTF8, 0, wide, -1, name, (int)room, NULL, NULL);
    RegCloseKey(key);
    return found;
}

enum sys_result sys_reg_flush(void)
{
    RegFlushKey(HKEY_CURRENT_USER);
    return SYS_OK;
}

static wchar_t *reg_later(DWORD *size)
{
    wchar_t *list;

    *size = 0;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, REG_SESSION, REG_LATER, RRF_RT_REG_MULTI_SZ, NULL, NULL, size))
        return NULL;
    list = calloc(*size / sizeof(*list) + 4, sizeof(*list));
    if (list &&
        !RegGetValueW(HKEY_LOCAL_MACHINE, REG_SESSION, REG_LATER, RRF_RT_REG_MULTI_SZ, NULL, list, size))
        return list;
    free(list);
    return NULL;
}

bool sys_is_later(const char *path)
{
    wchar_t wide[SETUP_PATH], *list, *at;
    DWORD size;
    bool found = false;

    win_path(path, wide);
    list = reg_later(&size);
    /* Pairs of texts, from and to; to is empty for a removal. */
    for (at = list; at && *at && !found; at += wcslen(at) + 1) {
        found = !wcsncmp(at, L"\\??\\", 4) && !_wcsicmp(at + 4, wide);
        at += wcslen(at) + 1;
    }
    free(list);
    return found;
}

enum sys_result sys_forget_later(const char *const *paths, unsigned count)
{
    (void)paths;
    (void)count;
    return win_fail("only the native program can do that"); /* never called: programs of the prefix run */
}
