/*
 * What happens when the prefix starts: is every graft made from the builtin that the running Wine has? A graft
 * on another Wine's base ends programs, Wine's own, too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <string.h>

static bool boot_same(struct graft_bytes a, struct graft_bytes b)
{
    return a.data && b.data && a.size == b.size && !memcmp(a.data, b.data, a.size);
}

/* Compares bytes and no hashes: this is done at every start. */
static bool boot_file_fits(const struct setup_file *file)
{
    struct graft_bytes target = {0}, kept = {0}, wine = {0};
    struct graft_record record;
    bool fits = setup_read(file->target, &target) && setup_read(file->kept, &kept) &&
                setup_read_wine(file->arch, file->place->file, &wine) && graft_read_record(target, &record) &&
                record.version == GRAFT_VERSION && kept.data && kept.size == record.builtin_size;

    /* Where Wine's own file is not found nothing can be known. */
    fits = fits && (!wine.data || boot_same(kept, wine));
    setup_release(&target);
    setup_release(&kept);
    setup_release(&wine);
    return fits;
}

bool setup_fits(const struct setup_state *state)
{
    for (unsigned i = 0; i < state->files; i++)
        if (state->file[i].module->graft && !boot_file_fits(&state->file[i]))
            return false;
    return true;
}

bool setup_off(struct setup_state *state)
{
    state->phase = SETUP_OFF;
    return setup_state_save(state) && setup_overrides_lift(state);
}
