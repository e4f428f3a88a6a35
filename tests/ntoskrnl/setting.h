/*
 * setting.h: the front's settings in the registry, and its report file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_SETTING_H
#define TEST_SETTING_H

/* Sets a string value of HKEY_LOCAL_MACHINE\Software\wqshim; NULL deletes it. */
void setting_put(const char *name, const char *value);

/* Checks that the report file holds both texts. */
void setting_check_report(const char *path, const char *first, const char *second);

#endif
