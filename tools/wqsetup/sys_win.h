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
/* Notes a Windows error for sys_problem. */
enum sys_result win_error(DWORD error);
enum sys_result win_fail(const char *problem);

#endif
