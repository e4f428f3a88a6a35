/*
 * DllOverrides in the registry: which values the scopes ask for, and setting and resetting them without
 * leaving a trace.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>
#include <string.h>

void setup_override_key(const char *app, char path[SETUP_PATH])
{
    if (!strcmp(app, SETUP_ALL))
        strcpy(path, "Software\\Wine\\DllOverrides");
    else
        snprintf(path, SETUP_PATH, "Software\\Wine\\AppDefaults\\%s\\DllOverrides", app);
}

/*
 * Values of every installation. Our wineboot.exe runs first whenever the prefix starts; it, and wqsetup.exe
 * wherever it is run, must not depend on grafts that may not fit the Wine of that moment.
 */
static const struct setup_fixed {
    const char *app, *name, *text;
} override_fixed[] = {
    {"wineboot.exe", "kernel32", "builtin"},       {"wineboot.exe", "kernelbase", "builtin"},
    {"wqsetup.exe", "kernel32", "builtin"},        {"wqsetup.exe", "kernelbase", "builtin"},
    {SETUP_ALL, "wineboot.exe", "native,builtin"},
};

#define OVERRIDE_FIXED (sizeof(override_fixed) / sizeof(override_fixed[0]))

static const struct setup_fixed *override_find_fixed(const struct setup_value *value)
{
    for (unsigned i = 0; i < OVERRIDE_FIXED; i++)
        if (!strcmp(override_fixed[i].app, value->app) && !strcmp(override_fixed[i].name, value->name))
            return &override_fixed[i];
    return NULL;
}

const char *setup_override_text(const struct setup_value *value)
{
    const struct setup_fixed *fixed = override_find_fixed(value);

    return fixed ? fixed->text : SETUP_NATIVE;
}

bool setup_override_name(const char *name)
{
    for (unsigned i = 0; i < OVERRIDE_FIXED; i++)
        if (!strcmp(override_fixed[i].name, name))
            return true;
    for (unsigned i = 0; i < setup_module_count; i++)
        for (unsigned j = 0; j < SETUP_TARGETS && setup_modules[i].targets[j].file; j++)
            if (setup_modules[i].targets[j].override && !strcmp(setup_modules[i].targets[j].override, name))
                return true;
    return false;
}

/* Reads a value. *had tells whether it exists. A value that is not text, or too long, is an error: we could
 * not restore it. */
static bool override_read(const struct setup_value *value, bool *had, char text[SETUP_NAME])
{
    char path[SETUP_PATH];
    enum sys_result result;

    setup_override_key(value->app, path);
    text[0] = 0;
    result = sys_reg_read(path, value->name, text, SETUP_NAME);
    *had = !result;
    if (result == SYS_ABSENT)
        return true;
    return (!result && !strpbrk(text, "\t\n")) ||
           setup_error("cannot read the override %s of %s: %s; set it anew with winecfg", value->name,
                       value->app, result ? sys_problem() : "it holds a tab or an end of line");
}

static bool override_is_ours(const struct setup_value *value, bool *ours)
{
    char text[SETUP_NAME];
    bool had;

    if (!override_read(value, &had, text))
        return false;
    *ours = had && !strcmp(text, setup_override_text(value));
    return true;
}

static bool override_known(const struct setup_state *state, const char *app, const char *name)
{
    for (unsigned i = 0; i < state->values; i++)
        if (!strcmp(state->value[i].app, app) && !strcmp(state->value[i].name, name))
            return true;
    return false;
}

static bool override_plan_key(struct setup_state *state, const char *path)
{
    for (unsigned i = 0; i < state->keys; i++)
        if (!strcmp(state->key[i], path))
            return true;
    if (sys_reg_key_exists(path))
        return true;
    if (state->keys == SETUP_LIST)
        return setup_error("too many applications");
    strcpy(state->key[state->keys++], path);
    return true;
}

/* Notes every part of a key's path that does not exist yet. */
static bool override_plan_keys(struct setup_state *state, const char *app)
{
    char path[SETUP_PATH], part[SETUP_PATH];

    setup_override_key(app, path);
    for (char *at = path; (at = strchr(at, '\\')); at++) {
        size_t size = (size_t)(at - path);

        memcpy(part, path, size);
        part[size] = 0;
        if (!override_plan_key(state, part))
            return false;
    }
    return override_plan_key(state, path);
}

