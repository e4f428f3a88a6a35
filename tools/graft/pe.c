/*
 * Reading PE headers of files that may hold anything.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pe.h"

#include <string.h>

#define PE_SUBSYSTEM_GUI 2
#define PE_STRING_MAX    4096
#define PE_IMAGE_MAX     0x40000000u
#define PE_SECTION_MAX   96

/* Every sum of an offset and a length below fits 32 bits: the file has at most GRAFT_FILE_MAX bytes. */
static bool pe_inside(const struct graft_pe *pe, uint32_t offset, uint32_t size)
{
    return offset <= pe->file.size && size <= pe->file.size - offset;
}

static bool pe_read_optional(struct graft_pe *pe, uint32_t size, struct graft_error *error)
{
    const uint8_t *at = pe->file.data + pe->optional_at;
    uint32_t fixed;

    if (size < 2)
        return graft_fail(error, "%s: no optional header", pe->what);
    pe->wide = graft_get16(at) == 0x20b;
    fixed = pe->wide ? 112 : 96;
    if (graft_get16(at) != (pe->machine == GRAFT_AMD64 ? 0x20b : 0x10b))
        return graft_fail(error, "%s: optional header does not fit the machine", pe->what);
    if (size < fixed)
        return graft_fail(error, "%s: optional header is too short", pe->what);
    pe->image_base = pe->wide ? graft_get64(at + 24) : graft_get32(at + 28);
    pe->section_align = graft_get32(at + 32);
    pe->file_align = graft_get32(at + 36);
    pe->image_size = graft_get32(at + 56);
    pe->headers_size = graft_get32(at + 60);
    pe->dir_count = graft_get32(at + fixed - 4);
    pe->dirs_at = pe->optional_at + fixed;
    if (pe->dir_count > GRAFT_DIRS || pe->dir_count * 8 > size - fixed)
        return graft_fail(error, "%s: data directories do not fit the header", pe->what);
    if (pe->section_align < 0x1000 || pe->section_align > 0x10000 ||
        (pe->section_align & (pe->section_align - 1)))
        return graft_fail(error, "%s: section alignment 0x%x", pe->what, (unsigned)pe->section_align);
    if (pe->file_align < 0x200 || pe->file_align > pe->section_align ||
        (pe->file_align & (pe->file_align - 1)))
        return graft_fail(error, "%s: file alignment 0x%x", pe->what, (unsigned)pe->file_align);
    if (!pe->image_size || pe->image_size > PE_IMAGE_MAX)
        return graft_fail(error, "%s: image size 0x%x", pe->what, (unsigned)pe->image_size);
    return true;
}

/* Sections must follow one another in memory, as the loader demands, and lie inside the file. */
static bool pe_check_sections(const struct graft_pe *pe, struct graft_error *error)
{
    uint32_t next = graft_align(pe->headers_size, pe->section_align);

    for (unsigned i = 0; i < pe->sections; i++) {
        struct graft_section section = graft_pe_section(pe, i);
        uint32_t extent = section.virtual_size ? section.virtual_size : section.raw_size;

        if (section.raw_size && !pe_inside(pe, section.raw, section.raw_size))
            return graft_fail(error, "%s: section %u lies outside the file", pe->what, i);
        if (section.raw_size && section.raw < pe->headers_size)
            return graft_fail(error, "%s: section %u overlaps the headers", pe->what, i);
        if (section.rva < next || section.rva % pe->section_align)
            return graft_fail(error, "%s: section %u has address 0x%x", pe->what, i, (unsigned)section.rva);
        if (section.rva > pe->image_size || extent > pe->image_size - section.rva)
            return graft_fail(error, "%s: section %u lies outside the image", pe->what, i);
        next = graft_align(section.rva + extent, pe->section_align);
    }
    return true;
}

