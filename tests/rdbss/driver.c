/*
 * driver.c: loads wqrx.sys through the service manager, lets it run its groups of tests, and unloads it under
 * load, again and again.
 *
 * The environment says what the prefix was set up for: WQSHIM_MAX_WORKERS=1 that the pool has one worker only.
 * WQRX_CYCLES is how often the driver is loaded and unloaded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include <tlhelp32.h>

#include "../ntoskrnl/groups.h"
#include "../ntoskrnl/service.h"
#include "wine/test.h"

#define CYCLES       10
#define MORE_THREADS 60
#define DEADLINE_MS  60000

static const char *const groups[] = {"post", "spin", "timer", "end", "load", "twice"};

START_TEST(driver)
{
    groups_run("wqrx", "\\\\.\\wqtest", groups, ARRAY_SIZE(groups));
}

/* Threads of all winedevice.exe processes; *processes of them. */
static unsigned driver_threads(unsigned *processes)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32 entry = {.dwSize = sizeof(entry)};
    unsigned threads = 0;

    *processes = 0;
    for (BOOL more = Process32First(snapshot, &entry); more; more = Process32Next(snapshot, &entry)) {
        if (!strcmp(entry.szExeFile, "winedevice.exe")) {
            threads += entry.cntThreads;
            ++*processes;
        }
    }
    CloseHandle(snapshot);
    return threads;
}

/* One life: the driver starts, and is unloaded while its threads post. */
static BOOL cycle(SC_HANDLE service, HANDLE good, HANDLE bad, int n)
{
    HANDLE events[2] = {good, bad};
    DWORD result;

    ResetEvent(good);
    if (n && !StartServiceA(service, 0, NULL)) {
        ok(0, "cycle %d: StartService failed: %lu\n", n, GetLastError());
        return FALSE;
    }
    if (!service_stop(service))
        return FALSE;
    result = WaitForMultipleObjects(2, events, FALSE, DEADLINE_MS);
    ok(result == WAIT_OBJECT_0, "cycle %d: %s\n", n,
       result == WAIT_TIMEOUT ? "the driver did not tell" : "work was lost or ran twice");
    return result == WAIT_OBJECT_0;
}

START_TEST(cycles)
{
    const char *wanted = getenv("WQRX_CYCLES");
    int count = wanted ? atoi(wanted) : CYCLES;
    HANDLE good = CreateEventA(NULL, TRUE, FALSE, "Global\\wqrx_good");
    HANDLE bad = CreateEventA(NULL, TRUE, FALSE, "Global\\wqrx_bad");
    SC_HANDLE service = service_start("wqrx");
    unsigned before = 0, after, processes, done = 0;

    while (service && (int)done < count && cycle(service, good, bad, (int)done)) {
        done++;
        if (done == 2)
            before = driver_threads(&processes);
        if (wanted && done % 100 == 0)
            trace("%u cycles, %u threads of %u processes\n", done, driver_threads(&processes), processes);
    }
    ok((int)done == count, "%u of %d cycles\n", done, count);
    /* The pool keeps idle workers for a while, and other drivers of the prefix come and go: this sees a leak in a
     * long run only. Exactly none is left says the unit test. */
    after = driver_threads(&processes);
    ok(after < before + MORE_THREADS, "%u threads after two cycles, %u after %d\n", before, after, count);
    trace("%u cycles: %u threads after two, %u in the end, in %u processes\n", done, before, after,
          processes);
    if (service)
        service_delete(service);
    CloseHandle(good);
    CloseHandle(bad);
}
