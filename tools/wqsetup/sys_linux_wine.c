/*
 * Where the modules to install are, and where Wine's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys_linux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINE_PLACES 64

static const char *const wine_below[] = {"",
                                         "/lib/wine",
                                         "/lib64/wine",
                                         "/lib32/wine",
                                         "/lib/x86_64-linux-gnu/wine",
                                         "/lib/i386-linux-gnu/wine",
                                         "/usr/lib/wine",
                                         "/usr/lib64/wine",
                                         "/usr/lib/x86_64-linux-gnu/wine",
                                         "/usr/lib/i386-linux-gnu/wine",
                                         "/files/lib/wine",
                                         "/files/lib64/wine",
                                         "/dist/lib/wine",
                                         "/dist/lib64/wine",
                                         NULL};

/* The machine of a module, or 0. */
static uint16_t wine_machine(const char *path)
{
    struct graft_error error;
    struct graft_bytes bytes;
    uint16_t machine = 0;

    if (!linux_read(path, &bytes) && !graft_check_builtin(bytes, &machine, &error))
        machine = 0;
    setup_release(&bytes);
    return machine;
}

/* Modules lie in x64 and x32, beside this program or the folder that it is in, or right beside it. */
static bool staged_in(const struct setup_arch *arch, const char *base, char folder[LINUX_PATH])
{
    const char *const below[] = {arch->staged, "..", ""};
    char path[LINUX_PATH];

    for (int i = 0; i < 3; i++) {
        if (snprintf(folder, LINUX_PATH, i == 1 ? "%s/../%s" : "%s/%s", base,
                     i == 1 ? arch->staged : below[i]) < LINUX_PATH &&
            linux_join(path, folder, "wqcore.dll") && wine_machine(path) == arch->machine)
            return true;
    }
    return false;
}

static bool staged_folder(const struct setup_arch *arch, char folder[LINUX_PATH])
{
    char base[LINUX_PATH] = "";
    ssize_t size;

    if (setup_options.from)
        return staged_in(arch, setup_options.from, folder);
    size = readlink("/proc/self/exe", base, sizeof(base) - 1);
    if (size <= 0)
        return false;
    base[size] = 0;
    *strrchr(base, '/') = 0;
    return staged_in(arch, base, folder);
}

bool sys_read_staged(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes)
{
    static char folders[2][LINUX_PATH];
    char *folder = folders[arch->machine == GRAFT_AMD64], path[LINUX_PATH];
    enum sys_result result;

    bytes->data = NULL;
    bytes->size = 0;
    if (!*folder && !staged_folder(arch, folder)) {
        *folder = 0;
        return !strcmp(arch->folder, "syswow64\\") ||
               setup_fail(SETUP_BAD_FILE,
                          "no modules (%s/wqcore.dll) in %s: say where they are with --from DIR",
                          arch->staged, setup_options.from ? setup_options.from : "the folder of wqsetup");
    }
    result = linux_join(path, folder, name) ? linux_read(path, bytes) : SYS_FAILED;
    return result < SYS_IN_USE || setup_fail(SETUP_BAD_FILE, "cannot read %s: %s", path, sys_problem());
}

static bool wine_has(const char *root, const char *below, const struct setup_arch *arch,
                     char folder[LINUX_PATH])
{
    char path[LINUX_PATH];

    return snprintf(folder, LINUX_PATH, "%s%s/%s", root, below, arch->wine) < LINUX_PATH &&
           linux_join(path, folder, "ntdll.dll") && !access(path, R_OK);
}

static bool wine_in(const char *root, const struct setup_arch *arch, char folder[LINUX_PATH])
{
    for (unsigned i = 0; wine_below[i]; i++)
        if (wine_has(root, wine_below[i], arch, folder))
            return true;
    return false;
}

/* The folder above bin of the wine that a shell would start. */
static bool wine_on_path(char root[LINUX_PATH])
{
    const char *at = getenv("PATH");
    char path[LINUX_PATH], *slash;

    for (; at && *at; at += *at == ':') {
        size_t size = strcspn(at, ":");

        if (snprintf(path, sizeof(path), "%.*s/wine", (int)size, at) < LINUX_PATH && !access(path, X_OK) &&
            realpath(path, root)) {
            for (int i = 0; i < 2 && (slash = strrchr(root, '/')); i++)
                *slash = 0;
            return true;
        }
        at += size;
    }
    return false;
}

static bool wine_anywhere(const struct setup_arch *arch, char folder[LINUX_PATH])
{
    static const char *const roots[] = {"/usr", "/opt/wine-stable", "/opt/wine-devel", "/opt/wine-staging",
                                        NULL};
    char root[LINUX_PATH];

    if (wine_on_path(root))
        return wine_in(root, arch, folder);
    for (unsigned i = 0; roots[i]; i++)
        if (wine_in(roots[i], arch, folder))
            return true;
    return false;
}

/* A Wine that nobody named is believed only if the prefix was last run by it: another one's files would not
 * start. */
static bool wine_is_the_prefixes(const struct setup_arch *arch, const char *folder)
{
    char path[LINUX_PATH], name[SETUP_NAME];
    struct graft_bytes own, theirs;
    bool same;

    snprintf(name, sizeof(name), "%sntdll.dll", arch->folder);
    linux_join(path, folder, "ntdll.dll");
    if (linux_read(path, &theirs))
        return false;
    same = !sys_read(name, &own) && own.size == theirs.size && !memcmp(own.data, theirs.data, own.size);
    setup_release(&own);
    setup_release(&theirs);
    return same;
}

/* A folder that was named, whether it is the Wine's or its program. */
static bool wine_given(const struct setup_arch *arch, char folder[LINUX_PATH])
{
    char root[LINUX_PATH], *slash;

    if (!realpath(setup_options.wine, root))
        return false;
    if (wine_in(root, arch, folder))
        return true;
    for (int i = 0; i < 2 && (slash = strrchr(root, '/')); i++) {
        *slash = 0;
        if (wine_in(root, arch, folder))
            return true;
    }
    return false;
}

struct wine_known {
    char folder[LINUX_PATH];
    bool looked, found, other;
};

/* What is known of the Wine of an architecture; it is looked for once. */
static const struct wine_known *wine_find(const struct setup_arch *arch)
{
    static struct wine_known wines[2];
    struct wine_known *known = &wines[arch->machine == GRAFT_AMD64];

    if (known->looked)
        return known;
    known->looked = true;
    if (setup_options.wine) {
        known->found = wine_given(arch, known->folder);
    } else if (wine_anywhere(arch, known->folder)) {
        known->found = wine_is_the_prefixes(arch, known->folder);
        known->other = !known->found;
    }
    return known;
}

enum sys_result sys_read_wine(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes)
{
    const struct wine_known *known = wine_find(arch);
    char path[LINUX_PATH];

    bytes->data = NULL;
    bytes->size = 0;
    if (!known->found)
        return SYS_ABSENT;
    return linux_join(path, known->folder, name) ? linux_read(path, bytes) : SYS_FAILED;
}

const char *sys_other_wine(void)
{
    unsigned count;
    const struct wine_known *known = wine_find(setup_prefix_archs(&count));

    return known->other ? known->folder : NULL;
}

bool linux_check_wine(void)
{
    unsigned count;
    const struct setup_arch *archs = setup_prefix_archs(&count);
    char folder[LINUX_PATH];

    return !setup_options.wine || wine_given(archs, folder) ||
           setup_fail(SETUP_NO_PREFIX,
                      "no Wine in %s (no %s/ntdll.dll): --wine takes the folder that Wine is in",
                      setup_options.wine, archs->wine);
}
