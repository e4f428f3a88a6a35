/*
 * The state file: lines of words separated by tabs, closed by a hash of the lines, so that a damaged file is
 * noticed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_WORDS 8
#define STATE_SIZE  (1 << 20)

static const char *const state_phases[] = {"none", "installing", "installed", "removing", "pending", "off"};

static bool state_copy(char *to, size_t room, const char *from)
{
    if (strlen(from) >= room)
        return false;
    strcpy(to, from);
    return true;
}

static bool state_read_file(struct setup_state *state, char **words)
{
    struct setup_file *file = &state->file[state->files];

    if (state->files == SETUP_LIST)
        return false;
    state->files++;
    file->module = setup_find_module(words[1]);
    return file->module && state_copy(file->target, sizeof(file->target), words[2]) &&
           state_copy(file->kept, sizeof(file->kept), words[3]) &&
           state_copy(file->hash, sizeof(file->hash), words[4]) &&
           state_copy(file->was, sizeof(file->was), words[5]) &&
           state_copy(file->original, sizeof(file->original), words[6]) &&
           state_copy(file->wine, sizeof(file->wine), words[7]) && setup_place(file);
}

/* Whether this could be a name that --app takes, or one of the scopes without one. */
static bool state_good_app(const char *app)
{
    return *app && !strpbrk(app, "\\/?\"<>|") && (!strchr(app, '*') || !strcmp(app, SETUP_ALL));
}

static bool state_good_key(const char *key)
{
    static const char apps[] = "Software\\Wine\\AppDefaults\\";
    char path[SETUP_PATH], *end;

    setup_override_key(SETUP_ALL, path);
    if (!strncmp(path, key, strlen(key)) && *key)
        return true;
    if (strncmp(key, apps, sizeof(apps) - 1) || strlen(key) >= SETUP_PATH)
        return *key && !strncmp(apps, key, strlen(key));
    strcpy(path, key + sizeof(apps) - 1);
    end = strchr(path, '\\');
    if (end)
        *end++ = 0;
    return state_good_app(path) && (!end || !strcmp(end, "DllOverrides"));
}

static bool state_read_value(struct setup_state *state, char **words)
{
    struct setup_value *value = &state->value[state->values];

    if (state->values == SETUP_LIST)
        return false;
    state->values++;
    value->had = !strcmp(words[3], "had");
    return state_good_app(words[1]) && setup_override_name(words[2]) &&
           state_copy(value->app, sizeof(value->app), words[1]) &&
           state_copy(value->name, sizeof(value->name), words[2]) &&
           state_copy(value->previous, sizeof(value->previous), words[4]);
}

static bool state_read_phase(struct setup_state *state, const char *word)
{
    for (unsigned i = SETUP_INSTALLING; i <= SETUP_OFF; i++)
        if (!strcmp(word, state_phases[i]))
            state->phase = (enum setup_phase)i;
    return state->phase != SETUP_NONE;
}

static bool state_read_line(struct setup_state *state, char *line)
{
    char *words[STATE_WORDS] = {line};
    unsigned count = 1;

    for (char *at = line; *at; at++) {
        if (*at != '\t')
            continue;
        if (count == STATE_WORDS)
            return false;
        *at = 0;
        words[count++] = at + 1;
    }
    if (!strcmp(words[0], "wqsetup") && count == 2)
        return !strcmp(words[1], "1");
    if (!strcmp(words[0], "phase") && count == 2)
        return state_read_phase(state, words[1]);
    if (!strcmp(words[0], "file") && count == 8)
        return state_read_file(state, words);
    if (!strcmp(words[0], "scope") && count == 3)
        return state_good_app(words[1]) && setup_find_module(words[2]) &&
               setup_state_add_scope(state, words[1], setup_find_module(words[2]));
    if (!strcmp(words[0], "value") && count == 5)
        return state_read_value(state, words);
    if (!strcmp(words[0], "key") && count == 2 && state->keys < SETUP_LIST && state_good_key(words[1]))
        return state_copy(state->key[state->keys++], SETUP_PATH, words[1]);
    return false;
}

/* The paths, names and keys of a state are those that wqsetup itself would write: whoever made the file, it
 * leads nowhere else. The last line is "end" and the hash of all lines before it. */
