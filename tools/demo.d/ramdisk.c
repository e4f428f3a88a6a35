/*
 * ramdisk.c: loads ramdisk.sys, a StorPort miniport driver, through the service manager, writes to its disk from
 * several threads and reads that back, and prints how the driver's work items served that. For the
 * demonstration.
 *
 * Of wqshim the program knows a name only, wqcore.dll, to tell which of the driver's threads started there. It
 * sends SCSI commands to \\.\ScsiN:, as disk tools do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>

#include "../../tests/storport/disk.h"

#include <winternl.h>

#include <tlhelp32.h>

#define SERVICE     "ramdisk"
#define PATH        "\\??\\C:\\windows\\system32\\drivers\\ramdisk.sys"
#define THREADS     4
#define TRANSFERS   250 /* of each thread, each way */
#define BLOCKS      8   /* of one transfer */
#define DEADLINE_MS 60000

static HANDLE adapter;
static LONG wrong; /* interlocked */

/* Each thread has a quarter of the disk for itself. */
static DWORD WINAPI writer(void *param)
{
    ULONG first = (ULONG)(ULONG_PTR)param * (RAMDISK_BLOCKS / THREADS);
    UCHAR out[BLOCKS * RAMDISK_BLOCK], in[BLOCKS * RAMDISK_BLOCK];

    for (ULONG i = 0; i < TRANSFERS; i++) {
        ULONG block = first + i * BLOCKS;

        memset(out, (int)(first + i * 7), sizeof(out));
        if (!disk_transfer(adapter, block, out, BLOCKS, FALSE, FALSE) ||
            !disk_transfer(adapter, block, in, BLOCKS, TRUE, FALSE) || memcmp(in, out, sizeof(in)))
            InterlockedIncrement(&wrong);
    }
    return 0;
}

static BOOL write_and_read(void)
{
    HANDLE threads[THREADS];
    DWORD done;

    for (ULONG_PTR i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, writer, (void *)i, 0, NULL);
    done = WaitForMultipleObjects(THREADS, threads, TRUE, DEADLINE_MS);
    for (int i = 0; i < THREADS; i++)
        CloseHandle(threads[i]);
    return done == WAIT_OBJECT_0 && !wrong;
}

/* Whether a thread of another process started in the module of that name there. */
static BOOL started_in(ULONG id, const char *name)
{
    HANDLE thread = OpenThread(THREAD_QUERY_INFORMATION, FALSE, id);
    HANDLE modules = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, GetProcessIdOfThread(thread));
    MODULEENTRY32 module = {.dwSize = sizeof(module)};
    ULONG_PTR start = 0;
    BOOL found = FALSE;

    NtQueryInformationThread(thread, ThreadQuerySetWin32StartAddress, &start, sizeof(start), NULL);
    for (BOOL more = Module32First(modules, &module); more && !found; more = Module32Next(modules, &module)) {
        ULONG_PTR base = (ULONG_PTR)module.modBaseAddr;

        found = !_stricmp(module.szModule, name) && start - base < module.modBaseSize;
    }
    CloseHandle(modules);
    CloseHandle(thread);
    return found;
}

static void show(const struct ramdisk_report *report)
{
    ULONG known = report->threads < RAMDISK_THREADS_SEEN ? report->threads : RAMDISK_THREADS_SEEN;
    ULONG ours = 0;

    for (ULONG i = 0; i < known; i++)
        if (started_in(report->thread[i], "wqcore.dll"))
            ours++;

    printf("%lu commands served in %lu work items, at most %lu in one; %lu times the worker was queued "
           "already\n",
           report->commands, report->work_items, report->longest, report->busy);
    printf("on %lu threads, %lu of them started by wqcore.dll:", report->threads, ours);
    for (ULONG i = 0; i < known; i++)
        printf(" %04lx", report->thread[i]);
    printf("; %lu work items were not at PASSIVE_LEVEL\n", report->bad_levels);
}

static int use_disk(void)
{
    struct ramdisk_report report;

    adapter = disk_open();
    if (!adapter) {
        printf("the driver has no adapter\n");
        return 1;
    }
    if (!write_and_read()) {
        printf("%ld transfers went wrong\n", wrong);
        return 1;
    }
    if (!disk_report(adapter, &report)) {
        printf("the driver does not report: error %lu\n", GetLastError());
        return 1;
    }
    CloseHandle(adapter);
    show(&report);
    return report.commands != 2 * THREADS * TRANSFERS || !report.work_items || report.bad_levels;
}

int main(void)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service =
        CreateServiceA(manager, SERVICE, SERVICE, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                       SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, PATH, NULL, NULL, NULL, NULL, NULL);
    SERVICE_STATUS state;
    int status = 2;

    if (StartServiceA(service, 0, NULL)) {
        status = use_disk();
        ControlService(service, SERVICE_CONTROL_STOP, &state);
    } else {
        printf("the driver does not load: error %lu\n", GetLastError());
    }
    DeleteService(service);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return status;
}
