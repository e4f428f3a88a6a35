/*
 * report.h: what a driver found, told as the calling program's own checks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_REPORT_H
#define TEST_REPORT_H

#include <windows.h>
#include <winioctl.h>

#include "../drivers/ktest.h"

void report_group(const char *group, struct ktest_result *result);

/* What the driver found when it was unloaded; once. */
void report_unload(void);

#endif