static bool state_check_end(const char *text, size_t size)
{
    const char *end = size > 70 ? text + size - 69 : NULL;
    struct graft_bytes lines = {(const uint8_t *)text, 0};
    setup_hash hash;

    if (!end || end[-1] != '\n' || memcmp(end, "end\t", 4) || text[size - 1] != '\n')
        return false;
    lines.size = (size_t)(end - text);
    setup_hash_bytes(lines, hash);
    return !memcmp(end + 4, hash, 64);
}

bool setup_state_load(struct setup_state *state)
{
    struct graft_bytes bytes;
    char *text, *next;
    bool good;

    memset(state, 0, sizeof(*state));
    if (!setup_read(SETUP_STATE, &bytes))
        return false;
    if (!bytes.data)
        return true;
    text = (char *)(uintptr_t)bytes.data;
    good = state_check_end(text, bytes.size) && !memchr(text, 0, bytes.size);
    if (good)
        text[bytes.size - 69] = 0;
    for (char *line = text; good && *line; line = next) {
        next = strchr(line, '\n');
        good = next != NULL;
        if (!good)
            break;
        *next++ = 0;
        good = state_read_line(state, line);
    }
    setup_release(&bytes);
    state->damaged = !good || state->phase == SETUP_NONE;
    return true;
}

static size_t state_format(const struct setup_state *state, char *text)
{
    size_t used = (size_t)snprintf(text, STATE_SIZE, "wqsetup\t1\nphase\t%s\n", state_phases[state->phase]);

    for (unsigned i = 0; i < state->files; i++) {
        const struct setup_file *file = &state->file[i];

        used += (size_t)snprintf(text + used, STATE_SIZE - used, "file\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
                                 file->module->name, file->target, file->kept, file->hash, file->was,
                                 file->original, file->wine);
    }
    for (unsigned i = 0; i < state->scopes; i++)
        used += (size_t)snprintf(text + used, STATE_SIZE - used, "scope\t%s\t%s\n", state->scope[i].app,
                                 state->scope[i].module->name);
    for (unsigned i = 0; i < state->values; i++)
        used += (size_t)snprintf(text + used, STATE_SIZE - used, "value\t%s\t%s\t%s\t%s\n",
                                 state->value[i].app, state->value[i].name, state->value[i].had ? "had" : "-",
                                 state->value[i].previous);
    for (unsigned i = 0; i < state->keys; i++)
        used += (size_t)snprintf(text + used, STATE_SIZE - used, "key\t%s\n", state->key[i]);
    return used;
}

bool setup_state_save(const struct setup_state *state)
{
    char *text = malloc(STATE_SIZE);
    struct graft_bytes bytes = {(const uint8_t *)text, 0};
    setup_hash hash;
    bool saved;

    if (!text)
        return setup_error("out of memory");
    /* The lists' limits keep the text below half of the room. */
    bytes.size = state_format(state, text);
    setup_hash_bytes(bytes, hash);
    bytes.size += (size_t)snprintf(text + bytes.size, STATE_SIZE - bytes.size, "end\t%s\n", hash);
    saved = setup_write(SETUP_STATE, bytes);
    free(text);
    return saved;
}

struct setup_file *setup_state_file(struct setup_state *state, const char *target)
{
    for (unsigned i = 0; i < state->files; i++)
        if (!strcmp(state->file[i].target, target))
            return &state->file[i];
    return NULL;
}

bool setup_state_has_scope(const struct setup_state *state, const char *app,
                           const struct setup_module *module)
{
    for (unsigned i = 0; i < state->scopes; i++)
        if ((!app || !strcmp(state->scope[i].app, app)) && (!module || state->scope[i].module == module))
            return true;
    return false;
}

bool setup_state_add_scope(struct setup_state *state, const char *app, const struct setup_module *module)
{
    struct setup_scope *scope = &state->scope[state->scopes];

    if (setup_state_has_scope(state, app, module))
        return true;
    if (state->scopes == SETUP_LIST || !state_copy(scope->app, sizeof(scope->app), app))
        return setup_error("too many applications, or a name is too long");
    scope->module = module;
    state->scopes++;
    return true;
}
