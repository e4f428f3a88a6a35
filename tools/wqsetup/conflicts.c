/*
 * Overrides that keep our modules from being used: lost or changed since, the user's own, or of one of
 * kernel32 and kernelbase only, so that a program gets half of the pool from us.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "status.h"
#include "sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFLICT_APPS "Software\\Wine\\AppDefaults"

/* The text of an application's own override; Wine takes "*name", too. */
static bool conflict_read(const char *app, const char *name, char text[SETUP_NAME])
{
    char key[SETUP_PATH], starred[SETUP_NAME];

    setup_override_key(app, key);
    snprintf(starred, sizeof(starred), "*%s", name);
    return !sys_reg_read(key, name, text, SETUP_NAME) || !sys_reg_read(key, starred, text, SETUP_NAME);
}

/* Whether an application gets the native module, by its own override or by that of the whole prefix. */
static bool conflict_native(const char *app, const char *name)
{
    char text[SETUP_NAME];

    if (!conflict_read(app, name, text) && !conflict_read(SETUP_ALL, name, text))
        return false;
    return text[strspn(text, " \t")] == 'n' || text[strspn(text, " \t")] == 'N';
}

static bool conflict_known(const struct setup_state *state, const char *app, const char *name)
{
    for (unsigned i = 0; i < state->values; i++)
        if (setup_same_name(state->value[i].app, app) && !strcmp(state->value[i].name, name))
            return true;
    return false;
}

static void conflict_values(struct status *status, const struct setup_state *state)
{
    for (unsigned i = 0; i < state->values; i++) {
        const struct setup_value *value = &state->value[i];
        char text[SETUP_NAME];

        if (!conflict_read(value->app, value->name, text))
            status_add(status, true, "the override %s of %s is not set: run update", value->name, value->app);
        else if (strcmp(text, setup_override_text(value)))
            status_add(status, true, "the override %s of %s was changed to \"%s\": run update, or uninstall",
                       value->name, value->app, text);
    }
}

/* A program's own setting goes before that of the whole prefix. */
static void conflict_own(struct status *status, const struct setup_state *state, const char *app)
{
    static const char *const names[] = {"kernelbase", "kernel32", "rtworkq"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[SETUP_NAME];

        if (conflict_known(state, SETUP_ALL, names[i]) && !conflict_known(state, app, names[i]) &&
            conflict_read(app, names[i], text) && !conflict_native(app, names[i]))
            status_add(status, false, "%s keeps its own override %s=%s and uses Wine's module", app, names[i],
                       text);
    }
}

static void conflict_pair(struct status *status, const struct setup_state *state, const char *app)
{
    bool base = conflict_native(app, "kernelbase"), kernel = conflict_native(app, "kernel32");

    if (base != kernel && setup_state_has_scope(state, NULL, setup_find_module("kernel32")))
        status_add(status, true, "%s overrides %s without %s, and gets half of wqshim: set both or none",
                   strcmp(app, SETUP_ALL) ? app : "the whole prefix", base ? "kernelbase" : "kernel32",
                   base ? "kernel32" : "kernelbase");
}

void status_add_overrides(struct status *status, const struct setup_state *state)
{
    const char *environment = getenv("WINEDLLOVERRIDES");
    char app[SETUP_NAME];

    conflict_values(status, state);
    if (!status->faults)
        conflict_pair(status, state, SETUP_ALL);
    for (unsigned i = 0; sys_reg_subkey(CONFLICT_APPS, i, app, sizeof(app)); i++) {
        conflict_own(status, state, app);
        if (!status->faults)
            conflict_pair(status, state, app);
    }
    if (environment && (strstr(environment, "kernel") || strstr(environment, "rtworkq")))
        status_add(status, false, "WINEDLLOVERRIDES goes before the registry: %.200s", environment);
}
