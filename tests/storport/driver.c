/*
 * driver.c: loads wqstor.sys through the service manager, lets it run its groups of tests and unloads it.
 *
 * With WQSHIM_MAX_WORKERS=1 in this program's environment it tells the driver that the pool has one worker
 * only; the prefix must have been set up for that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "../ntoskrnl/report.h"
#include "../ntoskrnl/service.h"
#include "wine/test.h"

static const char *const groups[] = {"worker", "timer", "dpc", "helper", "life"};

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

START_TEST(driver)
{
    SC_HANDLE service = service_start("wqstor");
    HANDLE device;

    if (!service)
        return;
    device = CreateFileA("\\\\.\\wqstor", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ok(device != INVALID_HANDLE_VALUE, "CreateFile failed: %lu\n", GetLastError());
    if (device != INVALID_HANDLE_VALUE) {
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
            run_group(device, groups[i]);
        CloseHandle(device);
    }
    service_stop(service);
    service_delete(service);
}
