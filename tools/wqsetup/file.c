/*
 * Files: read whole, written to a temporary name and renamed. Wine refuses to replace or delete a file that a
 * process has mapped; such changes are put off to the prefix's next start, where wineboot makes them in the
 * order they were asked for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

bool setup_put_off;

static void file_widen(const char *text, wchar_t *wide)
{
    if (!MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, SETUP_PATH))
        wide[0] = 0;
}

static void file_path(const char *path, wchar_t *wide)
{
    UINT used = GetWindowsDirectoryW(wide, SETUP_PATH / 2);

    wide[used++] = '\\';
    if (!MultiByteToWideChar(CP_UTF8, 0, path, -1, wide + used, SETUP_PATH - (int)used))
        wide[0] = 0;
}

static bool file_read_handle(HANDLE file, const char *name, struct graft_bytes *bytes)
{
    LARGE_INTEGER size;
    DWORD got = 0;
    uint8_t *data;

    if (!GetFileSizeEx(file, &size) || size.QuadPart > GRAFT_FILE_MAX)
        return setup_error("cannot read %s: too large", name);
    data = malloc((size_t)size.QuadPart + 1);
    if (!data)
        return setup_error("out of memory");
    if (!ReadFile(file, data, (DWORD)size.QuadPart, &got, NULL) || got != (DWORD)size.QuadPart) {
        free(data);
        return setup_error("cannot read %s: error %lu", name, GetLastError());
    }
    bytes->data = data;
    bytes->size = got;
    return true;
}

static bool file_read_wide(const wchar_t *path, const char *name, struct graft_bytes *bytes)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              NULL, OPEN_EXISTING, 0, NULL);
    bool read;

    bytes->data = NULL;
    bytes->size = 0;
    if (file == INVALID_HANDLE_VALUE) {
        DWORD error = GetLastError();

        return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
               setup_error("cannot open %s: error %lu", name, error);
    }
    read = file_read_handle(file, name, bytes);
    CloseHandle(file);
    return read;
}

bool setup_read(const char *path, struct graft_bytes *bytes)
{
    wchar_t wide[SETUP_PATH];

    file_path(path, wide);
    return file_read_wide(wide, path, bytes);
}

bool setup_read_staged(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes)
{
    wchar_t wide[2 * SETUP_PATH], *end;
    char relative[SETUP_NAME];
    DWORD used = GetModuleFileNameW(NULL, wide, SETUP_PATH);

    snprintf(relative, sizeof(relative), "%s%s", arch->staged, name);
    end = used && used < SETUP_PATH ? wcsrchr(wide, '\\') : NULL;
    if (!end)
        return setup_error("the path of wqsetup.exe is too long");
    file_widen(relative, end + 1);
    return file_read_wide(wide, name, bytes);
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

bool setup_read_wine(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes)
{
    wchar_t wide[2 * SETUP_PATH] = L"", rest[SETUP_PATH];
    char relative[SETUP_NAME];

    bytes->data = NULL;
    bytes->size = 0;
    snprintf(relative, sizeof(relative), "\\%s\\%s", arch->wine, name);
    file_widen(relative, rest);
    for (unsigned i = 0; !bytes->data && file_wine_dir(i, wide); i++) {
        wcscat(wide, rest);
        if (!file_read_wide(wide, name, bytes))
            return false;
    }
    return true;
}

void setup_release(struct graft_bytes *bytes)
{
    free((void *)(uintptr_t)bytes->data);
    bytes->data = NULL;
    bytes->size = 0;
}

bool setup_exists(const char *path)
{
    wchar_t wide[SETUP_PATH];

    file_path(path, wide);
    return GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
}

void setup_hash_bytes(struct graft_bytes bytes, setup_hash hash)
{
    uint8_t raw[GRAFT_HASH];

    hash[0] = 0;
    if (!bytes.data)
        return;
    graft_hash(bytes.data, bytes.size, raw);
    graft_hash_text(raw, hash);
}

bool setup_write(const char *path, struct graft_bytes bytes)
{
    wchar_t wide[SETUP_PATH], temporary[SETUP_PATH + 8];
    DWORD written = 0, error;
    HANDLE file;
    bool done;

    if (!setup_step("write %s", path))
        return true;
    file_path(path, wide);
    swprintf(temporary, SETUP_PATH + 8, L"%ls.wqtmp", wide);
    file = CreateFileW(temporary, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return setup_error("cannot create %s.wqtmp: error %lu", path, GetLastError());
    done = WriteFile(file, bytes.data, (DWORD)bytes.size, &written, NULL) && written == bytes.size &&
           FlushFileBuffers(file);
    error = GetLastError();
    CloseHandle(file);
    if (!done) {
        DeleteFileW(temporary);
        return setup_error("cannot write %s: error %lu", path, error);
    }
    setup_step("rename %s.wqtmp", path);
    if (MoveFileExW(temporary, wide, MOVEFILE_REPLACE_EXISTING))
        return true;
    error = GetLastError();
    DeleteFileW(temporary);
    if (error == ERROR_ACCESS_DENIED || error == ERROR_SHARING_VIOLATION)
        return setup_error("%s is in use: end all programs of the prefix and repeat the command", path);
    return setup_error("cannot replace %s: error %lu", path, error);
}

bool setup_link(const char *from, const char *to)
{
    wchar_t source[SETUP_PATH], wide[SETUP_PATH], temporary[SETUP_PATH + 8];

    if (!setup_step("keep %s as %s", from, to))
        return true;
    file_path(from, source);
    file_path(to, wide);
    if (CreateHardLinkW(wide, source, NULL))
        return true;
    /* No links on this file system: a copy, complete before it gets its name. CopyFile keeps the time. */
    swprintf(temporary, SETUP_PATH + 8, L"%ls.wqtmp", wide);
    if (CopyFileW(source, temporary, FALSE) && MoveFileExW(temporary, wide, MOVEFILE_REPLACE_EXISTING))
        return true;
    setup_error("cannot copy %s to %s: error %lu", from, to, GetLastError());
    DeleteFileW(temporary);
    return false;
}

static bool file_in_use(DWORD error)
{
    return error == ERROR_ACCESS_DENIED || error == ERROR_SHARING_VIOLATION;
}

static bool file_put_off(const wchar_t *from, const wchar_t *to, const char *name)
{
    if (!MoveFileExW(from, to, MOVEFILE_DELAY_UNTIL_REBOOT | (to ? MOVEFILE_REPLACE_EXISTING : 0)))
        return setup_error("cannot put off the change of %s: error %lu", name, GetLastError());
    setup_put_off = true;
    return true;
}

bool setup_rename(const char *from, const char *to)
{
    wchar_t source[SETUP_PATH], wide[SETUP_PATH];

    if (!setup_step("rename %s to %s", from, to))
        return true;
    file_path(from, source);
    file_path(to, wide);
    if (!setup_put_off && MoveFileExW(source, wide, MOVEFILE_REPLACE_EXISTING))
        return true;
    if (!setup_put_off && !file_in_use(GetLastError()))
        return setup_error("cannot rename %s to %s: error %lu", from, to, GetLastError());
    return file_put_off(source, wide, to);
}

bool setup_delete(const char *path)
{
    wchar_t wide[SETUP_PATH];

    file_path(path, wide);
    if (GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES || !setup_step("delete %s", path))
        return true;
    if (!setup_put_off && DeleteFileW(wide))
        return true;
    if (!setup_put_off && !file_in_use(GetLastError()))
        return setup_error("cannot delete %s: error %lu", path, GetLastError());
    return file_put_off(wide, NULL, path);
}
