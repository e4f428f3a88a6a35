/*
 * Small PE files made by the tests, with every kind of export, and a reader that resolves exports the way a
 * loader does: from the mapped image, knowing nothing of the graft library.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TESTS_GRAFT_SAMPLE_H
#define TESTS_GRAFT_SAMPLE_H

#include "graft.h"

#define SAMPLE_SIZE 0x1200

struct sample_export {
    uint32_t ordinal;
    const char *name;    /* NULL: by ordinal only */
    const char *forward; /* NULL: code or data at rva */
    uint32_t rva;
};

/* Fills bytes with a DLL for the machine. With front it imports two modules and has base relocations, without
 * it has a resource of four bytes. */
void sample_make(uint8_t bytes[SAMPLE_SIZE], uint16_t machine, bool front,
                 const struct sample_export *exports, unsigned count);

/* Maps a file as a loader does, into a malloc'd image; NULL if a section does not fit. */
uint8_t *sample_map(const uint8_t *file, size_t size, uint32_t *image_size);

/* Address of a data directory in a mapped image. */
const uint8_t *sample_dir(const uint8_t *image, unsigned index, uint32_t *rva, uint32_t *size);

/* What an export resolves to: a forwarder's text in *forward, or an RVA. False if there is none. name NULL:
 * by ordinal. */
bool sample_resolve(const uint8_t *image, const char *name, uint32_t ordinal, uint32_t *rva,
                    const char **forward);

#endif
