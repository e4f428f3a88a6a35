/*
 * What a prefix needs to start at all: kernel32.dll and kernelbase.dll, whoever lost them and whether or not
 * anything of ours is installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>

/* Whether Wine could load it: its own file or a graft, for the right machine. */
static bool mend_loads(const struct setup_arch *arch, struct graft_bytes bytes)
{
    struct graft_error error;
    uint16_t machine = 0;

    return bytes.data && graft_check_builtin(bytes, &machine, &error) && machine == arch->machine;
}

static bool mend_from_wine(const struct setup_arch *arch, const struct setup_target *place, const char *path)
{
    struct graft_bytes wine;
    bool done;

    if (!setup_read_wine(arch, place->file, &wine))
        return false;
    if (mend_loads(arch, wine) && setup_is_builtin(wine))
        done = setup_write(path, wine);
    else
        done =
            setup_fail(SETUP_BAD_FILE,
                       "%s is missing or damaged, and Wine's own file is not found: run the native wqsetup "
                       "repair with --wine DIR",
                       path);
    setup_release(&wine);
    return done;
}

static bool mend_place(const struct setup_arch *arch, const struct setup_target *place)
{
    char path[SETUP_NAME], kept[SETUP_NAME];
    struct graft_bytes now, base;
    bool loads, kept_loads;

    snprintf(path, sizeof(path), "%s%s%s", arch->folder, place->folder, place->file);
    setup_kept_path(arch, place, kept);
    if (!setup_read(path, &now) || !setup_read(kept, &base))
        return false;
    loads = mend_loads(arch, now);
    kept_loads = mend_loads(arch, base) && setup_is_builtin(base);
    setup_release(&now);
    setup_release(&base);
    if (loads)
        return true;
    return kept_loads ? setup_rename(kept, path) : mend_from_wine(arch, place, path);
}

bool setup_mend(void)
{
    const struct setup_module *module = setup_find_module("kernel32");
    unsigned archs;
    const struct setup_arch *arch = setup_prefix_archs(&archs);

    for (unsigned i = 0; i < archs; i++)
        for (unsigned j = 0; setup_target_used(module, j); j++)
            if (!mend_place(&arch[i], &module->targets[j]))
                return false;
    return true;
}
