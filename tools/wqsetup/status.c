/*
 * What is installed and whether it still fits the prefix, for people; status_json.c says the same to programs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "status.h"
#include "sys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const status_phases[] = {
    "not installed",
    "an installation was interrupted: repeat it, or run repair or uninstall",
    "installed",
    "an uninstall was interrupted: repeat it, or run repair",
    "uninstalled when the prefix starts the next time",
    "off: Wine changed, and programs use its own modules until update makes ours fit"};

void status_add(struct status *status, bool fault, const char *format, ...)
{
    va_list args;

    status->faults += fault;
    if (status->lines == STATUS_LINES)
        return;
    status->fault[status->lines] = fault;
    va_start(args, format);
    vsnprintf(status->line[status->lines++], STATUS_LINE, format, args);
    va_end(args);
}

/* Whether Wine's own file is still the one that was there when we looked. */
static bool status_wine_same(const struct setup_file *file)
{
    struct graft_bytes wine;
    setup_hash hash;

    if (!setup_read_wine(file->arch, file->place->file, &wine) || !wine.data)
        return true;
    setup_hash_bytes(wine, hash);
    setup_release(&wine);
    return !file->wine[0] || !strcmp(hash, file->wine);
}

static const char *status_target(const struct setup_file *file, struct graft_bytes now)
{
    struct graft_record record;
    setup_hash hash;

    if (!now.data)
        return "missing: run update";
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
        return "missing: run update";
    return strcmp(hash, file->original) ? "changed since the installation: run update" : NULL;
}

const char *status_file(const struct setup_file *file, const char **kept)
{
    struct graft_bytes now;
    const char *target;

    *kept = status_kept(file);
    if (!setup_read(file->target, &now))
        return "unreadable";
    target = status_target(file, now);
    setup_release(&now);
    return target || status_wine_same(file) ? target : "stale: Wine was updated: run update";
}

static void status_add_files(struct status *status, const struct setup_state *state)
{
    for (unsigned i = 0; i < state->files; i++) {
        const struct setup_file *file = &state->file[i];
        const char *kept, *target = status_file(file, &kept);

        if (target)
            status_add(status, true, "%s is %s", file->target, target);
        if (kept)
            status_add(status, true, "%s is %s", file->kept, kept);
    }
}

static void status_add_notes(struct status *status, const struct setup_state *state)
{
    if (sys_other_wine())
        status_add(status, false, SETUP_OTHER_WINE, sys_other_wine());
    if (!sys_sees_drivers() && setup_state_has_scope(state, NULL, setup_find_module("ntoskrnl")))
        status_add(status, false,
                   "whether Wine's drivers run on ntoskrnl only verify of wqsetup.exe can tell");
}

static bool status_look(struct status *status, struct setup_state *state)
{
    static struct setup_state adopted;

    if (state->phase == SETUP_INSTALLING || state->phase == SETUP_REMOVING || state->phase == SETUP_OFF)
        status_add(status, true, "%s", status_phases[state->phase]);
    if (state->phase != SETUP_PENDING)
        status_add_files(status, state);
    if (state->phase == SETUP_INSTALLED)
        status_add_overrides(status, state);
    if (state->phase != SETUP_NONE) {
        status_add_notes(status, state);
        return true;
    }
    if (!setup_adopt(&adopted))
        return false;
    if (adopted.files)
        status_add(status, true, "grafts are there but no %s: run uninstall or repair", SETUP_STATE);
    return true;
}

static void status_print(const struct status *status, const struct setup_state *state)
{
    setup_print("%s", status_phases[state->phase]);
    for (unsigned i = 0; state->phase != SETUP_PENDING && i < state->files; i++) {
        const char *kept, *target = status_file(&state->file[i], &kept);

        setup_print("%s: %s", state->file[i].target, target ? target : "ok");
    }
    for (unsigned i = 0; i < state->scopes; i++)
        setup_print("%s for %s", state->scope[i].module->name,
                    !strcmp(state->scope[i].app, SETUP_ALL)     ? "the whole prefix"
                    : !strcmp(state->scope[i].app, SETUP_FILES) ? "whoever loads it"
                                                                : state->scope[i].app);
    for (unsigned i = 0; i < status->lines; i++)
        setup_print("%s%s", status->fault[i] ? "" : "note: ", status->line[i]);
}

static bool status_verify(const struct status *status, const struct setup_state *state)
{
    for (unsigned i = 0; i < status->lines; i++)
        if (status->fault[i])
            setup_error("%s", status->line[i]);
    if (status->faults)
        return false;
    if (state->phase == SETUP_NONE)
        return setup_fail(SETUP_NOT_THERE, "wqshim is not installed in this prefix");
    if (state->phase == SETUP_PENDING)
        return setup_fail(SETUP_NOT_THERE, "%s", status_phases[state->phase]);
    return sys_drivers_right(state);
}

bool setup_status(struct setup_state *state, bool verify)
{
    static struct status status;

    if (!status_look(&status, state))
        return false;
    if (verify)
        return status_verify(&status, state);
    if (setup_options.json)
        status_json(&status, state);
    else
        status_print(&status, state);
    return true;
}
