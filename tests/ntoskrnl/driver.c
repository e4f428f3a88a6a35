/*
 * driver.c: loads wqtest.sys through the service manager, lets it run its groups of tests and unloads it.
 *
 * With WQSHIM_MAX_WORKERS=1 in this program's environment it tells the driver that the pool has one worker
 * only; the prefix must have been set up for that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "service.h"
#include "wine/test.h"

static const char *const groups[] = {"io",     "ex",    "irql",   "locks", "dpc",
                                     "places", "waits", "misuse", "flood"};

static BOOL single(void)
{
    const char *workers = getenv("WQSHIM_MAX_WORKERS");

    return workers && !strcmp(workers, "1");
}

static void run_group(HANDLE device, const char *group)
{
    static struct ktest_result result;
    struct ktest_request request = {.single = (ULONG)single()};
    DWORD size;
    BOOL done;

    memcpy(request.group, group, strlen(group) + 1);
    done = DeviceIoControl(device, KTEST_IOCTL_RUN, &request, sizeof(request), &result, sizeof(result), &size,
                           NULL);
    ok(done && size == sizeof(result), "%s: DeviceIoControl failed: %lu\n", group, GetLastError());
    if (done)
        report_group(group, &result);
}

static void run_driver(void)
{
    SC_HANDLE service = service_start("wqtest");
    HANDLE device;

    if (!service)
        return;
    device = CreateFileA("\\\\.\\wqtest", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ok(device != INVALID_HANDLE_VALUE, "CreateFile failed: %lu\n", GetLastError());
    if (device != INVALID_HANDLE_VALUE) {
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
            run_group(device, groups[i]);
        CloseHandle(device);
    }
    if (service_stop(service))
        report_unload();
    service_delete(service);
}

START_TEST(driver)
{
    run_driver();
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