static bool override_plan_value(struct setup_state *state, const char *app, const char *name)
{
    struct setup_value *value = &state->value[state->values];

    if (override_known(state, app, name))
        return true;
    if (state->values == SETUP_LIST)
        return setup_error("too many applications");
    strcpy(value->app, app);
    strcpy(value->name, name);
    if (!override_read(value, &value->had, value->previous) || !override_plan_keys(state, app))
        return false;
    state->values++;
    return true;
}

bool setup_overrides_plan(struct setup_state *state)
{
    for (unsigned i = 0; i < OVERRIDE_FIXED; i++)
        if (!override_plan_value(state, override_fixed[i].app, override_fixed[i].name))
            return false;
    for (unsigned i = 0; i < state->scopes; i++) {
        const struct setup_scope *scope = &state->scope[i];

        for (unsigned j = 0; setup_target_used(scope->module, j); j++)
            if (scope->module->targets[j].override && strcmp(scope->app, SETUP_FILES) &&
                !override_plan_value(state, scope->app, scope->module->targets[j].override))
                return false;
    }
    return true;
}

bool setup_overrides_right(const struct setup_state *state)
{
    bool right = true, ours;

    for (unsigned i = 0; i < state->values; i++) {
        if (!override_is_ours(&state->value[i], &ours))
            return false;
        right &= ours;
    }
    return right;
}

static bool override_write(const struct setup_value *value, const char *text)
{
    char path[SETUP_PATH];

    if (!setup_step("set override %s=%s for %s", value->name, text, value->app))
        return true;
    setup_override_key(value->app, path);
    return !sys_reg_write(path, value->name, text) ||
           setup_error("cannot set the override %s of %s: %s; repeat the command", value->name, value->app,
                       sys_problem());
}

static bool override_erase(const struct setup_value *value)
{
    char path[SETUP_PATH];

    if (!setup_step("remove override %s for %s", value->name, value->app))
        return true;
    setup_override_key(value->app, path);
    return !sys_reg_erase(path, value->name) ||
           setup_error("cannot remove the override %s of %s: %s; repeat the command", value->name, value->app,
                       sys_problem());
}

static bool override_flush(void)
{
    return setup_options.dry_run || !sys_reg_flush() ||
           setup_error("cannot save the registry: %s; make room and repeat the command", sys_problem());
}

bool setup_overrides_set(const struct setup_state *state)
{
    bool ours;

    for (unsigned i = 0; i < state->values; i++)
        if (!override_is_ours(&state->value[i], &ours) ||
            (!ours && !override_write(&state->value[i], setup_override_text(&state->value[i]))))
            return false;
    return override_flush();
}

/* A value that somebody changed after us is left alone. */
static bool override_restore(const struct setup_value *value)
{
    bool ours;

    if (!override_is_ours(value, &ours))
        return false;
    if (!ours)
        return true;
    return value->had ? !strcmp(value->previous, setup_override_text(value)) ||
                            override_write(value, value->previous)
                      : override_erase(value);
}

static bool override_wanted(const struct setup_state *state, const struct setup_value *value)
{
    if (override_find_fixed(value))
        return state->scopes != 0;
    for (unsigned i = 0; i < state->scopes; i++) {
        const struct setup_scope *scope = &state->scope[i];

        for (unsigned j = 0; setup_target_used(scope->module, j); j++)
            if (scope->module->targets[j].override &&
                !strcmp(scope->module->targets[j].override, value->name) && !strcmp(scope->app, value->app))
                return true;
    }
    return false;
}

bool setup_overrides_prune(struct setup_state *state)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < state->values; i++) {
        if (override_wanted(state, &state->value[i]))
            state->value[kept++] = state->value[i];
        else if (!override_restore(&state->value[i]))
            return false;
    }
    state->values = kept;
    return override_flush();
}

bool setup_overrides_lift(const struct setup_state *state)
{
    for (unsigned i = 0; i < state->values; i++)
        if (!override_find_fixed(&state->value[i]) && !override_restore(&state->value[i]))
            return false;
    return override_flush();
}

bool setup_overrides_drop_keys(struct setup_state *state)
{
    unsigned kept = 0;

    for (unsigned i = state->keys; i-- > 0;) {
        if (!sys_reg_key_empty(state->key[i]) || !setup_step("delete key HKCU\\%s", state->key[i]))
            continue;
        if (sys_reg_delete_key(state->key[i]))
            return setup_error("cannot delete the key HKCU\\%s: %s; repeat the command", state->key[i],
                               sys_problem());
    }
    for (unsigned i = 0; i < state->keys; i++)
        if (sys_reg_key_exists(state->key[i]))
            memmove(state->key[kept++], state->key[i], SETUP_PATH);
    state->keys = kept;
    return override_flush();
}
