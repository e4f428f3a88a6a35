/*
 * The builtin's functions: their import directory entry, their jumps through the import address table to the
 * base, and the jumps' relocations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "parts.h"

#include <string.h>

#define IMPORT_DESCRIPTOR 20
#define IMPORT_MAX        4096 /* modules that a front may import */

/* Counts the front's descriptors; the last one has no name or no address table. */
static bool imports_count(const struct graft_pe *front, const uint8_t **first, uint32_t *count,
                          struct graft_error *error)
{
    uint32_t rva, size;

    graft_pe_dir(front, GRAFT_DIR_IMPORT, &rva, &size);
    *count = 0;
    *first = rva ? graft_pe_at(front, rva, IMPORT_DESCRIPTOR) : NULL;
    if (!rva)
        return true;
    for (; *count < IMPORT_MAX; ++*count) {
        const uint8_t *at = graft_pe_at(front, rva + *count * IMPORT_DESCRIPTOR, IMPORT_DESCRIPTOR);

        if (!at)
            return graft_fail(error, "front: import directory runs out of the file");
        if (!graft_get32(at + 12) || !graft_get32(at + 16))
            return true;
    }
    return graft_fail(error, "front: import directory has no end");
}

bool graft_put_imports(struct graft_buffer *out, uint32_t at, const struct graft_pe *front,
                       const struct graft_plan *plan, const char *base_name, struct graft_run *dir,
                       uint32_t *slots, struct graft_error *error)
{
    uint32_t pointer = front->wide ? 8 : 4, count, start, descriptor, names, addresses, name;
    const uint8_t *first;

    if (!imports_count(front, &first, &count, error))
        return false;
    graft_buffer_align(out, 16);
    start = graft_buffer_add(out, first, count * IMPORT_DESCRIPTOR);
    descriptor = graft_buffer_zeros(out, 2 * IMPORT_DESCRIPTOR);
    graft_buffer_align(out, 16);
    names = graft_buffer_zeros(out, (plan->code_count + 1) * pointer);
    addresses = graft_buffer_zeros(out, (plan->code_count + 1) * pointer);
    for (uint32_t i = 0; i < plan->code_count; i++) {
        graft_buffer_align(out, 2);
        name = graft_buffer_zeros(out, 2);
        graft_buffer_put16(out, name, plan->code[i].hint);
        graft_buffer_string(out, plan->code[i].name);
        graft_buffer_put32(out, names + i * pointer, at + name);
        graft_buffer_put32(out, addresses + i * pointer, at + name);
    }
    name = graft_buffer_string(out, base_name);
    graft_buffer_put32(out, descriptor, at + names);
    graft_buffer_put32(out, descriptor + 12, at + name);
    graft_buffer_put32(out, descriptor + 16, at + addresses);
    dir->rva = at + start;
    dir->size = (count + 2) * IMPORT_DESCRIPTOR;
    *slots = at + addresses;
    return true;
}

void graft_put_jumps(struct graft_buffer *out, uint32_t at, const struct graft_pe *front,
                     const struct graft_plan *plan, uint32_t slots)
{
    static const uint8_t jump[GRAFT_JUMP_SIZE] = {0xff, 0x25, 0, 0, 0, 0, 0xcc, 0xcc};

    for (uint32_t i = 0; i < plan->code_count; i++) {
        uint32_t code = graft_buffer_add(out, jump, sizeof(jump));
        uint32_t slot = slots + i * (front->wide ? 8 : 4);

        /* x86-64 counts from the end of the instruction, i386 takes the absolute address. */
        graft_buffer_put32(out, code + 2,
                           front->wide ? slot - (at + code + 6) : (uint32_t)front->image_base + slot);
    }
}

/* One block per page that holds jumps. */
static void imports_put_blocks(struct graft_buffer *out, const struct graft_plan *plan, uint32_t jumps)
{
    for (uint32_t i = 0; i < plan->code_count;) {
        uint32_t page = (jumps + i * GRAFT_JUMP_SIZE) & ~0xfffu, block;

        graft_buffer_align(out, 4);
        block = graft_buffer_zeros(out, 8);
        for (; i < plan->code_count && ((jumps + i * GRAFT_JUMP_SIZE) & ~0xfffu) == page; i++)
            graft_buffer_put16(out, graft_buffer_zeros(out, 2),
                               3u << 12 | (jumps + i * GRAFT_JUMP_SIZE + 2 - page));
        graft_buffer_align(out, 4);
        graft_buffer_put32(out, block, page);
        graft_buffer_put32(out, block + 4, out->size - block);
    }
}

bool graft_put_relocs(struct graft_buffer *out, uint32_t at, const struct graft_pe *front,
                      const struct graft_plan *plan, uint32_t jumps, struct graft_run *dir,
                      struct graft_error *error)
{
    uint32_t rva, size, start;
    const uint8_t *blocks;

    graft_buffer_align(out, 4);
    start = out->size;
    if (!front->wide)
        imports_put_blocks(out, plan, jumps);
    graft_pe_dir(front, GRAFT_DIR_RELOC, &rva, &size);
    blocks = rva && size ? graft_pe_at(front, rva, size) : NULL;
    if (rva && size && !blocks)
        return graft_fail(error, "front: base relocations run out of the file");
    graft_buffer_add(out, blocks, blocks ? size : 0);
    dir->rva = at + start;
    dir->size = out->size - start;
    return true;
}
