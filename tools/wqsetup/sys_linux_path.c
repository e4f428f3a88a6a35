/*
 * Windows paths as files of the prefix. Windows does not tell cases apart, and prefixes that were copied
 * around have any.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_linux.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool linux_join(char to[LINUX_PATH], const char *folder, const char *name)
{
    return snprintf(to, LINUX_PATH, "%s/%s", folder, name) < LINUX_PATH;
}

/* Appends the entry of a folder that a name means; the name itself if there is none. */
static bool path_enter(char path[LINUX_PATH], const char *name)
{
    char exact[LINUX_PATH];
    struct dirent *entry;
    struct stat info;
    DIR *folder;
    bool found = false;

    if (!linux_join(exact, path, name))
        return false;
    folder = lstat(exact, &info) ? opendir(path) : NULL;
    while (folder && !found && (entry = readdir(folder)))
        if (setup_same_name(entry->d_name, name))
            found = linux_join(exact, path, entry->d_name);
    if (folder)
        closedir(folder);
    strcpy(path, exact);
    return true;
}

/* Whether a folder is, with all links followed, inside the prefix's drive C:. */
static bool path_inside(const char *folder)
{
    char drive[LINUX_PATH], top[LINUX_PATH], real[LINUX_PATH];
    size_t size;

    if (!linux_join(drive, linux_prefix, "drive_c") || !realpath(drive, top) || !realpath(folder, real)) {
        linux_errno(errno);
        return false;
    }
    size = strlen(top);
    if (!strncmp(top, real, size) && real[size] == '/')
        return true;
    linux_fail("leads out of the prefix");
    errno = EXDEV;
    return false;
}

bool linux_resolve(const char *path, char to[LINUX_PATH])
{
    char part[SETUP_PATH], folder[LINUX_PATH];
    size_t size;

    if (!linux_join(to, linux_prefix, "drive_c") || !path_enter(to, "windows"))
        return linux_errno(ENAMETOOLONG) == SYS_OK;
    for (;; path += size + 1) {
        size = strcspn(path, "\\");
        if (!size || size >= sizeof(part) || (path[0] == '.' && size <= 2))
            return linux_errno(EINVAL) == SYS_OK;
        memcpy(part, path, size);
        part[size] = 0;
        if (!path[size])
            strcpy(folder, to);
        if (!path_enter(to, part))
            return linux_errno(ENAMETOOLONG) == SYS_OK;
        if (!path[size])
            return path_inside(folder);
    }
}
