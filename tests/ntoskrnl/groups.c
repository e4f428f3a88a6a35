/*
 * groups.c: loads a test driver through the service manager, lets it run its groups of tests and unloads it.
 *
 * With WQSHIM_MAX_WORKERS=1 in this program's environment it tells the driver that the pool has one worker
 * only; the prefix must have been set up for that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "report.h"
#include "service.h"
#include "wine/test.h"

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

BOOL groups_run(const char *driver, const char *device_name, const char *const *groups, size_t count)
{
    SC_HANDLE service = service_start(driver);
    HANDLE device;
    BOOL stopped;

    if (!service)
        return FALSE;
    device = CreateFileA(device_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ok(device != INVALID_HANDLE_VALUE, "CreateFile failed: %lu\n", GetLastError());
    if (device != INVALID_HANDLE_VALUE) {
        for (size_t i = 0; i < count; i++)
            run_group(device, groups[i]);
        CloseHandle(device);
    }
    stopped = service_stop(service);
    service_delete(service);
    return stopped;
}
