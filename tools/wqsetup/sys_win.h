/*
 * What the parts of wqsetup.exe share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_SYS_WIN_H
#define SETUP_SYS_WIN_H

#include "sys.h"

#include <windows.h>

/* UTF-16 of a text; empty if it is not UTF-8 or too long. */
void win_widen(const char *text, wchar_t wide[SETUP_PATH]);
/* The absolute path of a file of the Windows folder. */
void win_path(const char *path, wchar_t wide[SETUP_PATH]);
/* sys_win_boot.c: what the program does where it stands in for the prefix's wineboot.exe: has a second process
 * of it look after the modules, then runs Wine's own. Returns that one's exit status. */
#define WIN_BOOT L"boot" /* the argument of that second process */
bool win_is_boot(void);
int win_boot(void);
/* Waits until no wineboot.exe of ours runs, at most a few seconds: it cannot be replaced while it does. */
void win_wait_for_boot(void);
/* Notes a Windows error for sys_problem. */
enum sys_result win_error(DWORD error);
enum sys_result win_fail(const char *problem);

#endif
