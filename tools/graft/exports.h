/*
 * The export directory of a PE file as a table in memory, names sorted. Strings are borrowed from the file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_EXPORTS_H
#define GRAFT_EXPORTS_H

#include "pe.h"

#define GRAFT_EXPORT_MAX 0x10000u /* ordinals are 16 bits wide */

struct graft_slot {
    uint32_t rva;        /* 0: this ordinal is not used */
    const char *forward; /* "module.name" if the export is a forwarder, else NULL */
    bool code;           /* it lies in a section that may be executed */
};

struct graft_name {
    const char *name;
    uint32_t slot; /* index into slots; the ordinal is base + slot */
};

struct graft_exports {
    const char *module; /* the name that the directory gives to the module */
    uint32_t base, slot_count, name_count;
    struct graft_slot *slots;
    struct graft_name *names; /* sorted by byte value, all different */
};

/* Reads the export directory. The caller frees the table with graft_exports_free even after a failure. */
bool graft_exports_read(struct graft_exports *exports, const struct graft_pe *pe, struct graft_error *error);
void graft_exports_free(struct graft_exports *exports);

/* The slot that a name stands for, or NULL. */
const struct graft_slot *graft_exports_find(const struct graft_exports *exports, const char *name);

#endif
