/*
 * The parts of a graft's new sections. Each function appends to a section's buffer; "at" is the RVA at which
 * the buffer's first byte will be mapped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_PARTS_H
#define GRAFT_PARTS_H

#include "buffer.h"
#include "plan.h"

#define GRAFT_RECORD_SIZE  256
#define GRAFT_SECTION_NAME ".wqgraft"
#define GRAFT_JUMP_SIZE    8

/* A run inside the new image, as a data directory wants it. */
struct graft_run {
    uint32_t rva, size;
};

/*
 * Import directory: the front's descriptors, then one for the base with the plan's functions. *slots
 * receives the RVA of the base's address table, one pointer per name.
 */
bool graft_put_imports(struct graft_buffer *out, uint32_t at, const struct graft_pe *front,
                       const struct graft_plan *plan, const char *base_name, struct graft_run *dir,
                       uint32_t *slots, struct graft_error *error);

/* One jump per function of the base, GRAFT_JUMP_SIZE bytes each, through the address table at slots. */
void graft_put_jumps(struct graft_buffer *out, uint32_t at, const struct graft_pe *front,
                     const struct graft_plan *plan, uint32_t slots);

/* Base relocations: those of the jumps at jumps (i386 only), then the front's. dir->size is 0 if there are
 * none. */
bool graft_put_relocs(struct graft_buffer *out, uint32_t at, const struct graft_pe *front,
                      const struct graft_plan *plan, uint32_t jumps, struct graft_run *dir,
                      struct graft_error *error);

/* The export directory with all its tables and strings, the jumps being at jumps. */
void graft_put_exports(struct graft_buffer *out, uint32_t at, const struct graft_plan *plan,
                       const char *base_name, uint32_t jumps, uint32_t time, struct graft_run *dir);

/* The builtin's resources: programs ask kernel32.dll for its version and messages. dir->size is 0 if it has
 * none. */
bool graft_put_resources(struct graft_buffer *out, uint32_t at, const struct graft_pe *builtin,
                         struct graft_run *dir, struct graft_error *error);

/* The record of what the graft was made from, GRAFT_RECORD_SIZE bytes, and the front. */
void graft_put_record(struct graft_buffer *out, const struct graft_request *request);

#endif
