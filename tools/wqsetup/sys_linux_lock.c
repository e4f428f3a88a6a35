/*
 * Who else is at the prefix. Two locks, which end with the process that holds them: one on the prefix's
 * folder, between runs of this program; and the one that Wine's server takes before it does anything. While
 * we hold that one, Wine waits to start, so it also keeps wqsetup.exe away.
 *
 * Wine's server lives in /tmp/.wine-UID/server-DEVICE-INODE, with the device and inode of the prefix's folder
 * in hexadecimal; Debian's has another folder in /tmp, which the prefix's file "wineserver" names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_linux.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_SERVERS 2

static int lock_prefix = -1, lock_server[LOCK_SERVERS] = {-1, -1};

static void lock_server_name(char name[80])
{
    struct stat info = {0};

    stat(linux_prefix, &info);
    snprintf(name, 80, "server-%llx-%llx", (unsigned long long)info.st_dev, (unsigned long long)info.st_ino);
}

/* The folder of all servers that Debian's Wine chose; false if the prefix has not been started by it. */
static bool lock_debian(char folder[LINUX_PATH])
{
    struct graft_bytes bytes;
    char path[LINUX_PATH];
    size_t size;
    bool good;

    if (!linux_join(path, linux_prefix, "wineserver") || linux_read(path, &bytes))
        return false;
    size = bytes.size && bytes.data[bytes.size - 1] == '\n' ? bytes.size - 1 : bytes.size;
    good = size > 0 && size < 64 && !memchr(bytes.data, '/', size) && !memchr(bytes.data, 0, size);
    if (good)
        snprintf(folder, LINUX_PATH, "/tmp/%.*s", (int)size, (const char *)bytes.data);
    setup_release(&bytes);
    return good;
}

/* Opens the server's lock file, if its folder is there; -1 if not. The usual folder is made, as Wine does. */
static int lock_open(unsigned index, bool change)
{
    char folder[LINUX_PATH], path[LINUX_PATH], name[80];
    bool debian = lock_debian(folder);

    lock_server_name(name);
    if (index && !debian)
        return -1;
    if (!index)
        snprintf(folder, sizeof(folder), "/tmp/.wine-%u", (unsigned)geteuid());
    if (!index && !debian && change)
        mkdir(folder, 0700);
    if (!linux_join(path, folder, name))
        return -1;
    if (!index && !debian && change)
        mkdir(path, 0700);
    strcpy(folder, path);
    return linux_join(path, folder, "lock")
               ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (change ? O_CREAT : 0), 0600)
               : -1;
}

/* A server in a sandbox has another /tmp, but it stands in its own folder. */
static bool lock_hidden_server(void)
{
    char name[80], path[64], where[LINUX_PATH];
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    bool found = false;

    lock_server_name(name);
    while (processes && !found && (entry = readdir(processes))) {
        ssize_t size;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/cwd", entry->d_name);
        size = readlink(path, where, sizeof(where) - 1);
        where[size > 0 ? size : 0] = 0;
        found = strrchr(where, '/') && !strcmp(strrchr(where, '/') + 1, name);
    }
    if (processes)
        closedir(processes);
    return found;
}

static bool lock_take(int file, bool wait)
{
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    int result;

    do
        result = fcntl(file, wait ? F_SETLKW : F_SETLK, &range);
    while (result && errno == EINTR);
    return !result;
}

static bool lock_running(void)
{
    return setup_fail(SETUP_IN_USE, "programs of the prefix run: %s", sys_advice());
}

static bool lock_servers(bool wait)
{
    const struct timespec pause = {0, 100000000};

    for (unsigned i = 0; i < LOCK_SERVERS; i++) {
        lock_server[i] = lock_open(i, true);
        if (lock_server[i] >= 0 && !lock_take(lock_server[i], wait))
            return lock_running();
    }
    while (lock_hidden_server()) {
        if (!wait)
            return lock_running();
        nanosleep(&pause, NULL);
    }
    return true;
}

bool linux_lock(void)
{
    bool wait = setup_options.wait;
    int result;

    lock_prefix = open(linux_prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_prefix < 0)
        return setup_fail(SETUP_NO_PREFIX, "%s: %s", linux_prefix, strerror(errno));
    do
        result = flock(lock_prefix, LOCK_EX | (wait ? 0 : LOCK_NB));
    while (result && errno == EINTR);
    if (result && errno == EWOULDBLOCK)
        return setup_fail(SETUP_IN_USE,
                          "another wqsetup works on this prefix: repeat the command when it is done, "
                          "or add --wait");
    return lock_servers(wait);
}

void linux_unlock(void)
{
    for (unsigned i = 0; i < LOCK_SERVERS; i++)
        if (lock_server[i] >= 0)
            close(lock_server[i]);
    if (lock_prefix >= 0)
        close(lock_prefix);
}

bool linux_server_runs(void)
{
    bool runs = false;

    if (lock_prefix >= 0) /* then we hold the locks */
        return false;
    for (unsigned i = 0; i < LOCK_SERVERS; i++) {
        struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
        int file = lock_open(i, false);

        if (file < 0)
            continue;
        runs |= !fcntl(file, F_GETLK, &range) && range.l_type != F_UNLCK;
        close(file);
    }
    return runs || lock_hidden_server();
}
