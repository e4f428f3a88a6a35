/*
 * driver.c: wqstor.sys's groups of tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../ntoskrnl/groups.h"
#include "wine/test.h"

static const char *const groups[] = {"worker", "timer", "dpc", "helper", "life", "remove", "refused", "race"};

START_TEST(driver)
{
    groups_run("wqstor", "\\\\.\\wqstor", groups, ARRAY_SIZE(groups));
}
