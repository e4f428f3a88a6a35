/*
 * The native program: finds the prefix and makes sure that it is one before anything is made in it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_linux.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char linux_prefix[LINUX_PATH];
static char linux_text[256];

const char *sys_problem(void)
{
    return linux_text;
}

enum sys_result linux_fail(const char *problem)
{
    snprintf(linux_text, sizeof(linux_text), "%s", problem);
    return SYS_FAILED;
}

enum sys_result linux_errno(int error)
{
    linux_fail(strerror(error));
    return error == ENOENT || error == ENOTDIR ? SYS_ABSENT : SYS_FAILED;
}

static bool linux_find_prefix(const char *given)
{
    struct stat info;

    if (!given || !*given)
        return setup_fail(SETUP_USAGE, "say which prefix: --prefix DIR, or set WINEPREFIX");
    if (!realpath(given, linux_prefix))
        return setup_fail(SETUP_NO_PREFIX, "%s: %s; --prefix takes the folder of a Wine prefix", given,
                          strerror(errno));
    if (stat(linux_prefix, &info))
        return setup_fail(SETUP_NO_PREFIX, "%s: %s", given, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return setup_fail(SETUP_NO_PREFIX, "%s is no folder; --prefix takes the folder of a Wine prefix",
                          given);
    return true;
}

/* Wine has folders that are links to elsewhere only if somebody made them. Nothing outside shall change. */
static bool linux_check_folders(void)
{
    static const char *const folders[] = {"system32\\ntdll.dll", "system32\\drivers\\x", "syswow64\\x"};
    char path[LINUX_PATH];

    for (unsigned i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (!linux_resolve(folders[i], path) && (!i || errno != ENOENT))
            return setup_fail(SETUP_NO_PREFIX, "%s is no Wine prefix that can be changed: %s %s",
                              linux_prefix, folders[i], sys_problem());
    return true;
}

static bool linux_check_owner(void)
{
    struct stat info;

    return stat(linux_prefix, &info) || info.st_uid == geteuid() ||
           setup_fail(SETUP_NO_PREFIX, "%s belongs to another user: run wqsetup as that user", linux_prefix);
}

bool sys_open(bool change)
{
    if (!linux_find_prefix(setup_options.prefix ? setup_options.prefix : getenv("WINEPREFIX")))
        return false;
    if (change && (!linux_check_owner() || !linux_lock()))
        return false;
    if (!linux_reg_open() || !linux_check_folders() || !linux_check_wine())
        return false;
    if (change)
        linux_reg_tidy();
    return true;
}

void sys_close(void)
{
    linux_unlock();
}

bool sys_wide(void)
{
    char path[LINUX_PATH];

    /* Prefixes of very old Wines don't say. */
    return hive_wide(linux_system_hive()) || linux_resolve("syswow64\\kernel32.dll", path);
}

bool sys_running(void)
{
    return linux_server_runs();
}

const char *sys_advice(void)
{
    return "end the prefix's programs (wineserver -k) and repeat the command, or add --wait";
}

bool sys_sees_drivers(void)
{
    return false;
}

bool sys_drivers_right(const struct setup_state *state)
{
    (void)state;
    return true;
}

void sys_die(int status)
{
    _exit(status);
}

int main(int argc, char **argv)
{
    return setup_main(argc, argv);
}
