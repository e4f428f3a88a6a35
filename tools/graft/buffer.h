/*
 * A byte buffer that grows, for the parts of the new image whose size is not known in advance. A failed
 * allocation is remembered in the buffer, so that a run of appends needs one check at its end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_BUFFER_H
#define GRAFT_BUFFER_H

#include "bytes.h"

struct graft_buffer {
    uint8_t *data;
    uint32_t size, room;
    bool failed; /* an append found no memory or passed 64 MB; the contents are then incomplete */
};

/* Appends size zero bytes and returns their offset. The offset is 0 if it failed. */
uint32_t graft_buffer_zeros(struct graft_buffer *buffer, uint32_t size);

/* Appends a copy of size bytes, or a string with its zero, and returns its offset. */
uint32_t graft_buffer_add(struct graft_buffer *buffer, const void *data, uint32_t size);
uint32_t graft_buffer_string(struct graft_buffer *buffer, const char *text);

/* Appends zeros until the size is a multiple of the power of two. */
void graft_buffer_align(struct graft_buffer *buffer, uint32_t alignment);

/* Stores a value at an offset that an append returned. Does nothing after a failure. */
void graft_buffer_put16(struct graft_buffer *buffer, uint32_t offset, uint32_t value);
void graft_buffer_put32(struct graft_buffer *buffer, uint32_t offset, uint32_t value);

void graft_buffer_free(struct graft_buffer *buffer);

#endif
