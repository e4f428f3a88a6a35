/*
 * Files of the native program. Every change is on the disk before the next one starts: contents by fsync of
 * the file, names by fsync of the folder. So a power cut leaves a state that a kill could leave, too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NEW ".wqtmp"

static bool file_fill(int file, uint8_t *data, size_t size)
{
    for (size_t got = 0; got < size;) {
        ssize_t now = read(file, data + got, size - got);

        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0) {
            errno = now ? errno : EIO;
            return false;
        }
        got += (size_t)now;
    }
    return true;
}

static enum sys_result file_read_open(int file, struct graft_bytes *bytes)
{
    struct stat info;
    uint8_t *data;

    if (fstat(file, &info))
        return linux_errno(errno);
    if (!S_ISREG(info.st_mode))
        return linux_fail("not a file");
    if (info.st_size > GRAFT_FILE_MAX)
        return linux_fail("too large");
    data = malloc((size_t)info.st_size + 1);
    if (!data)
        return linux_errno(ENOMEM);
    if (!file_fill(file, data, (size_t)info.st_size)) {
        free(data);
        return linux_errno(errno);
    }
    bytes->data = data;
    bytes->size = (size_t)info.st_size;
    return SYS_OK;
}

enum sys_result linux_read(const char *path, struct graft_bytes *bytes)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum sys_result result;

    bytes->data = NULL;
    bytes->size = 0;
    if (file < 0)
        return linux_errno(errno);
    result = file_read_open(file, bytes);
    close(file);
    return result;
}

static enum sys_result file_flush_folder(const char *path)
{
    char folder[LINUX_PATH];
    int file, error = 0;

    strcpy(folder, path);
    *strrchr(folder, '/') = 0;
    file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 || fsync(file))
        error = errno;
    if (file >= 0)
        close(file);
    /* Some file systems don't know how to do that for a folder. */
    return error && error != EINVAL ? linux_errno(error) : SYS_OK;
}

static bool file_pour(int file, const uint8_t *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t now = write(file, data + done, size - done);

        if (now < 0 && errno != EINTR)
            return false;
        done += now > 0 ? (size_t)now : 0;
    }
    return true;
}

enum sys_result linux_write(const char *path, struct graft_bytes bytes, unsigned mode)
{
    int file, error = 0;

    /* Never through a link that is in the way. */
    if (unlink(path) && errno != ENOENT)
        return linux_errno(errno);
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0)
        return linux_errno(errno) ? SYS_FAILED : SYS_OK;
    if (!file_pour(file, bytes.data, bytes.size) || fsync(file))
        error = errno;
    if (close(file) && !error)
        error = errno;
    if (!error)
        return SYS_OK;
    unlink(path);
    linux_errno(error);
    return SYS_FAILED;
}

static bool file_same_folder(const char *a, const char *b)
{
    size_t size = (size_t)(strrchr(a, '/') - a);

    return (size_t)(strrchr(b, '/') - b) == size && !strncmp(a, b, size);
}

enum sys_result linux_replace(const char *from, const char *to)
{
    enum sys_result flushed;

    if (rename(from, to))
        return linux_errno(errno);
    /* Two names of one file are left alone by rename. */
    if (unlink(from) && errno != ENOENT)
        return linux_errno(errno);
    flushed = file_flush_folder(to);
    return flushed || file_same_folder(from, to) ? flushed : file_flush_folder(from);
}

enum sys_result sys_read(const char *path, struct graft_bytes *bytes)
{
    char file[LINUX_PATH];

    if (!linux_resolve(path, file))
        return errno == ENOENT ? SYS_ABSENT : SYS_FAILED;
    return linux_read(file, bytes);
}

bool sys_exists(const char *path)
{
    char file[LINUX_PATH];
    struct stat info;

    return linux_resolve(path, file) && !lstat(file, &info);
}

enum sys_result sys_check(const char *path)
{
    char file[LINUX_PATH];

    return linux_resolve(path, file) ? SYS_OK : SYS_FAILED;
}

/* Wine makes files executable when they get such a name. */
static bool file_is_program(const char *path)
{
    static const char ending[] = ".exe" FILE_NEW;
    size_t size = strlen(path);

    return size >= sizeof(ending) && setup_same_name(path + size - (sizeof(ending) - 1), ending);
}

enum sys_result sys_create(const char *path, struct graft_bytes bytes)
{
    char file[LINUX_PATH];

    return linux_resolve(path, file) ? linux_write(file, bytes, file_is_program(path) ? 0777 : 0666)
                                     : SYS_FAILED;
}

enum sys_result sys_rename(const char *from, const char *to)
{
    char source[LINUX_PATH], file[LINUX_PATH];

    return linux_resolve(from, source) && linux_resolve(to, file) ? linux_replace(source, file) : SYS_FAILED;
}

enum sys_result sys_remove(const char *path)
{
    char file[LINUX_PATH];

    if (!linux_resolve(path, file))
        return SYS_FAILED;
    return unlink(file) ? linux_errno(errno) : file_flush_folder(file);
}

/* For file systems without hard links. */
static enum sys_result file_copy(const char *from, const char *to)
{
    char temporary[LINUX_PATH];
    struct graft_bytes bytes;
    struct stat info;
    enum sys_result result;

    if (snprintf(temporary, sizeof(temporary), "%s" FILE_NEW, to) >= LINUX_PATH || stat(from, &info))
        return linux_errno(errno);
    result = linux_read(from, &bytes);
    if (!result)
        result = linux_write(temporary, bytes, info.st_mode & 0777);
    setup_release(&bytes);
    if (!result) {
        struct timespec times[2] = {info.st_atim, info.st_mtim};

        utimensat(AT_FDCWD, temporary, times, 0);
        result = linux_replace(temporary, to);
    }
    return result;
}

enum sys_result sys_link(const char *from, const char *to)
{
    char source[LINUX_PATH], file[LINUX_PATH], leads[LINUX_PATH];
    ssize_t size;

    if (!linux_resolve(from, source) || !linux_resolve(to, file))
        return SYS_FAILED;
    size = readlink(source, leads, sizeof(leads) - 1);
    if (size > 0) {
        leads[size] = 0;
        return symlink(leads, file) ? linux_errno(errno) : file_flush_folder(file);
    }
    if (link(source, file))
        return errno == ENOSPC || errno == EEXIST ? linux_errno(errno) : file_copy(source, file);
    return file_flush_folder(file);
}

enum sys_result sys_later(const char *from, const char *to)
{
    (void)from;
    (void)to;
    return linux_fail("nothing is in use"); /* never called: no native change ends with SYS_IN_USE */
}
