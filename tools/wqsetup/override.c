/*
 * DllOverrides in the registry: which values the scopes ask for, and setting and resetting them without
 * leaving a trace.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static void override_key(const char *app, char *path)
{
    if (!strcmp(app, SETUP_ALL))
        strcpy(path, "Software\\Wine\\DllOverrides");
    else
        snprintf(path, SETUP_PATH, "Software\\Wine\\AppDefaults\\%s\\DllOverrides", app);
}

static void override_widen(const char *text, wchar_t *wide)
{
    if (!MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, SETUP_PATH))
        wide[0] = 0;
}

static bool override_key_exists(const char *path)
{
    wchar_t wide[SETUP_PATH];
    HKEY key;

    override_widen(path, wide);
    if (RegOpenKeyExW(HKEY_CURRENT_USER, wide, 0, KEY_READ, &key))
        return false;
    RegCloseKey(key);
    return true;
}

/* Reads a value. *had tells whether it exists. A value that is not text, or too long, is an error: we could
 * not restore it. */
static bool override_read(const struct setup_value *value, bool *had, char text[SETUP_NAME])
{
    wchar_t key[SETUP_PATH], name[SETUP_PATH], wide[SETUP_NAME];
    char path[SETUP_PATH];
    DWORD size = sizeof(wide);
    LSTATUS status;

    override_key(value->app, path);
    override_widen(path, key);
    override_widen(value->name, name);
    text[0] = 0;
    status = RegGetValueW(HKEY_CURRENT_USER, key, name, RRF_RT_REG_SZ, NULL, wide, &size);
    *had = !status;
    if (status == ERROR_FILE_NOT_FOUND)
        return true;
    if (status || !WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, SETUP_NAME, NULL, NULL) ||
        strpbrk(text, "\t\n"))
        return setup_error("cannot read the override %s of %s: error %ld", value->name, value->app, status);
    return true;
}

static bool override_is_ours(const struct setup_value *value, bool *ours)
{
    char text[SETUP_NAME];
    bool had;

    if (!override_read(value, &had, text))
        return false;
    *ours = had && !strcmp(text, SETUP_NATIVE);
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
    if (override_key_exists(path))
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

    override_key(app, path);
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
    for (unsigned i = 0; i < state->scopes; i++) {
        const struct setup_scope *scope = &state->scope[i];

        for (unsigned j = 0; j < SETUP_TARGETS && scope->module->targets[j].file; j++)
            if (scope->module->targets[j].override && strcmp(scope->app, SETUP_FILES) &&
                !override_plan_value(state, scope->app, scope->module->targets[j].override))
                return false;
    }
    return true;
}

bool setup_overrides_right(const struct setup_state *state, bool report)
{
    bool right = true, ours;

    for (unsigned i = 0; i < state->values; i++) {
        if (!override_is_ours(&state->value[i], &ours))
            return false;
        if (!ours && report)
            setup_error("the override %s of %s is not set", state->value[i].name, state->value[i].app);
        right &= ours;
    }
    return right;
}

static bool override_write(const struct setup_value *value, const char *text)
{
    wchar_t key[SETUP_PATH], name[SETUP_PATH], wide[SETUP_PATH];
    char path[SETUP_PATH];
    LSTATUS status;
    HKEY handle;

    if (!setup_step("set override %s=%s for %s", value->name, text, value->app))
        return true;
    override_key(value->app, path);
    override_widen(path, key);
    override_widen(value->name, name);
    override_widen(text, wide);
    status = RegCreateKeyExW(HKEY_CURRENT_USER, key, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &handle, NULL);
    if (!status) {
        status = RegSetValueExW(handle, name, 0, REG_SZ, (const BYTE *)wide,
                                (DWORD)((wcslen(wide) + 1) * sizeof(*wide)));
        RegFlushKey(handle);
        RegCloseKey(handle);
    }
    return !status ||
           setup_error("cannot set the override %s of %s: error %ld", value->name, value->app, status);
}

static bool override_erase(const struct setup_value *value)
{
    wchar_t key[SETUP_PATH], name[SETUP_PATH];
    char path[SETUP_PATH];
    LSTATUS status;
    HKEY handle;

    if (!setup_step("remove override %s for %s", value->name, value->app))
        return true;
    override_key(value->app, path);
    override_widen(path, key);
    override_widen(value->name, name);
    status = RegOpenKeyExW(HKEY_CURRENT_USER, key, 0, KEY_ALL_ACCESS, &handle);
    if (!status) {
        status = RegDeleteValueW(handle, name);
        RegFlushKey(handle);
        RegCloseKey(handle);
    }
    return !status ||
           setup_error("cannot remove the override %s of %s: error %ld", value->name, value->app, status);
}

bool setup_overrides_set(const struct setup_state *state)
{
    bool ours;

    for (unsigned i = 0; i < state->values; i++)
        if (!override_is_ours(&state->value[i], &ours) ||
            (!ours && !override_write(&state->value[i], SETUP_NATIVE)))
            return false;
    return true;
}

/* A value that somebody changed after us is left alone. */
static bool override_restore(const struct setup_value *value)
{
    bool ours;

    if (!override_is_ours(value, &ours))
        return false;
    if (!ours)
        return true;
    return value->had ? !strcmp(value->previous, SETUP_NATIVE) || override_write(value, value->previous)
                      : override_erase(value);
}

static bool override_wanted(const struct setup_state *state, const struct setup_value *value)
{
    for (unsigned i = 0; i < state->scopes; i++) {
        const struct setup_scope *scope = &state->scope[i];

        for (unsigned j = 0; j < SETUP_TARGETS && scope->module->targets[j].file; j++)
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
    return true;
}

bool setup_overrides_lift(const struct setup_state *state)
{
    for (unsigned i = 0; i < state->values; i++)
        if (!override_restore(&state->value[i]))
            return false;
    return true;
}

static bool override_key_empty(const char *path)
{
    wchar_t wide[SETUP_PATH];
    DWORD keys = 1, values = 1;
    HKEY key;

    override_widen(path, wide);
    if (RegOpenKeyExW(HKEY_CURRENT_USER, wide, 0, KEY_READ, &key))
        return false;
    RegQueryInfoKeyW(key, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    RegCloseKey(key);
    return !keys && !values;
}

bool setup_overrides_drop_keys(struct setup_state *state)
{
    wchar_t wide[SETUP_PATH];
    unsigned kept = 0;

    for (unsigned i = state->keys; i-- > 0;) {
        if (!override_key_empty(state->key[i]) || !setup_step("delete key HKCU\\%s", state->key[i]))
            continue;
        override_widen(state->key[i], wide);
        if (RegDeleteKeyW(HKEY_CURRENT_USER, wide))
            return setup_error("cannot delete the key HKCU\\%s", state->key[i]);
    }
    for (unsigned i = 0; i < state->keys; i++)
        if (override_key_exists(state->key[i]))
            memmove(state->key[kept++], state->key[i], SETUP_PATH);
    state->keys = kept;
    return true;
}
