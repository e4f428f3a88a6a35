/*
 * One of Wine's registry files (user.reg, system.reg) in memory: found in it and changed is only what is
 * asked for, everything else stays byte for byte. Key paths have backslashes; text is UTF-8.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_HIVE_H
#define SETUP_HIVE_H

#include "graft.h"

#define HIVE_PATH 1024 /* longest key path that is told from others */

struct hive {
    char *text; /* malloc'd */
    size_t size;
    bool changed;
};

enum hive_result {
    HIVE_OK,
    HIVE_ABSENT,
    HIVE_OTHER, /* not text, or too long */
    HIVE_MEMORY,
};

/* Whether the bytes are such a file. */
bool hive_valid(struct graft_bytes bytes);
/* Whether it says that the prefix runs 64-bit programs. */
bool hive_wide(const struct hive *hive);

/* text gets the value's bytes and a zero; *size their number, as a list of texts holds zeros. */
enum hive_result hive_read(const struct hive *hive, const char *key, const char *name, char *text,
                           size_t room, size_t *size);
/* type is what stands before the text: "" for a text, "str(7):" for a list. Makes the key if it is missing. */
enum hive_result hive_write(struct hive *hive, const char *key, const char *name, const char *type,
                            const char *text, size_t size);
enum hive_result hive_erase(struct hive *hive, const char *key, const char *name);

bool hive_key_exists(const struct hive *hive, const char *key);
bool hive_key_empty(const struct hive *hive, const char *key);
/* The key must be empty. Keys above it go on existing. */
enum hive_result hive_delete_key(struct hive *hive, const char *key);
/* The name of the index-th key right below. */
bool hive_subkey(const struct hive *hive, const char *key, unsigned index, char *name, size_t room);

#endif
