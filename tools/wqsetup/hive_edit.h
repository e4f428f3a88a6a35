/*
 * Finding places in a registry file and writing there: between hive.c and hive_edit.c only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_HIVE_EDIT_H
#define SETUP_HIVE_EDIT_H

#include "hive.h"

/* Offsets into the text. */
struct hive_section {
    size_t at, body, end; /* the line with the path, what follows it, the next section */
    char path[HIVE_PATH];
};

struct hive_value {
    size_t at, data, end; /* the name, what follows "=", the next line that isn't the value's */
    char name[HIVE_PATH]; /* "" is the default value */
};

size_t hive_line_end(const struct hive *hive, size_t at);
bool hive_next(const struct hive *hive, size_t from, struct hive_section *section);
bool hive_find(const struct hive *hive, const char *key, struct hive_section *section);
bool hive_next_value(const struct hive *hive, const struct hive_section *section, size_t from,
                     struct hive_value *value);

/* All false if out of memory; the hive is then as before. */
bool hive_splice(struct hive *hive, size_t at, size_t removed, const char *text, size_t size);
bool hive_put_value(struct hive *hive, size_t at, size_t removed, const char *name, const char *type,
                    const char *text, size_t size);
bool hive_add_section(struct hive *hive, const char *key);

#endif