bool graft_pe_open(struct graft_pe *pe, struct graft_bytes file, const char *what, struct graft_error *error)
{
    uint32_t at, optional_size;

    memset(pe, 0, sizeof(*pe));
    pe->file = file;
    pe->what = what;
    if (!file.data || file.size > GRAFT_FILE_MAX)
        return graft_fail(error, "%s: file is too large", what);
    if (!pe_inside(pe, 0, 64) || memcmp(file.data, "MZ", 2))
        return graft_fail(error, "%s: not an executable file", what);
    at = graft_get32(file.data + 60);
    if (at > GRAFT_FILE_MAX || !pe_inside(pe, at, 24) || memcmp(file.data + at, "PE\0\0", 4))
        return graft_fail(error, "%s: no PE header", what);
    pe->machine = graft_get16(file.data + at + 4);
    pe->sections = graft_get16(file.data + at + 6);
    pe->flags = graft_get16(file.data + at + 22);
    optional_size = graft_get16(file.data + at + 20);
    pe->optional_at = at + 24;
    pe->table_at = pe->optional_at + optional_size;
    if (pe->machine != GRAFT_I386 && pe->machine != GRAFT_AMD64)
        return graft_fail(error, "%s: machine 0x%04x is not supported", what, pe->machine);
    if (!pe->sections || pe->sections > PE_SECTION_MAX)
        return graft_fail(error, "%s: %u sections", what, pe->sections);
    if (!pe_inside(pe, pe->optional_at, optional_size + pe->sections * GRAFT_SECTION_HEADER))
        return graft_fail(error, "%s: headers run out of the file", what);
    if (!pe_read_optional(pe, optional_size, error))
        return false;
    if (pe->headers_size < pe->table_at + pe->sections * GRAFT_SECTION_HEADER ||
        !pe_inside(pe, 0, pe->headers_size) || pe->headers_size % pe->file_align)
        return graft_fail(error, "%s: header size 0x%x", what, (unsigned)pe->headers_size);
    return pe_check_sections(pe, error);
}

bool graft_set_windowed(uint8_t *image, size_t size, struct graft_error *error)
{
    struct graft_bytes file = {image, size};
    struct graft_pe pe;

    if (!graft_pe_open(&pe, file, "program", error))
        return false;
    graft_put16(image + pe.optional_at + 68, PE_SUBSYSTEM_GUI);
    return true;
}

struct graft_section graft_pe_section(const struct graft_pe *pe, unsigned index)
{
    uint32_t offset = pe->table_at + index * GRAFT_SECTION_HEADER;
    const uint8_t *at = pe->file.data + offset;
    struct graft_section section = {offset, graft_get32(at + 12), graft_get32(at + 8), graft_get32(at + 20),
                                    graft_get32(at + 16)};

    if (!section.raw)
        section.raw_size = 0;
    return section;
}

/* The bytes that follow an RVA inside one section's file data. */
static const uint8_t *pe_rest(const struct graft_pe *pe, uint32_t rva, uint32_t *size)
{
    for (unsigned i = 0; i < pe->sections; i++) {
        struct graft_section section = graft_pe_section(pe, i);
        uint32_t extent = section.raw_size;

        /* What the file holds past the section's last page is never mapped. */
        if (section.virtual_size && extent > graft_align(section.virtual_size, pe->section_align))
            extent = graft_align(section.virtual_size, pe->section_align);
        if (rva < section.rva || rva - section.rva >= extent)
            continue;
        *size = extent - (rva - section.rva);
        return pe->file.data + section.raw + (rva - section.rva);
    }
    return NULL;
}

const uint8_t *graft_pe_at(const struct graft_pe *pe, uint32_t rva, uint32_t size)
{
    uint32_t rest;
    const uint8_t *at = pe_rest(pe, rva, &rest);

    return at && size <= rest ? at : NULL;
}

const char *graft_pe_string(const struct graft_pe *pe, uint32_t rva)
{
    uint32_t rest;
    const uint8_t *at = pe_rest(pe, rva, &rest);

    if (!at)
        return NULL;
    if (rest > PE_STRING_MAX + 1)
        rest = PE_STRING_MAX + 1;
    return memchr(at, 0, rest) ? (const char *)at : NULL;
}

void graft_pe_dir(const struct graft_pe *pe, unsigned index, uint32_t *rva, uint32_t *size)
{
    const uint8_t *at = pe->file.data + pe->dirs_at + 8 * index;

    *rva = index < pe->dir_count ? graft_get32(at) : 0;
    *size = index < pe->dir_count ? graft_get32(at + 4) : 0;
}
