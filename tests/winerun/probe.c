/*
 * A program that misbehaves on request, for check.sh: hangs, leaves a child behind, crashes, writes where it
 * should not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A child that outlives us, inherits our output and does not even have the environment it came from. */
static int leave_child(const char *program)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info;
    char command[MAX_PATH + 20], environment[] = "A=B\0";

    snprintf(command, sizeof(command), "\"%s\" hang", program);
    return !CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, environment, NULL, &startup, &info);
}

static int overwrite(const char *path)
{
    FILE *file = fopen(path, "r+b");

    if (!file) {
        return 1;
    }
    fputc('M', file);
    return fclose(file) != 0;
}

static int crash(void)
{
    volatile int *volatile nowhere = NULL;

    *nowhere = 1;
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    const char *arg = argc > 2 ? argv[2] : "";

    if (!strcmp(what, "exit")) {
        return atoi(arg);
    }
    if (!strcmp(what, "leave-child")) {
        return leave_child(argv[0]);
    }
    if (!strcmp(what, "overwrite")) {
        return overwrite(arg);
    }
    if (!strcmp(what, "exists")) {
        return GetFileAttributesA(arg) != INVALID_FILE_ATTRIBUTES ? 0 : 1;
    }
    if (!strcmp(what, "crash")) {
        return crash();
    }
    if (!strcmp(what, "hang")) {
        puts("hanging");
        fflush(stdout);
        Sleep(INFINITE);
    }
    return 2;
}
