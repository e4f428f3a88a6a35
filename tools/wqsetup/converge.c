/*
 * Making the prefix what the state says. The order is what keeps a prefix usable at every moment: the state
 * file first, then files that nothing uses yet, then the grafts by rename, then the overrides that make
 * programs use them; the other way round when taking out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

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

/* Takes one file of ours out. What is not ours any more, because Wine or somebody replaced it, stays. */
static bool converge_restore(const struct setup_file *file)
{
    char temporary[SETUP_NAME + 8];
    struct graft_bytes now;
    bool ours, kept = setup_exists(file->kept), done;

    if (!setup_read(file->target, &now))
        return false;
    ours = setup_is_ours(file, now);
    if (kept && (ours || !now.data))
        done = setup_rename(file->kept, file->target);
    else if (ours && file->original[0])
        done = setup_error("cannot restore %s: %s is missing", file->target, file->kept);
    else if (ours)
        done = setup_delete(file->target);
    else
        done = setup_delete(file->kept);
    setup_release(&now);
    snprintf(temporary, sizeof(temporary), "%s.wqtmp", file->target);
    done = done && setup_delete(temporary);
    snprintf(temporary, sizeof(temporary), "%s.wqtmp", file->kept);
    return done && setup_delete(temporary);
}

/* From the last to the first: the core, which the others import, goes last. */
static bool converge_take_out(struct setup_state *state)
{
    unsigned left = 0;

    for (unsigned i = state->files; i-- > 0;)
        if (!setup_wants_module(state, state->file[i].module) && !converge_restore(&state->file[i]))
            return false;
    for (unsigned i = 0; i < state->files; i++)
        if (setup_wants_module(state, state->file[i].module))
            state->file[left++] = state->file[i];
    state->files = left;
    return true;
}

static bool converge_finish(struct setup_state *state)
{
    for (unsigned i = 0; i < state->files; i++)
        state->file[i].was[0] = 0;
    state->phase = setup_put_off && !state->files ? SETUP_PENDING : SETUP_INSTALLED;
    if ((state->files || setup_put_off) && !setup_state_save(state))
        return false;
    if (state->files)
        return true;
    if (setup_put_off)
        setup_print("some files are in use: they are restored when the prefix starts the next time");
    return setup_delete(SETUP_STATE ".wqtmp") && setup_delete(SETUP_STATE);
}

bool setup_converge(struct setup_state *state)
{
    bool base_changes = false;

    state->phase = state->scopes ? SETUP_INSTALLING : SETUP_REMOVING;
    for (unsigned i = 0; i < state->files; i++)
        base_changes |= state->file[i].keep && state->file[i].was[0];
    return setup_state_save(state) && setup_overrides_prune(state) &&
           (!base_changes || setup_overrides_lift(state)) && converge_put(state) &&
           setup_overrides_set(state) && converge_take_out(state) && setup_overrides_drop_keys(state) &&
           converge_finish(state);
}
