/*
 * Little-endian access to bytes, whatever the host's order and alignment, and the one way to report an error.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_BYTES_H
#define GRAFT_BYTES_H

#include "graft.h"

static inline uint16_t graft_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t graft_get32(const uint8_t *at)
{
    return (uint32_t)graft_get16(at) | (uint32_t)graft_get16(at + 2) << 16;
}

static inline uint64_t graft_get64(const uint8_t *at)
{
    return (uint64_t)graft_get32(at) | (uint64_t)graft_get32(at + 4) << 32;
}

static inline void graft_put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void graft_put32(uint8_t *at, uint32_t value)
{
    graft_put16(at, value & 0xffff);
    graft_put16(at + 2, value >> 16);
}

static inline void graft_put64(uint8_t *at, uint64_t value)
{
    graft_put32(at, (uint32_t)value);
    graft_put32(at + 4, (uint32_t)(value >> 32));
}

/* Rounds up to a power of two. Values stay below 2^31 because sizes are limited to GRAFT_FILE_MAX and images
 * to 1 GB. */
static inline uint32_t graft_align(uint32_t value, uint32_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

/* Stores a message unless an earlier one is there, and returns false so that callers can return it. */
__attribute__((format(printf, 2, 3))) bool graft_fail(struct graft_error *error, const char *format, ...);

#endif
