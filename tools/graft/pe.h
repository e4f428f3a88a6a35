/*
 * A read-only view of a PE file. graft_pe_open checks every header once; after that a caller turns addresses
 * into pointers only through graft_pe_at and graft_pe_string, which never reach outside the file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_PE_H
#define GRAFT_PE_H

#include "bytes.h"

enum {
    GRAFT_DIR_EXPORT = 0,
    GRAFT_DIR_IMPORT = 1,
    GRAFT_DIR_RESOURCE = 2,
    GRAFT_DIR_SECURITY = 4,
    GRAFT_DIR_RELOC = 5,
    GRAFT_DIR_DEBUG = 6,
    GRAFT_DIR_BOUND = 11,
    GRAFT_DIRS = 16,
};

#define GRAFT_SECTION_HEADER 40

struct graft_pe {
    struct graft_bytes file;
    const char *what; /* how messages call it: "front" or "builtin" */
    uint16_t machine, sections, flags;
    bool wide; /* PE32+ */
    uint32_t optional_at, dirs_at,
        dir_count;                      /* file offsets of the optional header and of the data directories */
    uint32_t table_at;                  /* file offset of the section table */
    uint32_t section_align, file_align; /* powers of two, file <= section */
    uint32_t headers_size, image_size;
    uint64_t image_base;
};

struct graft_section {
    uint32_t at;                /* file offset of the header */
    uint32_t rva, virtual_size; /* as in the header */
    uint32_t raw, raw_size;     /* inside the file, checked */
};

/* Checks the headers and the section table. False with a message if anything lies outside the file or
 * contradicts. */
bool graft_pe_open(struct graft_pe *pe, struct graft_bytes file, const char *what, struct graft_error *error);

/* Reads section number index, which must be below pe->sections. */
struct graft_section graft_pe_section(const struct graft_pe *pe, unsigned index);

/* The file's bytes at an RVA, or NULL if not all of them are in the file (zero-filled memory is not). size
 * may be 0. */
const uint8_t *graft_pe_at(const struct graft_pe *pe, uint32_t rva, uint32_t size);

/* A zero-terminated string of at most 4096 characters, or NULL. */
const char *graft_pe_string(const struct graft_pe *pe, uint32_t rva);

/* A data directory's RVA and size; both 0 if the header has none. */
void graft_pe_dir(const struct graft_pe *pe, unsigned index, uint32_t *rva, uint32_t *size);

#endif
