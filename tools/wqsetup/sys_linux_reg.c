/*
 * The registry of a prefix that does not run: user.reg, and of system.reg what waits for the next start.
 * Changes are made in memory and written by sys_reg_flush, all or nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_linux.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REG_NEW     ".wqtmp"
#define REG_LATER   "PendingFileRenameOperations"
#define REG_SESSION "System\\CurrentControlSet\\Control\\Session Manager"
#define REG_LIST    "str(7):"
#define REG_LONGEST (1 << 20) /* bytes of that list */

static struct hive reg_user, reg_system;

static bool reg_load(const char *name, struct hive *hive)
{
    struct graft_bytes bytes;
    char path[LINUX_PATH];

    if (!linux_join(path, linux_prefix, name) || linux_read(path, &bytes))
        return setup_fail(SETUP_NO_PREFIX, "%s is no Wine prefix: %s: %s", linux_prefix, name, sys_problem());
    if (!hive_valid(bytes)) {
        setup_release(&bytes);
        return setup_fail(SETUP_NO_PREFIX, "%s is no Wine prefix: %s is not a registry file of Wine",
                          linux_prefix, name);
    }
    hive->text = (char *)(uintptr_t)bytes.data;
    hive->size = bytes.size;
    hive->text[hive->size] = 0; /* linux_read leaves room */
    return true;
}

bool linux_reg_open(void)
{
    return reg_load("system.reg", &reg_system) && reg_load("user.reg", &reg_user);
}

void linux_reg_tidy(void)
{
    static const char *const names[] = {"user.reg" REG_NEW, "system.reg" REG_NEW};
    char path[LINUX_PATH];

    for (unsigned i = 0; i < 2; i++)
        if (linux_join(path, linux_prefix, names[i]))
            unlink(path);
}

const struct hive *linux_system_hive(void)
{
    return &reg_system;
}

static enum sys_result reg_result(enum hive_result result)
{
    static const char *const texts[] = {"", "there is none", "it is not a text", "out of memory"};

    linux_fail(texts[result]);
    return result < HIVE_OTHER ? (enum sys_result)result : SYS_FAILED;
}

enum sys_result sys_reg_read(const char *key, const char *name, char *text, size_t room)
{
    size_t size;

    return reg_result(hive_read(&reg_user, key, name, text, room, &size));
}

enum sys_result sys_reg_write(const char *key, const char *name, const char *text)
{
    return reg_result(hive_write(&reg_user, key, name, "", text, strlen(text)));
}

enum sys_result sys_reg_erase(const char *key, const char *name)
{
    return reg_result(hive_erase(&reg_user, key, name));
}

bool sys_reg_key_exists(const char *key)
{
    return hive_key_exists(&reg_user, key);
}

bool sys_reg_key_empty(const char *key)
{
    return hive_key_empty(&reg_user, key);
}

enum sys_result sys_reg_delete_key(const char *key)
{
    return reg_result(hive_delete_key(&reg_user, key));
}

bool sys_reg_subkey(const char *key, unsigned index, char *name, size_t room)
{
    return hive_subkey(&reg_user, key, index, name, room);
}

static enum sys_result reg_save(const char *name, struct hive *hive)
{
    struct graft_bytes bytes = {(const uint8_t *)hive->text, hive->size};
    char path[LINUX_PATH], temporary[LINUX_PATH];
    enum sys_result result;
    struct stat info;

    if (!hive->changed)
        return SYS_OK;
    if (!linux_join(path, linux_prefix, name) ||
        snprintf(temporary, sizeof(temporary), "%s" REG_NEW, path) >= LINUX_PATH || stat(path, &info))
        return linux_errno(errno);
    result = linux_write(temporary, bytes, info.st_mode & 0777);
    if (!result)
        result = linux_replace(temporary, path);
    if (result)
        unlink(temporary);
    hive->changed = result != SYS_OK;
    return result;
}

enum sys_result sys_reg_flush(void)
{
    return reg_save("user.reg", &reg_user);
}

/* The list of what waits: pairs of texts, from and to; to is empty for a removal. NULL if there is none. */
static char *reg_later(size_t *size)
{
    char *list = malloc(REG_LONGEST);

    if (list && !hive_read(&reg_system, REG_SESSION, REG_LATER, list, REG_LONGEST, size))
        return list;
    free(list);
    return NULL;
}

/* The end of a pair, behind its zero. */
static char *reg_pair_end(char *from, char *end)
{
    char *to = from + strlen(from) + 1;

    to = to < end ? to + strlen(to) + 1 : end;
    return to < end ? to : end;
}

/* Whether a text of the list, "\??\C:\windows\system32\x", means one of our files. */
static bool reg_means(const char *text, const char *path)
{
    static const char folder[] = ":\\windows\\";
    char part[SETUP_PATH];

    if (strncmp(text, "\\??\\", 4) || !isalpha((unsigned char)text[4]) || strlen(text) >= SETUP_PATH)
        return false;
    snprintf(part, sizeof(part), "%s%s", folder, path);
    return setup_same_name(text + 5, part);
}

bool sys_is_later(const char *path)
{
    size_t size;
    char *list = reg_later(&size), *end = list ? list + size : NULL;
    bool found = false;

    for (char *at = list; at < end && !found; at = reg_pair_end(at, end))
        found = reg_means(at, path);
    free(list);
    return found;
}

enum sys_result sys_forget_later(const char *const *paths, unsigned count)
{
    size_t size, left = 0;
    char *list = reg_later(&size), *end = list ? list + size : NULL, *next;
    enum hive_result result;

    if (!list)
        return SYS_OK;
    for (char *at = list; at < end && *at; at = next) {
        bool ours = false;

        next = reg_pair_end(at, end);
        for (unsigned i = 0; i < count; i++)
            ours |= reg_means(at, paths[i]);
        if (ours)
            continue;
        memmove(list + left, at, (size_t)(next - at));
        left += (size_t)(next - at);
    }
    if (left) /* the file leaves out the zero that ends the list */
        result = hive_write(&reg_system, REG_SESSION, REG_LATER, REG_LIST, list, left);
    else
        result = hive_erase(&reg_system, REG_SESSION, REG_LATER);
    free(list);
    return result ? reg_result(result) : reg_save("system.reg", &reg_system);
}
