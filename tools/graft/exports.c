/*
 * Reading an export directory that may hold anything.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "exports.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_EXECUTE 0x20000000u

static int exports_compare(const void *a, const void *b)
{
    const struct graft_name *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* A forwarder must name a module and something in it; the last dot separates them, as in the loader. */
static bool exports_check_forward(const char *text, const char *what, uint32_t ordinal,
                                  struct graft_error *error)
{
    const char *dot = text ? strrchr(text, '.') : NULL;

    if (!text)
        return graft_fail(error, "%s: ordinal %u is an unreadable forwarder", what, (unsigned)ordinal);
    if (dot && !dot[1])
        return graft_fail(error, "%s: ordinal %u forwards to %.80s, which ends in a dot", what,
                          (unsigned)ordinal, text);
    if (!dot || dot == text || dot[-1] == '.')
        return graft_fail(error, "%s: ordinal %u forwards to %.80s, which names no module", what,
                          (unsigned)ordinal, text);
    return true;
}

static bool exports_is_code(const struct graft_pe *pe, uint32_t rva)
{
    for (unsigned i = 0; i < pe->sections; i++) {
        struct graft_section section = graft_pe_section(pe, i);
        uint32_t size = section.virtual_size ? section.virtual_size : section.raw_size;

        if (rva >= section.rva && rva - section.rva < size)
            return graft_get32(pe->file.data + section.at + 36) & SECTION_EXECUTE;
    }
    return false;
}

static bool exports_read_slots(struct graft_exports *exports, const struct graft_pe *pe, uint32_t table_rva,
                               uint32_t dir, uint32_t dir_size, struct graft_error *error)
{
    const uint8_t *table = graft_pe_at(pe, table_rva, 4 * exports->slot_count);

    if (!table)
        return graft_fail(error, "%s: export addresses run out of the file", pe->what);
    exports->slots = calloc(exports->slot_count, sizeof(*exports->slots));
    if (!exports->slots)
        return graft_fail(error, "out of memory");
    for (uint32_t i = 0; i < exports->slot_count; i++) {
        struct graft_slot *slot = &exports->slots[i];

        slot->rva = graft_get32(table + 4 * i);
        if (slot->rva >= pe->image_size)
            return graft_fail(error, "%s: ordinal %u lies outside the image", pe->what,
                              (unsigned)(exports->base + i));
        if (slot->rva < dir || slot->rva - dir >= dir_size) {
            slot->code = exports_is_code(pe, slot->rva);
            continue;
        }
        slot->forward = graft_pe_string(pe, slot->rva);
        if (!exports_check_forward(slot->forward, pe->what, exports->base + i, error))
            return false;
    }
    return true;
}

static bool exports_read_names(struct graft_exports *exports, const struct graft_pe *pe, uint32_t names_rva,
                               uint32_t ordinals_rva, struct graft_error *error)
{
    const uint8_t *names = graft_pe_at(pe, names_rva, 4 * exports->name_count);
    const uint8_t *ordinals = graft_pe_at(pe, ordinals_rva, 2 * exports->name_count);

    if (!exports->name_count)
        return true;
    if (!names || !ordinals)
        return graft_fail(error, "%s: export names run out of the file", pe->what);
    exports->names = calloc(exports->name_count, sizeof(*exports->names));
    if (!exports->names)
        return graft_fail(error, "out of memory");
    for (uint32_t i = 0; i < exports->name_count; i++) {
        struct graft_name *name = &exports->names[i];

        name->name = graft_pe_string(pe, graft_get32(names + 4 * i));
        name->slot = graft_get16(ordinals + 2 * i);
        if (!name->name || !name->name[0])
            return graft_fail(error, "%s: export name %u is unreadable", pe->what, (unsigned)i);
        if (name->slot >= exports->slot_count || !exports->slots[name->slot].rva)
            return graft_fail(error, "%s: export %.80s has no address", pe->what, name->name);
    }
    qsort(exports->names, exports->name_count, sizeof(*exports->names), exports_compare);
    for (uint32_t i = 1; i < exports->name_count; i++)
        if (!strcmp(exports->names[i - 1].name, exports->names[i].name))
            return graft_fail(error, "%s: exports %.80s twice", pe->what, exports->names[i].name);
    return true;
}

bool graft_exports_read(struct graft_exports *exports, const struct graft_pe *pe, struct graft_error *error)
{
    uint32_t rva, size;
    const uint8_t *dir;

    memset(exports, 0, sizeof(*exports));
    graft_pe_dir(pe, GRAFT_DIR_EXPORT, &rva, &size);
    if (!rva || !size)
        return graft_fail(error, "%s: exports nothing", pe->what);
    dir = graft_pe_at(pe, rva, size < 40 ? 40 : size);
    if (!dir)
        return graft_fail(error, "%s: export directory lies outside the file", pe->what);
    exports->module = graft_pe_string(pe, graft_get32(dir + 12));
    exports->base = graft_get32(dir + 16);
    exports->slot_count = graft_get32(dir + 20);
    exports->name_count = graft_get32(dir + 24);
    if (!exports->module)
        return graft_fail(error, "%s: export directory has no module name", pe->what);
    if (!exports->slot_count || exports->slot_count > GRAFT_EXPORT_MAX ||
        exports->name_count > GRAFT_EXPORT_MAX || exports->base > GRAFT_EXPORT_MAX - exports->slot_count)
        return graft_fail(error, "%s: %u exports from ordinal %u", pe->what, (unsigned)exports->slot_count,
                          (unsigned)exports->base);
    return exports_read_slots(exports, pe, graft_get32(dir + 28), rva, size, error) &&
           exports_read_names(exports, pe, graft_get32(dir + 32), graft_get32(dir + 36), error);
}

void graft_exports_free(struct graft_exports *exports)
{
    free(exports->slots);
    free(exports->names);
    memset(exports, 0, sizeof(*exports));
}

const struct graft_slot *graft_exports_find(const struct graft_exports *exports, const char *name)
{
    struct graft_name key = {name, 0};
    const struct graft_name *found;

    if (!exports->name_count)
        return NULL;
    found = bsearch(&key, exports->names, exports->name_count, sizeof(key), exports_compare);
    return found ? &exports->slots[found->slot] : NULL;
}
