/*
 * Files of wqsetup.exe. Wine follows symbolic links in a prefix without telling: MoveFileEx and CreateHardLink
 * act on the file that a link leads to. So a file that is one is recognised by where it really is, and left
 * to the native program.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_win.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void win_path(const char *path, wchar_t wide[SETUP_PATH])
{
    UINT used = GetWindowsDirectoryW(wide, SETUP_PATH / 2);

    wide[used++] = '\\';
    if (!MultiByteToWideChar(CP_UTF8, 0, path, -1, wide + used, SETUP_PATH - (int)used))
        wide[0] = 0;
}

static enum sys_result file_read_handle(HANDLE file, struct graft_bytes *bytes)
{
    LARGE_INTEGER size;
    DWORD got = 0, error;
    uint8_t *data;

    if (!GetFileSizeEx(file, &size) || size.QuadPart > GRAFT_FILE_MAX)
        return win_fail("too large");
    data = malloc((size_t)size.QuadPart + 1);
    if (!data)
        return win_fail("out of memory");
    if (!ReadFile(file, data, (DWORD)size.QuadPart, &got, NULL) || got != (DWORD)size.QuadPart) {
        error = GetLastError();
        free(data);
        win_error(error);
        return SYS_FAILED;
    }
    bytes->data = data;
    bytes->size = got;
    return SYS_OK;
}

static enum sys_result file_read_wide(const wchar_t *path, struct graft_bytes *bytes)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              NULL, OPEN_EXISTING, 0, NULL);
    enum sys_result result;

    bytes->data = NULL;
    bytes->size = 0;
    if (file == INVALID_HANDLE_VALUE)
        return win_error(GetLastError());
    result = file_read_handle(file, bytes);
    CloseHandle(file);
    return result;
}

enum sys_result sys_read(const char *path, struct graft_bytes *bytes)
{
    wchar_t wide[SETUP_PATH];

    win_path(path, wide);
    return file_read_wide(wide, bytes);
}

/* Beside this program; those of the other architecture in that one's folder beside ours. */
bool sys_read_staged(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes)
{
    wchar_t wide[2 * SETUP_PATH], *end;
    char relative[SETUP_NAME];
    DWORD used = GetModuleFileNameW(NULL, wide, SETUP_PATH);
    bool other = arch->machine != (sizeof(void *) == 8 ? GRAFT_AMD64 : GRAFT_I386);

    snprintf(relative, sizeof(relative), other ? "..\\%s\\%s" : "%.0s%s", arch->staged, name);
    end = used && used < SETUP_PATH ? wcsrchr(wide, '\\') : NULL;
    if (!end)
        return setup_fail(SETUP_BAD_FILE, "the path of wqsetup.exe is too long: move its folder");
    win_widen(relative, end + 1);
    return file_read_wide(wide, bytes) < SYS_IN_USE ||
           setup_fail(SETUP_BAD_FILE, "cannot read %s beside wqsetup.exe: %s", name, sys_problem());
}

/*
 * Wine tells its processes where its own modules are: WINEDLLDIR0, WINEDLLDIR1 ... as NT paths. The tests
 * name another folder in WQSETUP_WINE_DIR to play an update of Wine.
 */
static bool file_wine_dir(unsigned index, wchar_t *wide)
{
    wchar_t variable[32];
    DWORD used = GetEnvironmentVariableW(L"WQSETUP_WINE_DIR", wide, SETUP_PATH);

    if (used)
        return !index && used < SETUP_PATH;
    swprintf(variable, 32, L"WINEDLLDIR%u", index);
    used = GetEnvironmentVariableW(variable, wide, SETUP_PATH);
    if (!wcsncmp(wide, L"\\??\\", 4))
        wide[1] = '\\';
    return used && used < SETUP_PATH;
}

enum sys_result sys_read_wine(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes)
{
    wchar_t wide[2 * SETUP_PATH] = L"", rest[SETUP_PATH];
    char relative[SETUP_NAME];
    enum sys_result result = SYS_ABSENT;

