/*
 * Writing into a registry file as Wine itself would, so that nobody sees who it was.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hive_edit.h"
#include "regtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HIVE_EPOCH 116444736000000000ull /* 1970 in units of 100 ns since 1601 */

bool hive_splice(struct hive *hive, size_t at, size_t removed, const char *text, size_t size)
{
    char *all = malloc(hive->size - removed + size + 1);

    if (!all)
        return false;
    memcpy(all, hive->text, at);
    memcpy(all + at, text, size);
    memcpy(all + at + size, hive->text + at + removed, hive->size - at - removed);
    hive->size += size - removed;
    all[hive->size] = 0;
    free(hive->text);
    hive->text = all;
    hive->changed = true;
    return true;
}

bool hive_put_value(struct hive *hive, size_t at, size_t removed, const char *name, const char *type,
                    const char *text, size_t size)
{
    char *line = malloc(8 * (strlen(name) + size) + strlen(type) + 16);
    size_t used = 0;
    bool put;

    if (!line)
        return false;
    if (*name) {
        line[used++] = '"';
        used += regtext_encode(name, strlen(name), false, line + used);
        line[used++] = '"';
    } else {
        line[used++] = '@';
    }
    used += (size_t)sprintf(line + used, "=%s\"", type);
    used += regtext_encode(text, size, false, line + used);
    used += (size_t)sprintf(line + used, "\"\n");
    put = hive_splice(hive, at, removed, line, used);
    free(line);
    return put;
}

bool hive_add_section(struct hive *hive, const char *key)
{
    struct hive_section section = {0};
    char text[8 * HIVE_PATH + 80] = "\n\n[";
    size_t at = hive->size, used = 3, skip = 2;
    struct timespec now;

    if (strlen(key) >= HIVE_PATH)
        return false;
    timespec_get(&now, TIME_UTC);
    used += regtext_encode(key, strlen(key), true, text + used);
    used += (size_t)snprintf(text + used, 80, "] %lld\n#time=%llx\n\n", (long long)now.tv_sec,
                             HIVE_EPOCH + (unsigned long long)now.tv_sec * 10000000 +
                                 (unsigned long long)now.tv_nsec / 100);
    for (size_t from = 0; hive_next(hive, from, &section); from = section.end) {
        if (section.path[0] && regtext_compare(section.path, key) > 0) {
            at = section.at;
            break;
        }
    }
    /* A file that ends without an empty line gets one. */
    if (at == hive->size && at >= 2 && hive->text[at - 2] != '\n')
        skip = hive->text[at - 1] == '\n' ? 1 : 0;
    return hive_splice(hive, at, 0, text + skip, used - skip);
}
