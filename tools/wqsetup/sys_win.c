/*
 * wqsetup.exe, which runs inside the prefix: its arguments, its lock, errors in words.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_win.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char win_text[256];
static HANDLE win_mutex;

const char *sys_problem(void)
{
    return win_text;
}

enum sys_result win_fail(const char *problem)
{
    snprintf(win_text, sizeof(win_text), "%s", problem);
    return SYS_FAILED;
}

enum sys_result win_error(DWORD error)
{
    DWORD size =
        FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error,
                       MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), win_text, sizeof(win_text), NULL);

    while (size && (win_text[size - 1] == '\n' || win_text[size - 1] == '\r' || win_text[size - 1] == '.'))
        win_text[--size] = 0;
    if (!size)
        snprintf(win_text, sizeof(win_text), "error %lu", error);
    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
        return SYS_ABSENT;
    if (error == ERROR_ACCESS_DENIED || error == ERROR_SHARING_VIOLATION || error == ERROR_USER_MAPPED_FILE)
        return SYS_IN_USE;
    return SYS_FAILED;
}

void win_widen(const char *text, wchar_t wide[SETUP_PATH])
{
    if (!MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, SETUP_PATH))
        wide[0] = 0;
}

/* Wine forgets the mutex when its owner ends, however that was. The native program waits for Wine itself. */
static bool win_lock(void)
{
    DWORD result;

    win_mutex = CreateMutexW(NULL, FALSE, L"Global\\wqshim-wqsetup");
    if (!win_mutex)
        return setup_fail(SETUP_IN_USE, "another wqsetup cannot be ruled out: repeat the command");
    result = WaitForSingleObject(win_mutex, 0);
    return result == WAIT_OBJECT_0 || result == WAIT_ABANDONED ||
           setup_fail(SETUP_IN_USE,
                      "another wqsetup works on this prefix: repeat the command when it is done");
}

bool sys_open(bool change)
{
    BOOL redirected = FALSE;

    if (setup_options.prefix || setup_options.wine || setup_options.from || setup_options.wait)
        return setup_fail(SETUP_USAGE, "--prefix, --wine, --from and --wait are for the native wqsetup");
    if (IsWow64Process(GetCurrentProcess(), &redirected) && redirected)
        return setup_fail(SETUP_NO_PREFIX, "this prefix needs the 64-bit wqsetup.exe, or the native wqsetup");
    if (change && strcmp(setup_options.command, "boot"))
        win_wait_for_boot();
    return !change || win_lock();
}

/* The system releases the mutex. */
void sys_close(void)
{
}

bool sys_wide(void)
{
    return sizeof(void *) == 8;
}

bool sys_running(void)
{
    return true;
}

const char *sys_advice(void)
{
    return "end all programs of the prefix and use the native program (wqsetup --prefix DIR ...), which "
           "needs none";
}

void sys_die(int status)
{
    for (;;)
        TerminateProcess(GetCurrentProcess(), (UINT)status);
}

static char *win_argument(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = malloc((size_t)size + 1);

    if (text)
        text[WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL)] = 0;
    return text;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    char **arguments = calloc((size_t)argc + 1, sizeof(*arguments));

    if (win_is_boot() && (argc != 2 || wcscmp(argv[1], WIN_BOOT)))
        return win_boot();
    for (int i = 0; arguments && i < argc; i++)
        if (!(arguments[i] = win_argument(argv[i])))
            return SETUP_WRONG;
    return arguments ? setup_main(argc, arguments) : SETUP_WRONG;
}
