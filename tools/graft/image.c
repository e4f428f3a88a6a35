/*
 * Laying out the new file: headers (grown if the section table needs it), everything the front has behind its
 * headers, moved as one block, and the new sections at the end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE_CODE 0x20u

struct image_layout {
    uint32_t headers_size; /* new */
    uint32_t shift;        /* by how much the front's data moves in the file */
    uint32_t new_at;       /* file offset of the first new section */
    uint32_t file_size, image_size, added;
};

uint32_t graft_image_end(const struct graft_pe *front)
{
    struct graft_section last = graft_pe_section(front, front->sections - 1u);

    return graft_align(last.rva + (last.virtual_size ? last.virtual_size : last.raw_size),
                       front->section_align);
}

static bool image_plan(const struct graft_image *image, struct image_layout *layout,
                       struct graft_error *error)
{
    const struct graft_pe *front = image->front;
    uint32_t end;

    memset(layout, 0, sizeof(*layout));
    for (int i = 0; i < GRAFT_NEW_SECTIONS; i++)
        layout->added += image->sections[i].bytes.size != 0;
    end = graft_align(front->table_at + (front->sections + layout->added) * GRAFT_SECTION_HEADER,
                      front->file_align);
    layout->headers_size = end > front->headers_size ? end : front->headers_size;
    layout->shift = layout->headers_size - front->headers_size;
    if (layout->headers_size > graft_pe_section(front, 0).rva)
        return graft_fail(error, "front: no room for more section headers");
    layout->new_at = graft_align((uint32_t)front->file.size + layout->shift, front->file_align);
    layout->file_size = layout->new_at;
    for (int i = 0; i < GRAFT_NEW_SECTIONS; i++) {
        const struct graft_new_section *section = &image->sections[i];

        if (section->bytes.failed)
            return graft_fail(error, "the graft is too large");
        if (!section->bytes.size)
            continue;
        layout->file_size += graft_align(section->bytes.size, front->file_align);
        layout->image_size = graft_align(section->rva + section->bytes.size, front->section_align);
    }
    return true;
}

static void image_add_to(uint8_t *at, uint32_t value)
{
    if (graft_get32(at))
        graft_put32(at, graft_get32(at) + value);
}

/* Everything in the front's headers that holds a file offset. */
static void image_shift_offsets(const struct graft_image *image, const struct image_layout *layout,
                                uint8_t *file)
{
    const struct graft_pe *front = image->front;
    uint32_t rva, size;

    image_add_to(file + front->optional_at - 20 + 8, layout->shift); /* symbol table */
    for (unsigned i = 0; i < front->sections; i++)
        image_add_to(file + graft_pe_section(front, i).at + 20, layout->shift);
    graft_pe_dir(front, GRAFT_DIR_DEBUG, &rva, &size);
    for (uint32_t i = 0; i + 28 <= size; i += 28) {
        const uint8_t *entry = graft_pe_at(front, rva + i, 28);

        if (!entry)
            break;
        image_add_to(file + (entry - front->file.data) + layout->shift + 24, layout->shift);
    }
}

static void image_put_sections(const struct graft_image *image, const struct image_layout *layout,
                               uint8_t *file)
{
    const struct graft_pe *front = image->front;
    uint8_t *header = file + front->table_at + front->sections * GRAFT_SECTION_HEADER;
    uint8_t *optional = file + front->optional_at;
    uint32_t raw = layout->new_at;

    /* Between the table and the headers' end old linkers keep bound imports; they would not be true any more.
     */
    memset(header, 0, (size_t)(file + layout->headers_size - header));
    for (int i = 0; i < GRAFT_NEW_SECTIONS; i++) {
        const struct graft_new_section *section = &image->sections[i];
        uint32_t raw_size = graft_align(section->bytes.size, front->file_align);

        if (!raw_size)
            continue;
        memcpy(header, section->name, strnlen(section->name, 8));
        graft_put32(header + 8, section->bytes.size);
        graft_put32(header + 12, section->rva);
        graft_put32(header + 16, raw_size);
        graft_put32(header + 20, raw);
        graft_put32(header + 36, section->flags);
        memcpy(file + raw, section->bytes.data, section->bytes.size);
        image_add_to(optional + (section->flags & IMAGE_CODE ? 4 : 8), raw_size);
        raw += raw_size;
        header += GRAFT_SECTION_HEADER;
    }
}

static void image_put_headers(const struct graft_image *image, const struct image_layout *layout,
                              uint8_t *file)
{
    static const unsigned stale[] = {GRAFT_DIR_SECURITY, GRAFT_DIR_BOUND};
    const struct graft_pe *front = image->front;
    uint8_t *dirs = file + front->dirs_at;

    graft_put16(file + front->optional_at - 20 + 2, front->sections + layout->added);
    graft_put32(file + front->optional_at + 56, layout->image_size);
    graft_put32(file + front->optional_at + 60, layout->headers_size);
    for (unsigned i = 0; i < sizeof(stale) / sizeof(stale[0]); i++)
        if (stale[i] < front->dir_count)
            memset(dirs + 8 * stale[i], 0, 8);
    for (unsigned i = 0; i < image->dir_count; i++) {
        graft_put32(dirs + 8 * image->dirs[i].index, image->dirs[i].rva);
        graft_put32(dirs + 8 * image->dirs[i].index + 4, image->dirs[i].size);
    }
}

/* The sum that ImageHlp's CheckSumMappedFile computes: 16-bit words with end-around carry, plus the file's
 * size. */
static void image_put_checksum(const struct graft_pe *front, uint8_t *file, uint32_t size)
{
    uint8_t *field = file + front->optional_at + 64;
    uint32_t sum = 0;

    graft_put32(field, 0);
    for (uint32_t i = 0; i + 1 < size; i += 2) {
        sum += graft_get16(file + i);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    graft_put32(field, sum + size);
}

bool graft_image_write(const struct graft_image *image, uint8_t **out, size_t *out_size,
                       struct graft_error *error)
{
    const struct graft_pe *front = image->front;
    struct image_layout layout;
    uint8_t *file;

    if (!image_plan(image, &layout, error))
        return false;
    file = calloc(1, layout.file_size);
    if (!file)
        return graft_fail(error, "out of memory");
    memcpy(file, front->file.data, front->headers_size);
    memcpy(file + layout.headers_size, front->file.data + front->headers_size,
           front->file.size - front->headers_size);
    image_shift_offsets(image, &layout, file);
    image_put_sections(image, &layout, file);
    image_put_headers(image, &layout, file);
    image_put_checksum(front, file, layout.file_size);
    *out = file;
    *out_size = layout.file_size;
    return true;
}
