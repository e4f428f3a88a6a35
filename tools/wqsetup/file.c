/*
 * Files: read whole, written to a temporary name and renamed. Wine refuses to replace or delete a file that a
 * process has mapped; such changes are put off to the prefix's next start, where wineboot makes them in the
 * order they were asked for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NEW ".wqtmp"

bool setup_put_off;

bool setup_read(const char *path, struct graft_bytes *bytes)
{
    bytes->data = NULL;
    bytes->size = 0;
    return sys_read(path, bytes) < SYS_IN_USE ||
           setup_error("cannot read %s: %s; check its permissions and the disk", path, sys_problem());
}

bool setup_read_wine(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes)
{
    bytes->data = NULL;
    bytes->size = 0;
    return sys_read_wine(arch, name, bytes) < SYS_IN_USE ||
           setup_error("cannot read Wine's own %s: %s", name, sys_problem());
}

void setup_release(struct graft_bytes *bytes)
{
    free((void *)(uintptr_t)bytes->data);
    bytes->data = NULL;
    bytes->size = 0;
}

void setup_hash_bytes(struct graft_bytes bytes, setup_hash hash)
{
    uint8_t raw[GRAFT_HASH];

    hash[0] = 0;
    if (!bytes.data)
        return;
    graft_hash(bytes.data, bytes.size, raw);
    graft_hash_text(raw, hash);
}

static bool file_in_use(const char *path)
{
    return setup_fail(SETUP_IN_USE, "%s is in use: %s", path, sys_advice());
}

bool setup_check(const char *path)
{
    enum sys_result result = sys_check(path);

    if (result == SYS_IN_USE)
        return file_in_use(path);
    return result != SYS_FAILED || setup_fail(SETUP_IN_USE, "%s %s: %s", path, sys_problem(), sys_advice());
}

bool setup_write(const char *path, struct graft_bytes bytes)
{
    char temporary[SETUP_NAME + sizeof(FILE_NEW)];
    enum sys_result result;

    if (!setup_step("write %s", path))
        return true;
    snprintf(temporary, sizeof(temporary), "%s" FILE_NEW, path);
    if (sys_create(temporary, bytes)) {
        setup_error("cannot write %s: %s; make room and repeat the command", path, sys_problem());
        sys_remove(temporary);
        return false;
    }
    setup_step("rename %s", temporary);
    result = sys_rename(temporary, path);
    if (!result)
        return true;
    if (result == SYS_IN_USE)
        file_in_use(path);
    else
        setup_error("cannot replace %s: %s; repeat the command", path, sys_problem());
    sys_remove(temporary);
    return false;
}

bool setup_link(const char *from, const char *to)
{
    return !setup_step("keep %s as %s", from, to) || !sys_link(from, to) ||
           setup_error("cannot copy %s to %s: %s; repeat the command", from, to, sys_problem());
}

static bool file_put_off(const char *from, const char *to)
{
    if (sys_later(from, to))
        return setup_error("cannot put off the change of %s: %s", to ? to : from, sys_problem());
    setup_put_off = true;
    return true;
}

bool setup_rename(const char *from, const char *to)
{
    enum sys_result result = SYS_IN_USE;

    if (!setup_step("rename %s to %s", from, to))
        return true;
    if (!setup_put_off)
        result = sys_rename(from, to);
    if (result == SYS_IN_USE)
        return file_put_off(from, to);
    return !result || setup_error("cannot rename %s to %s: %s; repeat the command", from, to, sys_problem());
}

bool setup_delete(const char *path)
{
    enum sys_result result = SYS_IN_USE;

    if (!sys_exists(path) || !setup_step("delete %s", path))
        return true;
    if (!setup_put_off)
        result = sys_remove(path);
    if (result == SYS_IN_USE)
        return file_put_off(path, NULL);
    return result < SYS_IN_USE ||
           setup_error("cannot delete %s: %s; repeat the command", path, sys_problem());
}
