/*
 * unit.c: the test driver's sources in an ordinary program, on the module as it is, without a graft.
 *
 * With WQSHIM_MAX_WORKERS=1 the tests that need a pool of one worker run as well.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "host.h"
#define STANDALONE
#include "wine/test.h"

static BOOL single(void)
{
    const char *workers = getenv("WQSHIM_MAX_WORKERS");

    return workers && !strcmp(workers, "1");
}

static void run(const char *group)
{
    static struct ktest_result result;
    LONG status = host_start();

    ok(!status, "DriverEntry returned %lx\n", status);
    status = host_run(group, single(), &result);
    ok(!status, "the request returned %lx\n", status);
    report_group(group, &result);
    status = host_stop();
    ok(!status, "%ld references are left\n", status);
    report_unload();
}

#define GROUP(name)                                                                                          \
    static void func_##name(void)                                                                            \
    {                                                                                                        \
        run(#name);                                                                                          \
    }

GROUP(io)
GROUP(ex)
GROUP(irql)
GROUP(locks)
GROUP(dpc)
GROUP(dpc_work)
GROUP(places)
GROUP(waits)
GROUP(misuse)
GROUP(misuse_state)
GROUP(timer)
GROUP(flood)

static void func_references(void)
{
    const char *wrong = host_references();

    ok(!wrong, "%s\n", wrong);
    wrong = host_references_race();
    ok(!wrong, "race: %s\n", wrong);
    wrong = host_references_many();
    ok(!wrong, "many devices: %s\n", wrong);
}

static void func_memory(void)
{
    const char *wrong;

    host_start();
    wrong = host_no_memory();
    ok(!wrong, "%s\n", wrong);
    host_stop();
}

/* ---- what happens after a misuse: in a child, chosen by the environment ---- */

static void func_child(void)
{
    host_misuse();
}

static DWORD child(const char *action)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info;
    char command[MAX_PATH + 20], path[MAX_PATH];
    DWORD code = ~0u;

    GetModuleFileNameA(NULL, path, sizeof(path));
    snprintf(command, sizeof(command), "\"%s\" child", path);
    SetEnvironmentVariableA("WQSHIM_MISUSE", action);
    if (!CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &info))
        return code;
    if (WaitForSingleObject(info.hProcess, 60000) == WAIT_OBJECT_0)
        GetExitCodeProcess(info.hProcess, &code);
    CloseHandle(info.hThread);
    CloseHandle(info.hProcess);
    return code;
}

static void func_actions(void)
{
    char path[MAX_PATH], text[1000] = "";
    DWORD code, size = 0;
    HANDLE file;

    GetTempPathA(sizeof(path), path);
    strcat(path, "misuse.txt");
    DeleteFileA(path);
    SetEnvironmentVariableA("WQSHIM_MISUSE_FILE", path);
    code = child("report");
    ok(code == 0, "report: the child ended with %lx\n", code);
    code = child("end");
    ok(code == 0xe4, "end: the child ended with %lx\n", code);
    code = child("break");
    ok(code == EXCEPTION_BREAKPOINT, "break: the child ended with %lx\n", code);
    file = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    ok(file != INVALID_HANDLE_VALUE && ReadFile(file, text, sizeof(text) - 1, &size, NULL), "no report\n");
    text[size] = 0;
    ok(!strncmp(text, "wqshim: WORKER_INVALID (0xE4: 0x6, 0x", 37) && strstr(text, ", 0x7, 0x0): item "),
       "the report is %s\n", wine_dbgstr_a(text));
    ok(strstr(text, "unit.exe+0x") != NULL, "no module and offset: %s\n", wine_dbgstr_a(text));
    CloseHandle(file);
}

const struct test winetest_testlist[] = {{"io", func_io},
                                         {"ex", func_ex},
                                         {"irql", func_irql},
                                         {"misuse", func_misuse},
                                         {"misuse_state", func_misuse_state},
                                         {"locks", func_locks},
                                         {"dpc", func_dpc},
                                         {"dpc_work", func_dpc_work},
                                         {"places", func_places},
                                         {"waits", func_waits},
                                         {"timer", func_timer},
                                         {"flood", func_flood},
                                         {"references", func_references},
                                         {"memory", func_memory},
                                         {"actions", func_actions},
                                         {"child", func_child},
                                         {0, 0}};
