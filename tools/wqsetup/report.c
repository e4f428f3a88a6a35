/*
 * What wqsetup says, and the one place through which every change of the prefix passes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

struct setup_options setup_options;

bool setup_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("wqsetup: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    return false;
}

void setup_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    fputs("\n", stdout);
    va_end(args);
}

/* Ends the program as a crash would: nothing is flushed, nothing cleaned up. */
static void setup_maybe_fail(void)
{
    static int step;
    const char *fail_at = getenv("WQSETUP_FAIL_AT");

    if (fail_at && ++step == atoi(fail_at))
        TerminateProcess(GetCurrentProcess(), 99);
}

bool setup_step(const char *format, ...)
{
    va_list args;

    if (!setup_options.dry_run) {
        setup_maybe_fail();
        return true;
    }
    va_start(args, format);
    vprintf(format, args);
    fputs("\n", stdout);
    va_end(args);
    return false;
}
