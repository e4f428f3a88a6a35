/*
 * misuse.c: what drivers do wrong: one report by the code and name of the bug check that Windows would stop
 * with, then the action that was chosen.
 *
 * Settings, read anew for each report: MISUSE is "report" (go on, the default), "break" (into a debugger) or
 * "end" (the process, with the code as its status); MISUSE_FILE is a file (a DOS path) that gets a line for
 * each. Every report also goes to the debugger, as DbgPrint does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "nt.h"

#define LINE_SIZE 400
#define PATH_SIZE 260

static struct wqnt_misuse last; /* L */

/* Copies the last misuse. See wqnt.h. */
void NTAPI WqNtMisuseQuery(struct wqnt_misuse *misuse)
{
    nt_lock_take();
    *misuse = last;
    nt_lock_drop();
}

static const char *code_name(ULONG code)
{
    switch (code) {
    case NT_WORKER_INVALID:
        return "WORKER_INVALID";
    case NT_INVALID_ITEM:
        return "INVALID_WORK_QUEUE_ITEM";
    case NT_BAD_IRQL_ON_RETURN:
        return "WORKER_THREAD_RETURNED_AT_BAD_IRQL";
    case NT_IMPERSONATING:
        return "IMPERSONATING_WORKER_THREAD";
    case NT_VERIFIER:
        return "DRIVER_VERIFIER_DETECTED_VIOLATION";
    case NT_UNLOADED_PENDING:
        return "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS";
    case NT_DPC_INVALID:
        return "TIMER_OR_DPC_INVALID";
    case NT_IRQL_UNEXPECTED:
        return "IRQL_UNEXPECTED_VALUE";
    default:
        return "IRQL_NOT_LESS_OR_EQUAL";
    }
}

static void write_line(const char *line, size_t length)
{
    WCHAR path[PATH_SIZE + 4] = L"\\??\\";
    size_t chars = nt_setting(L"MISUSE_FILE", path + 4, PATH_SIZE);
    UNICODE_STRING name = {(USHORT)((chars + 4) * sizeof(WCHAR)), (USHORT)((chars + 4) * sizeof(WCHAR)),
                           path};
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    HANDLE file;

    DbgPrint("%s", line);
    if (!chars)
        return;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (NtCreateFile(&file, FILE_APPEND_DATA | SYNCHRONIZE, &attributes, &io, NULL, FILE_ATTRIBUTE_NORMAL,
                     FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN_IF, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0))
        return;
    NtWriteFile(file, NULL, NULL, NULL, &io, line, (ULONG)length, NULL, NULL);
    NtClose(file);
}

static void act(ULONG code)
{
    WCHAR action[16];

    if (!nt_setting(L"MISUSE", action, sizeof(action) / sizeof(action[0])))
        return;
    if (action[0] == 'b')
        DbgBreakPoint();
    else if (action[0] == 'e')
        NtTerminateProcess(NT_THIS_PROCESS, (NTSTATUS)code);
}

void nt_misuse(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4, void *item, void *routine)
{
    struct wqnt_misuse misuse = {
        .code = code, .parameters = {p1, p2, p3, p4}, .item = item, .routine = routine};
    char line[LINE_SIZE];
    ULONG_PTR base;
    int length;

    nt_image_name(routine, misuse.module, sizeof(misuse.module), &base);
    misuse.offset = (ULONG_PTR)routine - base;
    length = _snprintf(
        line, sizeof(line), "wqshim: %s (0x%lX: 0x%Ix, 0x%Ix, 0x%Ix, 0x%Ix): item %p, routine %s+0x%Ix\n",
        code_name(code), code, p1, p2, p3, p4, item, misuse.module[0] ? misuse.module : "?", misuse.offset);
    nt_lock_take();
    misuse.count = last.count + 1;
    last = misuse;
    nt_lock_drop();
    write_line(line, length > 0 && length < LINE_SIZE ? (size_t)length : LINE_SIZE - 1);
    act(code);
}
