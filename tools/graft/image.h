/*
 * Writing a PE file: the front's bytes with sections added and headers brought up to date.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_IMAGE_H
#define GRAFT_IMAGE_H

#include "buffer.h"
#include "pe.h"

#define GRAFT_NEW_SECTIONS 3

struct graft_new_section {
    const char *name; /* at most 8 characters */
    uint32_t flags, rva;
    struct graft_buffer bytes; /* empty: the section is left out */
};

struct graft_new_dir {
    unsigned index;
    uint32_t rva, size;
};

struct graft_image {
    const struct graft_pe *front;
    struct graft_new_section sections[GRAFT_NEW_SECTIONS]; /* in the order of their RVAs */
    struct graft_new_dir dirs[8];
    unsigned dir_count;
};

/* The first RVA behind the front's sections, where the next section can begin. */
uint32_t graft_image_end(const struct graft_pe *front);

/*
 * Writes the file into a malloc'd block that the caller frees. False with a message if the headers have no
 * room for the new sections or memory runs out.
 */
bool graft_image_write(const struct graft_image *image, uint8_t **out, size_t *out_size,
                       struct graft_error *error);

#endif
