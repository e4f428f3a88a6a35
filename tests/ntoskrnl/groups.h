/*
 * groups.h: a test driver's groups of tests, run under winedevice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_GROUPS_H
#define TEST_GROUPS_H

#include <windows.h>

/* Starts DRIVER.sys as a service, lets it run its groups through that device and stops it. The service is deleted in any
 * case. True if the driver was stopped. */
BOOL groups_run(const char *driver, const char *device, const char *const *groups, size_t count);

#endif