    bytes->data = NULL;
    bytes->size = 0;
    snprintf(relative, sizeof(relative), "\\%s\\%s", arch->wine, name);
    win_widen(relative, rest);
    for (unsigned i = 0; result == SYS_ABSENT && file_wine_dir(i, wide); i++) {
        wcscat(wide, rest);
        result = file_read_wide(wide, bytes);
    }
    return result;
}

const char *sys_other_wine(void)
{
    return NULL; /* this program runs on the prefix's own */
}

bool sys_exists(const char *path)
{
    wchar_t wide[SETUP_PATH];

    win_path(path, wide);
    return GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
}

/* Whether a file is where its path says. */
static bool file_at_home(HANDLE file, const wchar_t *path)
{
    wchar_t final[2 * SETUP_PATH];
    DWORD size = GetFinalPathNameByHandleW(file, final, 2 * SETUP_PATH, VOLUME_NAME_DOS);

    return !size || size >= 2 * SETUP_PATH || wcsncmp(final, L"\\\\?\\", 4) || !_wcsicmp(final + 4, path);
}

enum sys_result sys_check(const char *path)
{
    wchar_t wide[SETUP_PATH];
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    HANDLE file;
    bool home;

    win_path(path, wide);
    file = CreateFileW(wide, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return win_error(GetLastError());
    home = file_at_home(file, wide);
    CloseHandle(file);
    if (!home)
        return win_fail("is a symbolic link, which only the native program can keep");
    /* A file that is mapped as a module cannot be opened for writing. */
    file = CreateFileW(wide, GENERIC_WRITE, share, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION)
        return win_error(ERROR_SHARING_VIOLATION);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    return SYS_OK;
}

enum sys_result sys_create(const char *path, struct graft_bytes bytes)
{
    wchar_t wide[SETUP_PATH];
    DWORD written = 0, error = 0;
    HANDLE file;

    win_path(path, wide);
    /* What is left of an earlier run may be a link. */
    DeleteFileW(wide);
    file = CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        win_error(GetLastError());
        return SYS_FAILED;
    }
    if (!WriteFile(file, bytes.data, (DWORD)bytes.size, &written, NULL) || written != bytes.size ||
        !FlushFileBuffers(file))
        error = GetLastError() ? GetLastError() : ERROR_DISK_FULL;
    CloseHandle(file);
    if (!error)
        return SYS_OK;
    DeleteFileW(wide);
    win_error(error);
    return SYS_FAILED;
}

enum sys_result sys_rename(const char *from, const char *to)
{
    wchar_t source[SETUP_PATH], wide[SETUP_PATH];

    win_path(from, source);
    win_path(to, wide);
    return MoveFileExW(source, wide, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)
               ? SYS_OK
               : win_error(GetLastError());
}

enum sys_result sys_remove(const char *path)
{
    wchar_t wide[SETUP_PATH];

    win_path(path, wide);
    return DeleteFileW(wide) ? SYS_OK : win_error(GetLastError());
}

enum sys_result sys_link(const char *from, const char *to)
{
    wchar_t source[SETUP_PATH], wide[SETUP_PATH], temporary[SETUP_PATH + 8];
    DWORD error;

    win_path(from, source);
    win_path(to, wide);
    if (CreateHardLinkW(wide, source, NULL))
        return SYS_OK;
    /* No links on this file system: a copy, complete before it gets its name. CopyFile keeps the time. */
    swprintf(temporary, SETUP_PATH + 8, L"%ls.wqtmp", wide);
    if (CopyFileW(source, temporary, FALSE) && MoveFileExW(temporary, wide, MOVEFILE_REPLACE_EXISTING))
        return SYS_OK;
    error = GetLastError();
    DeleteFileW(temporary);
    return win_error(error);
}

enum sys_result sys_later(const char *from, const char *to)
{
    wchar_t source[SETUP_PATH], wide[SETUP_PATH];

    win_path(from, source);
    if (to)
        win_path(to, wide);
    return MoveFileExW(source, to ? wide : NULL,
                       MOVEFILE_DELAY_UNTIL_REBOOT | (to ? MOVEFILE_REPLACE_EXISTING : 0))
               ? SYS_OK
               : win_error(GetLastError());
}
