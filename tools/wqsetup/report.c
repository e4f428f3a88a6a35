/*
 * What wqsetup says, its exit status, and the one place through which every change of the prefix passes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct setup_options setup_options;
static enum setup_status report_status;

static void report_line(enum setup_status status, const char *format, va_list args)
{
    fputs("wqsetup: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    if (!report_status)
        report_status = status;
}

bool setup_fail(enum setup_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_line(status, format, args);
    va_end(args);
    return false;
}

bool setup_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_line(SETUP_WRONG, format, args);
    va_end(args);
    return false;
}

enum setup_status setup_exit_status(void)
{
    return report_status;
}

void setup_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    fputs("\n", stdout);
    va_end(args);
}

static void report_maybe_fail(void)
{
    static int step;
    const char *fail_at = getenv("WQSETUP_FAIL_AT");

    if (fail_at && ++step == atoi(fail_at))
        sys_die(99);
}

bool setup_step(const char *format, ...)
{
    va_list args;

    if (!setup_options.dry_run) {
        report_maybe_fail();
        return true;
    }
    va_start(args, format);
    vprintf(format, args);
    fputs("\n", stdout);
    va_end(args);
    return false;
}
