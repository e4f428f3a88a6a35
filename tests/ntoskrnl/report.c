/*
 * report.c: what a driver found, told as the calling program's own checks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "wine/test.h"

/* "file:line: text" */
static void report_line(char *line)
{
    char *number = strchr(line, ':'), *text = number ? strchr(number + 1, ':') : NULL;

    if (!text) {
        ok(0, "%s\n", line);
        return;
    }
    *number++ = 0;
    *text = 0;
    text += 2;
    if (!strncmp(text, "skipped: ", 9))
        skip_(line, atoi(number))("%s\n", text + 9);
    else if (!strncmp(text, "todo: ", 6))
        todo_wine ok_(line, atoi(number))(0, "%s\n", text + 6);
    else
        ok_(line, atoi(number))(0, "%s\n", text);
}

void report_group(const char *group, struct ktest_result *result)
{
    ULONG lines = 0;

    winetest_push_context("%s", group);
    ok(result->known != 0, "the driver does not know the group\n");
    for (ULONG i = result->failures + result->todos; i < result->checks; i++)
        ok(1, "succeeded\n");
    result->text[KTEST_TEXT - 1] = 0;
    for (char *line = result->text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = 0;
        lines++;
        report_line(line);
    }
    ok(lines >= result->failures || result->length > KTEST_TEXT - 500, "%lu failures, %lu lines\n",
       result->failures, lines);
    winetest_pop_context();
}

void report_unload(void)
{
    static struct ktest_result result;
    DWORD size = sizeof(result);
    LSTATUS status = RegGetValueA(HKEY_LOCAL_MACHINE, KTEST_UNLOAD_KEY, KTEST_UNLOAD_VALUE, RRF_RT_REG_BINARY,
                                  NULL, &result, &size);

    ok(!status && size == sizeof(result), "the unloaded driver left no result: %ld\n", status);
    if (status)
        return;
    ok(result.checks > 1, "%lu checks by Unload\n", result.checks);
    report_group("unload", &result);
    RegDeleteKeyA(HKEY_LOCAL_MACHINE, KTEST_UNLOAD_KEY);
}
