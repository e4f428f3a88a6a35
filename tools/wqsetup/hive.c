/*
 * Registry files: sections, one for each key that has values or no keys below it, in the order of their
 * paths; each a line with the path, lines that start with '#', a line or more for each value, an empty line.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hive.h"
#include "hive_edit.h"
#include "regtext.h"

#include <stdlib.h>
#include <string.h>

static const char hive_magic[] = "WINE REGISTRY Version 2\n";

bool hive_valid(struct graft_bytes bytes)
{
    return bytes.size >= sizeof(hive_magic) - 1 && !memcmp(bytes.data, hive_magic, sizeof(hive_magic) - 1) &&
           !memchr(bytes.data, 0, bytes.size);
}

bool hive_wide(const struct hive *hive)
{
    static const char line[] = "\n#arch=win64\n";
    const char *found = strstr(hive->text, line), *first = strstr(hive->text, "\n[");

    return found && (!first || found < first);
}

size_t hive_line_end(const struct hive *hive, size_t at)
{
    const char *end = at < hive->size ? memchr(hive->text + at, '\n', hive->size - at) : NULL;

    return end ? (size_t)(end - hive->text) + 1 : hive->size;
}

bool hive_next(const struct hive *hive, size_t from, struct hive_section *section)
{
    const char *at;
    size_t size;

    while (from < hive->size && hive->text[from] != '[')
        from = hive_line_end(hive, from);
    if (from >= hive->size)
        return false;
    section->at = from;
    section->body = hive_line_end(hive, from);
    at = hive->text + from + 1;
    if (!regtext_decode(&at, hive->text + section->body, ']', section->path, HIVE_PATH - 1, &size))
        section->path[0] = 0; /* not one that we know */
    for (from = section->body; from < hive->size && hive->text[from] != '[';)
        from = hive_line_end(hive, from);
    section->end = from;
    return true;
}

bool hive_find(const struct hive *hive, const char *key, struct hive_section *section)
{
    for (size_t from = 0; hive_next(hive, from, section); from = section->end)
        if (!regtext_compare(section->path, key))
            return true;
    return false;
}

/* The part of a path that follows a key's, or NULL if it is not below the key. */
static const char *hive_below(const char *path, const char *key)
{
    char head[HIVE_PATH];
    size_t size = strlen(key);

    if (strlen(path) <= size || path[size] != '\\' || size >= HIVE_PATH)
        return NULL;
    memcpy(head, path, size);
    head[size] = 0;
    return regtext_compare(head, key) ? NULL : path + size + 1;
}

static bool hive_has_keys(const struct hive *hive, const char *key)
{
    struct hive_section section;

    for (size_t from = 0; hive_next(hive, from, &section); from = section.end)
        if (hive_below(section.path, key))
            return true;
    return false;
}

bool hive_next_value(const struct hive *hive, const struct hive_section *section, size_t from,
                     struct hive_value *value)
{
    const char *at;
    size_t size;

    while (from < section->end && hive->text[from] != '"' && hive->text[from] != '@')
        from = hive_line_end(hive, from);
    if (from >= section->end)
        return false;
    value->at = from;
    value->name[0] = 0;
    at = hive->text + from + 1;
    if (hive->text[from] == '"' &&
        !regtext_decode(&at, hive->text + section->end, '"', value->name, sizeof(value->name) - 1, &size))
        strcpy(value->name, "\x01"); /* not one that we know */
    value->data = (size_t)(at - hive->text);
    value->data += value->data < section->end && hive->text[value->data] == '=';
    do /* a line that ends in a backslash goes on */
        from = hive_line_end(hive, from);
    while (from < section->end && hive->text[from - 1] == '\n' && hive->text[from - 2] == '\\');
    value->end = from;
    return true;
}

static bool hive_find_value(const struct hive *hive, const struct hive_section *section, const char *name,
                            struct hive_value *value)
{
    for (size_t from = section->body; hive_next_value(hive, section, from, value); from = value->end)
        if (!regtext_compare(value->name, name))
            return true;
    return false;
}

