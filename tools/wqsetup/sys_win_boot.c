/*
 * wqsetup.exe as the prefix's wineboot.exe. Wine runs that one before any other program of a prefix, and the
 * first program waits for it. So this is where modules can be made to fit before anything loads them. A second
 * process does it, so that whatever happens to it, the prefix starts; then Wine's own wineboot.exe runs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_win.h"

#include <string.h>

#define BOOT_NAME  L"wineboot.exe"
#define BOOT_MUTEX L"Global\\wqshim-boot"
#define BOOT_WAIT  300000 /* milliseconds; then the prefix starts as it is, with grafts that may not fit */
#define BOOT_LINE  8192

bool win_is_boot(void)
{
    wchar_t path[SETUP_PATH], *name;
    DWORD used = GetModuleFileNameW(NULL, path, SETUP_PATH);

    name = used && used < SETUP_PATH ? wcsrchr(path, '\\') : NULL;
    return name && !lstrcmpiW(name + 1, BOOT_NAME);
}

/* Starts a program and waits for it. False if it does not start, or not end in time. Without a console, which
 * would start one more program. */
static bool boot_run(const wchar_t *path, const wchar_t *line, DWORD wait, DWORD *status)
{
    STARTUPINFOW startup;
    PROCESS_INFORMATION process;
    wchar_t copy[BOOT_LINE];
    bool ended;

    GetStartupInfoW(&startup);
    lstrcpynW(copy, line, BOOT_LINE);
    if (!CreateProcessW(path, copy, NULL, NULL, TRUE, DETACHED_PROCESS, NULL, NULL, &startup, &process))
        return false;
    ended = WaitForSingleObject(process.hProcess, wait) == WAIT_OBJECT_0 &&
            GetExitCodeProcess(process.hProcess, status);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return ended;
}

int win_boot(void)
{
    wchar_t own[SETUP_PATH], theirs[SETUP_PATH];
    DWORD status = 1;

    win_path("system32\\wineboot.exe", own);
    win_path("wineboot.exe", theirs);
    if (!CreateMutexW(NULL, TRUE, BOOT_MUTEX))
        return 1;
    boot_run(own, L"wineboot.exe " WIN_BOOT, BOOT_WAIT, &status);
    /* The name counts: Wine runs its own program of that name for a file that it marked as its own. */
    status = 1;
    boot_run(theirs, GetCommandLineW(), INFINITE, &status);
    return (int)status;
}

void win_wait_for_boot(void)
{
    HANDLE mutex = OpenMutexW(SYNCHRONIZE, FALSE, BOOT_MUTEX);

    if (!mutex)
        return;
    WaitForSingleObject(mutex, 10000);
    CloseHandle(mutex);
    /* The system lets go of the program's file a moment later. */
    for (int i = 0; i < 100 && sys_check("system32\\wineboot.exe") == SYS_IN_USE; i++)
        Sleep(20);
}
