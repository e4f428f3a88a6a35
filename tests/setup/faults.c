/*
 * What can go wrong below the native wqsetup: linked in front of the system's calls that change files.
 *
 *   WQFAULT_AT=k      at the k-th of these calls ...
 *   WQFAULT_KIND=kill ... half of a write is done and the process is killed
 *                stop ... the process stops until somebody continues it
 *                eio  ... the call fails with EIO
 *                full ... the disk is full from then on: nothing can be made or written
 *   WQFAULT_COUNT=FILE  how many calls there were, written at the end
 *   WQFAULT_LOG=FILE  each call is written there, with its bytes in hexadecimal, when it has succeeded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_link(const char *from, const char *to);
int __real_symlink(const char *leads, const char *path);

int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
ssize_t __wrap_write(int file, const void *data, size_t size);
int __wrap_fsync(int file);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_link(const char *from, const char *to);
int __wrap_symlink(const char *leads, const char *path);

static bool disk_full;
static int calls;

static void __attribute__((destructor)) say_count(void)
{
    const char *name = getenv("WQFAULT_COUNT");
    FILE *file = name ? fopen(name, "w") : NULL;

    if (!file)
        return;
    fprintf(file, "%d\n", calls);
    fclose(file);
}

/* True if the call shall fail; errno says how. makes: whether it needs room on the disk. */
static bool fault(bool makes)
{
    const char *at = getenv("WQFAULT_AT"), *kind = getenv("WQFAULT_KIND");

    calls++;
    if (at && calls == atoi(at)) {
        if (!strcmp(kind, "kill"))
            raise(SIGKILL);
        if (!strcmp(kind, "stop"))
            raise(SIGSTOP);
        if (!strcmp(kind, "eio")) {
            errno = EIO;
            return true;
        }
        disk_full |= !strcmp(kind, "full");
    }
    errno = ENOSPC;
    return disk_full && makes;
}

static void record(const char *call, const char *one, const char *other, const void *data, size_t size)
{
    const char *name = getenv("WQFAULT_LOG");
    FILE *file = name ? fopen(name, "a") : NULL;

    if (!file)
        return;
    fprintf(file, "%s\t%s\t%s\t", call, one, other);
    for (size_t i = 0; i < size; i++)
        fprintf(file, "%02x", ((const unsigned char *)data)[i]);
    fputs("\n", file);
    fclose(file);
}

static const char *name_of(int file)
{
    static char path[4096];
    char link[64];
    ssize_t size;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    size = readlink(link, path, sizeof(path) - 1);
    path[size > 0 ? size : 0] = 0;
    return path;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    int file, mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    if (!(flags & O_EXCL))
        return __real_open(path, flags, mode);
    if (fault(true))
        return -1;
    file = __real_open(path, flags, mode);
    if (file >= 0)
        record("create", path, "", NULL, 0);
    return file;
}

int __wrap_open64(const char *path, int flags, ...)
{
    va_list args;
    int mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    return __wrap_open(path, flags, mode);
}

/* Each write becomes two, the second of which may fail after the first. */
ssize_t __wrap_write(int file, const void *data, size_t size)
{
    static bool rest;
    size_t part = rest || size < 2 ? size : size / 2;

    rest = !rest;
    if (fault(true) || __real_write(file, data, part) != (ssize_t)part)
        return -1;
    record("write", name_of(file), "", data, part);
    return (ssize_t)part;
}

int __wrap_fsync(int file)
{
    if (fault(false))
        return -1;
    record("fsync", name_of(file), "", NULL, 0);
    return __real_fsync(file);
}

int __wrap_rename(const char *from, const char *to)
{
    if (fault(false) || __real_rename(from, to))
        return -1;
    record("rename", from, to, NULL, 0);
    return 0;
}

int __wrap_unlink(const char *path)
{
    if (fault(false) || __real_unlink(path))
        return -1;
    record("unlink", path, "", NULL, 0);
    return 0;
}

int __wrap_link(const char *from, const char *to)
{
    if (fault(true) || __real_link(from, to))
        return -1;
    record("link", from, to, NULL, 0);
    return 0;
}

int __wrap_symlink(const char *leads, const char *path)
{
    if (fault(true) || __real_symlink(leads, path))
        return -1;
    record("symlink", leads, path, NULL, 0);
    return 0;
}
