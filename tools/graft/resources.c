/*
 * Carrying the builtin's resources over. A resource tree is position independent except for its leaves, which
 * hold RVAs: the tree is copied as one run and the leaves are moved with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "parts.h"

#define RESOURCE_ENTRIES 65536 /* entries of a whole tree; a tree that loops or shares nodes runs into it */
#define RESOURCE_DEPTH   8

struct resource_copy {
    struct graft_buffer *out;
    const uint8_t *from;        /* the builtin's tree */
    uint32_t size, rva;         /* of the builtin's tree */
    uint32_t to_offset, to_rva; /* of the copy */
    uint32_t entries;           /* seen so far */
};

static bool resources_inside(const struct resource_copy *copy, uint32_t offset, uint32_t size)
{
    return offset <= copy->size && size <= copy->size - offset;
}

static bool resources_move_leaf(struct resource_copy *copy, uint32_t offset, struct graft_error *error)
{
    uint32_t data;

    if (!resources_inside(copy, offset, 16))
        return graft_fail(error, "builtin: a resource entry lies outside its directory");
    data = graft_get32(copy->from + offset);
    if (data < copy->rva || !resources_inside(copy, data - copy->rva, graft_get32(copy->from + offset + 4)))
        return graft_fail(error, "builtin: resource data lies outside its directory");
    graft_buffer_put32(copy->out, copy->to_offset + offset, data - copy->rva + copy->to_rva);
    return true;
}

static bool resources_move_node(struct resource_copy *copy, uint32_t offset, unsigned depth,
                                struct graft_error *error)
{
    uint32_t count;

    if (depth > RESOURCE_DEPTH || !resources_inside(copy, offset, 16))
        return graft_fail(error, "builtin: resource directory is broken");
    count = (uint32_t)graft_get16(copy->from + offset + 12) + graft_get16(copy->from + offset + 14);
    copy->entries += count;
    if (copy->entries > RESOURCE_ENTRIES || !resources_inside(copy, offset + 16, 8 * count))
        return graft_fail(error, "builtin: resource directory has too many entries");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t child = graft_get32(copy->from + offset + 16 + 8 * i + 4);
        bool moved = child & 0x80000000u ? resources_move_node(copy, child & 0x7fffffff, depth + 1, error)
                                         : resources_move_leaf(copy, child, error);

        if (!moved)
            return false;
    }
    return true;
}

bool graft_put_resources(struct graft_buffer *out, uint32_t at, const struct graft_pe *builtin,
                         struct graft_run *dir, struct graft_error *error)
{
    struct resource_copy copy = {.out = out};

    dir->rva = dir->size = 0;
    graft_pe_dir(builtin, GRAFT_DIR_RESOURCE, &copy.rva, &copy.size);
    if (!copy.rva || !copy.size)
        return true;
    copy.from = graft_pe_at(builtin, copy.rva, copy.size);
    if (!copy.from)
        return graft_fail(error, "builtin: resources run out of the file");
    graft_buffer_align(out, 16);
    copy.to_offset = graft_buffer_add(out, copy.from, copy.size);
    copy.to_rva = at + copy.to_offset;
    dir->rva = copy.to_rva;
    dir->size = copy.size;
    return resources_move_node(&copy, 0, 0, error);
}
