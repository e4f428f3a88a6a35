/*
 * driver.c: wqtest.sys's groups of tests, and loading it anew.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "groups.h"
#include "report.h"
#include "service.h"
#include "wine/test.h"

static const char *const groups[] = {"io",     "ex",    "irql",   "locks",        "dpc",   "dpc_work",
                                     "places", "waits", "misuse", "misuse_state", "timer", "flood"};

START_TEST(driver)
{
    if (groups_run("wqtest", "\\\\.\\wqtest", groups, ARRAY_SIZE(groups)))
        report_unload();
}

/* Loaded anew, the driver starts afresh. */
START_TEST(again)
{
    for (int i = 0; i < 3; i++) {
        SC_HANDLE service = service_start("wqtest");

        if (service) {
            if (service_stop(service))
                report_unload();
            service_delete(service);
        }
    }
}
