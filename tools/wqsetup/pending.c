/*
 * An uninstall that waits for the prefix's next start: Wine notes it in the registry, and does it when the
 * prefix boots. The note may be lost (Wine killed before it saved the registry), so the state alone proves
 * nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>
#include <string.h>

/* Whether a file of ours has been taken out. */
static bool pending_done(const struct setup_file *file)
{
    struct graft_bytes now;
    bool ours;

    if (sys_exists(file->kept) || !setup_read(file->target, &now))
        return false;
    ours = setup_is_ours(file, now);
    setup_release(&now);
    return !ours;
}

void setup_pending_look(struct setup_state *state)
{
    unsigned left = 0;

    for (unsigned i = 0; i < state->files; i++) {
        bool wanted = setup_wants_module(state, state->file[i].module);

        if (wanted || state->phase != SETUP_INSTALLED || !pending_done(&state->file[i]))
            state->file[left++] = state->file[i];
    }
    state->files = left;
    if (state->phase == SETUP_PENDING && !sys_is_later(SETUP_STATE))
        state->phase = SETUP_REMOVING;
}

bool setup_pending_waits(const struct setup_state *state)
{
    for (unsigned i = 0; i < state->files; i++)
        if (sys_is_later(state->file[i].target) || sys_is_later(state->file[i].kept))
            return true;
    return state->phase == SETUP_PENDING;
}

bool setup_pending_take_over(struct setup_state *state)
{
    const char *paths[2 * SETUP_LIST + 2];
    unsigned count = 0;

    for (unsigned i = 0; i < state->files; i++) {
        paths[count++] = state->file[i].target;
        paths[count++] = state->file[i].kept;
    }
    paths[count++] = SETUP_STATE;
    paths[count++] = SETUP_STATE ".wqtmp";
    if (!setup_step("take back what waits for the next start"))
        return true;
    return !sys_forget_later(paths, count) ||
           setup_error("cannot change the registry: %s; repeat the command", sys_problem());
}
