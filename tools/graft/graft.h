/*
 * The graft library: makes one PE module out of two. The front (ours) supplies some functions, the builtin
 * (Wine's) all the others; the result takes the builtin's file name and forwards what the front lacks to a
 * renamed copy of the builtin, the base. The library is portable C, keeps no state and touches no file: bytes
 * in, bytes out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_H
#define GRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAFT_VERSION  2  /* of the layout that graft_make writes; another value makes a graft stale */
#define GRAFT_NAME_MAX 64 /* bytes of a module name in a record, with its terminating zero */
#define GRAFT_HASH     32 /* bytes of a SHA-256 */
#define GRAFT_FILE_MAX 0x10000000u /* largest accepted input, in bytes */

#define GRAFT_I386  0x014c
#define GRAFT_AMD64 0x8664

/* Why something failed, as one line for a person. Empty while nothing failed. */
struct graft_error {
    char text[200];
};

/* A borrowed run of bytes. */
struct graft_bytes {
    const uint8_t *data;
    size_t size;
};

struct graft_request {
    struct graft_bytes front;
    struct graft_bytes builtin;
    const char *builtin_name; /* file name the result will have, e.g. "kernel32.dll"; recorded */
    const char *base_name; /* file name of the builtin's copy, e.g. "kernel32_base.dll"; must end in .dll */
    const char *const *
        code_names; /* exports that must be code even if the builtin forwards them; NULL-terminated, or NULL */
    const char *const
        *new_names; /* what to export although only the front has it, with ordinals after the builtin's;
                                   * NULL-terminated, or NULL; GRAFT_ALL_NEW stands for everything */
};

#define GRAFT_ALL_NEW "*"

/* What a graft says about its own making. */
struct graft_record {
    uint32_t version; /* GRAFT_VERSION of the tool that made it */
    uint64_t builtin_size, front_size;
    uint8_t builtin_hash[GRAFT_HASH], front_hash[GRAFT_HASH];
    char builtin_name[GRAFT_NAME_MAX], base_name[GRAFT_NAME_MAX];
};

/*
 * Makes a graft. On success returns true and stores in *out a malloc'd image, which the caller frees. On
 * failure (input malformed, machines differ, names invalid, out of memory) returns false, leaves *out alone
 * and fills in *error. The inputs may hold anything. The same request always gives the same bytes. Exports
 * named in code_names that the builtin lacks, or that the front has itself, are no error.
 */
bool graft_make(const struct graft_request *request, uint8_t **out, size_t *out_size,
                struct graft_error *error);

/* Reads the record of a graft. False if the bytes are not a PE image made by graft_make; *record is then
 * undefined. */
bool graft_read_record(struct graft_bytes image, struct graft_record *record);

/*
 * Gives the front that a graft was made from, so that the graft can be made anew from another builtin: a run
 * inside image, which must outlive it. False if the bytes are no graft of this GRAFT_VERSION or the front in
 * it is damaged; *front is then undefined.
 */
bool graft_read_front(struct graft_bytes image, struct graft_bytes *front);

/*
 * Tells whether the bytes are a PE image that a prefix may hold as the builtin (well-formed headers, exports)
 * and stores its machine (GRAFT_I386, GRAFT_AMD64).
 */
bool graft_check_builtin(struct graft_bytes image, uint16_t *machine, struct graft_error *error);

/* Marks a program as one that needs no console (IMAGE_SUBSYSTEM_WINDOWS_GUI), in place. */
bool graft_set_windowed(uint8_t *image, size_t size, struct graft_error *error);

/* SHA-256 of size bytes. */
void graft_hash(const void *data, size_t size, uint8_t hash[GRAFT_HASH]);

/* Writes a hash as 64 lower-case hexadecimal digits and a zero. */
void graft_hash_text(const uint8_t hash[GRAFT_HASH], char text[2 * GRAFT_HASH + 1]);

#endif