enum hive_result hive_read(const struct hive *hive, const char *key, const char *name, char *text,
                           size_t room, size_t *size)
{
    struct hive_section section;
    struct hive_value value;
    const char *at, *end;

    text[0] = 0;
    if (!hive_find(hive, key, &section) || !hive_find_value(hive, &section, name, &value))
        return HIVE_ABSENT;
    at = hive->text + value.data;
    end = hive->text + value.end;
    if (end - at > 7 && !memcmp(at, "str(7):", 7))
        at += 7;
    if (*at++ != '"' || !regtext_decode(&at, end, '"', text, room - 1, size))
        return HIVE_OTHER;
    return HIVE_OK;
}

enum hive_result hive_write(struct hive *hive, const char *key, const char *name, const char *type,
                            const char *text, size_t size)
{
    struct hive_section section;
    struct hive_value value;
    size_t at;

    if (!hive_find(hive, key, &section))
        return hive_add_section(hive, key) ? hive_write(hive, key, name, type, text, size) : HIVE_MEMORY;
    if (hive_find_value(hive, &section, name, &value))
        return hive_put_value(hive, value.at, value.end - value.at, name, type, text, size) ? HIVE_OK
                                                                                            : HIVE_MEMORY;
    for (at = section.body; at < section.end && hive->text[at] == '#';)
        at = hive_line_end(hive, at);
    for (size_t from = at; hive_next_value(hive, &section, from, &value); from = at = value.end)
        if (regtext_compare(value.name, name) > 0)
            break;
    return hive_put_value(hive, at, 0, name, type, text, size) ? HIVE_OK : HIVE_MEMORY;
}

enum hive_result hive_erase(struct hive *hive, const char *key, const char *name)
{
    struct hive_section section;
    struct hive_value value;

    if (!hive_find(hive, key, &section) || !hive_find_value(hive, &section, name, &value))
        return HIVE_ABSENT;
    return hive_splice(hive, value.at, value.end - value.at, "", 0) ? HIVE_OK : HIVE_MEMORY;
}

bool hive_key_exists(const struct hive *hive, const char *key)
{
    struct hive_section section;

    return hive_find(hive, key, &section) || hive_has_keys(hive, key);
}

bool hive_key_empty(const struct hive *hive, const char *key)
{
    struct hive_section section;
    struct hive_value value;

    return hive_find(hive, key, &section) && !hive_next_value(hive, &section, section.body, &value) &&
           !hive_has_keys(hive, key);
}

enum hive_result hive_delete_key(struct hive *hive, const char *key)
{
    struct hive_section section;
    char parent[HIVE_PATH];
    char *slash;

    if (!hive_find(hive, key, &section))
        return HIVE_ABSENT;
    strcpy(parent, section.path);
    if (!hive_splice(hive, section.at, section.end - section.at, "", 0))
        return HIVE_MEMORY;
    slash = strrchr(parent, '\\');
    if (!slash)
        return HIVE_OK;
    *slash = 0; /* a key without values is written only if no key below it is */
    return hive_key_exists(hive, parent) || hive_add_section(hive, parent) ? HIVE_OK : HIVE_MEMORY;
}

bool hive_subkey(const struct hive *hive, const char *key, unsigned index, char *name, size_t room)
{
    struct hive_section section;
    char last[HIVE_PATH] = "";

    for (size_t from = 0; hive_next(hive, from, &section); from = section.end) {
        const char *rest = hive_below(section.path, key);
        size_t size = rest ? strcspn(rest, "\\") : 0;

        if (!rest || (strlen(last) == size && !strncmp(last, rest, size)))
            continue;
        memcpy(last, rest, size);
        last[size] = 0;
        if (index--)
            continue;
        if (size >= room)
            return false;
        strcpy(name, last);
        return true;
    }
    return false;
}
