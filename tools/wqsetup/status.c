/*
 * Saying what is installed and whether it still fits the prefix.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <stdio.h>
#include <string.h>

static const char *const status_phases[] = {
    "not installed", "an installation was interrupted: repeat it or run uninstall", "installed",
    "an uninstall was interrupted: repeat it", "uninstalled when the prefix starts the next time"};

/* Whether Wine's own file is still the one that was there when we looked. */
static bool status_wine_same(const struct setup_file *file)
{
    const char *name = strrchr(file->target, '\\') + 1;
    struct graft_bytes wine;
    setup_hash hash;
    unsigned archs;
    const struct setup_arch *arch = setup_archs(&archs);

    for (unsigned i = 0; i < archs; i++) {
        if (strncmp(file->target, arch[i].folder, strlen(arch[i].folder)))
            continue;
        if (!setup_read_wine(&arch[i], name, &wine) || !wine.data)
            return true;
        setup_hash_bytes(wine, hash);
        setup_release(&wine);
        return !file->wine[0] || !strcmp(hash, file->wine);
    }
    return true;
}

static const char *status_target(const struct setup_file *file, struct graft_bytes now)
{
    struct graft_record record;
    setup_hash hash;

    if (!now.data)
        return "missing";
    setup_hash_bytes(now, hash);
    if (strcmp(hash, file->hash))
        return setup_is_ours(file, now) ? "from another run of wqsetup: run update"
                                        : "stale: replaced since the installation: run update";
    if (!file->module->graft)
        return NULL;
    if (!graft_read_record(now, &record) || record.version != GRAFT_VERSION)
        return "stale: made by another version: run update";
    graft_hash_text(record.builtin_hash, hash);
    return strcmp(hash, file->original) ? "stale: made from another builtin: run update" : NULL;
}

static const char *status_kept(const struct setup_file *file)
{
    struct graft_bytes now;
    setup_hash hash;

    if (!setup_read(file->kept, &now))
        return "unreadable";
    setup_hash_bytes(now, hash);
    setup_release(&now);
    if (!hash[0] && file->original[0])
        return "missing";
    return strcmp(hash, file->original) ? "changed since the installation" : NULL;
}

static bool status_file(const struct setup_file *file, bool verify)
{
    struct graft_bytes now;
    const char *target, *kept = status_kept(file);

    if (!setup_read(file->target, &now))
        return false;
    target = status_target(file, now);
    setup_release(&now);
    if (!target && !status_wine_same(file))
        target = "stale: Wine was updated: run update";
    if (verify) {
        if (target)
            setup_error("%s is %s", file->target, target);
        if (kept)
            setup_error("%s is %s", file->kept, kept);
    } else {
        setup_print("%s: %s", file->target, target ? target : "ok");
        if (kept)
            setup_print("%s: %s", file->kept, kept);
    }
    return !target && !kept;
}

bool setup_status(struct setup_state *state, bool verify)
{
    bool good = state->phase == SETUP_NONE || state->phase == SETUP_INSTALLED;

    if (!verify)
        setup_print("%s", status_phases[state->phase]);
    else if (!good)
        setup_error("%s", status_phases[state->phase]);
    if (state->phase == SETUP_PENDING)
        return !verify;
    for (unsigned i = 0; i < state->files; i++)
        good &= status_file(&state->file[i], verify);
    for (unsigned i = 0; !verify && i < state->scopes; i++)
        setup_print("%s for %s", state->scope[i].module->name,
                    !strcmp(state->scope[i].app, SETUP_ALL)     ? "the whole prefix"
                    : !strcmp(state->scope[i].app, SETUP_FILES) ? "whoever loads it"
                                                                : state->scope[i].app);
    if (state->phase == SETUP_INSTALLED)
        good &= setup_overrides_right(state, true);
    if (verify && state->phase == SETUP_INSTALLED)
        good &= setup_drivers_right(state);
    if (verify && state->phase == SETUP_NONE) {
        if (!setup_adopt(state))
            return false;
        good &= !state->files || setup_error("grafts are there but no %s: run uninstall", SETUP_STATE);
    }
    return good || !verify;
}
