/*
 * Making the prefix what the state says. The order is what keeps a prefix usable at every moment: the state
 * file first, then files that nothing uses yet, then the grafts by rename, then the overrides that make
 * programs use them; the other way round when taking out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>
#include <string.h>

bool setup_wants_module(const struct setup_state *state, const struct setup_module *module)
{
    return setup_state_has_scope(state, NULL, module->always ? NULL : module);
}

/* Makes kept hold the original. If that is what target holds, it becomes a second name for it, with its
 * times. */
static bool converge_keep(const struct setup_file *file)
{
    struct graft_bytes now;
    setup_hash hash;

    if (!file->keep)
        return true;
    if (!setup_read(file->target, &now))
        return false;
    setup_hash_bytes(now, hash);
    setup_release(&now);
    if (!strcmp(hash, file->original))
        return setup_delete(file->kept) && setup_link(file->target, file->kept);
    return setup_write(file->kept, file->original_bytes);
}

static bool converge_put(struct setup_state *state)
{
    for (unsigned i = 0; i < state->files; i++)
        if (!converge_keep(&state->file[i]))
            return false;
    /* What imports nothing of ours comes first in the module table, so this order is safe too. */
    for (unsigned i = 0; i < state->files; i++)
        if (state->file[i].put && !setup_write(state->file[i].target, state->file[i].bytes))
            return false;
    return true;
}

/* Whether a file may become the target again: a base that is itself a graft, or damaged, may not. */
static bool converge_good_original(const struct setup_file *file, struct graft_bytes bytes)
{
    return bytes.data && (!file->module->graft || (setup_is_builtin(bytes) && !setup_is_ours(file, bytes)));
}

/* Puts Wine's own file where ours is. Without kernel32.dll nothing starts, so what is there is better than
 * nothing. */
static bool converge_from_wine(const struct setup_file *file)
{
    struct graft_bytes wine;
    bool done;

    if (!setup_read_wine(file->arch, file->place->file, &wine))
        return false;
    if (!setup_is_builtin(wine)) {
        setup_release(&wine);
        return setup_fail(SETUP_BAD_FILE,
                          "cannot restore %s: %s is missing or damaged, and Wine's own file is not found",
                          file->target, file->kept);
    }
    done = setup_write(file->target, wine) && setup_delete(file->kept);
    setup_release(&wine);
    return done;
}

static bool converge_put_back(const struct setup_file *file, struct graft_bytes now, struct graft_bytes kept)
{
    bool ours = setup_is_ours(file, now);

    /* Wine or somebody replaced ours since: that stays, unless nothing could start with it. */
    if (now.data && !ours && (!file->module->graft || setup_is_builtin(now)))
        return setup_delete(file->kept);
    if (converge_good_original(file, kept))
        return setup_rename(file->kept, file->target);
    if (file->module->graft || (ours && file->original[0]))
        return converge_from_wine(file);
    return setup_delete(file->target) && setup_delete(file->kept);
}

/* Takes one file of ours out. */
static bool converge_restore(const struct setup_file *file)
{
    char temporary[SETUP_NAME + 8];
    struct graft_bytes now, kept;
    bool done;

    if (!setup_read(file->target, &now) || !setup_read(file->kept, &kept))
        return false;
    done = converge_put_back(file, now, kept);
    setup_release(&now);
    setup_release(&kept);
    snprintf(temporary, sizeof(temporary), "%s.wqtmp", file->target);
    done = done && setup_delete(temporary);
    snprintf(temporary, sizeof(temporary), "%s.wqtmp", file->kept);
    return done && setup_delete(temporary);
}

/* From the last to the first: the core, which the others import, goes last. What was put off stays in the
 * state until it has happened. */
static bool converge_take_out(struct setup_state *state)
{
    unsigned left = 0;

    for (unsigned i = state->files; i-- > 0;)
        if (!setup_wants_module(state, state->file[i].module) && !converge_restore(&state->file[i]))
            return false;
    for (unsigned i = 0; i < state->files; i++)
        if (setup_put_off || setup_wants_module(state, state->file[i].module))
            state->file[left++] = state->file[i];
    state->files = left;
    return true;
}

/* Until what was put off has happened, all of the uninstall may have to be repeated: Wine may be killed before it has saved
 * the registry. */
static void converge_remember(struct setup_state *state, const struct setup_state *before)
{
    memcpy(state->value, before->value, sizeof(state->value));
    memcpy(state->key, before->key, sizeof(state->key));
    state->values = before->values;
    state->keys = before->keys;
}

static bool converge_finish(struct setup_state *state, const struct setup_state *before)
{
    for (unsigned i = 0; i < state->files; i++)
        state->file[i].was[0] = 0;
    state->phase = setup_put_off && !state->scopes ? SETUP_PENDING : SETUP_INSTALLED;
    if (state->phase == SETUP_PENDING)
        converge_remember(state, before);
    if (setup_put_off)
        setup_print("some files are in use: they are restored when the prefix starts the next time");
    if (state->files && !setup_state_save(state))
        return false;
    return (state->files && state->phase == SETUP_INSTALLED) ||
           (setup_delete(SETUP_STATE ".wqtmp") && setup_delete(SETUP_STATE));
}

/* Looks before the first change whether all files can be changed. Taking out can be put off, so files in use
 * don't matter there. */
static bool converge_check(const struct setup_state *state)
{
    for (unsigned i = 0; i < state->files; i++) {
        const struct setup_file *file = &state->file[i];
        bool stays = setup_wants_module(state, file->module);

        if ((!stays || file->put) && (stays || sys_check(file->target) == SYS_FAILED) &&
            !setup_check(file->target))
            return false;
        if ((!stays || file->keep) && (stays || sys_check(file->kept) == SYS_FAILED) &&
            !setup_check(file->kept))
            return false;
    }
    return true;
}

bool setup_converge(struct setup_state *state)
{
    static struct setup_state before; /* large, hence not on the stack */
    bool base_changes = false;

    before = *state;
    state->phase = state->scopes ? SETUP_INSTALLING : SETUP_REMOVING;
    for (unsigned i = 0; i < state->files; i++)
        base_changes |= state->file[i].keep && state->file[i].was[0];
    return converge_check(state) && setup_state_save(state) && setup_overrides_prune(state) &&
           (!base_changes || setup_overrides_lift(state)) && converge_put(state) &&
           setup_overrides_set(state) && converge_take_out(state) && setup_overrides_drop_keys(state) &&
           converge_finish(state, &before);
}
