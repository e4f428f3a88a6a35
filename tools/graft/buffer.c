/*
 * The growing byte buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool graft_fail(struct graft_error *error, const char *format, ...)
{
    va_list args;

    if (error->text[0])
        return false;
    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return false;
}

#define BUFFER_MAX 0x4000000u

static bool graft_buffer_grow(struct graft_buffer *buffer, uint32_t size)
{
    uint32_t room = buffer->room ? buffer->room : 4096;
    uint8_t *data;

    if (buffer->failed || size > BUFFER_MAX - buffer->size) {
        buffer->failed = true;
        return false;
    }
    while (room < buffer->size + size)
        room *= 2;
    if (room == buffer->room)
        return true;
    data = realloc(buffer->data, room);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->room = room;
    return true;
}

uint32_t graft_buffer_zeros(struct graft_buffer *buffer, uint32_t size)
{
    uint32_t offset = buffer->size;

    if (!graft_buffer_grow(buffer, size))
        return 0;
    if (size)
        memset(buffer->data + offset, 0, size);
    buffer->size += size;
    return offset;
}

uint32_t graft_buffer_add(struct graft_buffer *buffer, const void *data, uint32_t size)
{
    uint32_t offset = buffer->size;

    if (!graft_buffer_grow(buffer, size))
        return 0;
    if (size)
        memcpy(buffer->data + offset, data, size);
    buffer->size += size;
    return offset;
}

uint32_t graft_buffer_string(struct graft_buffer *buffer, const char *text)
{
    return graft_buffer_add(buffer, text, (uint32_t)strlen(text) + 1);
}

void graft_buffer_align(struct graft_buffer *buffer, uint32_t alignment)
{
    graft_buffer_zeros(buffer, graft_align(buffer->size, alignment) - buffer->size);
}

void graft_buffer_put16(struct graft_buffer *buffer, uint32_t offset, uint32_t value)
{
    if (!buffer->failed)
        graft_put16(buffer->data + offset, value);
}

void graft_buffer_put32(struct graft_buffer *buffer, uint32_t offset, uint32_t value)
{
    if (!buffer->failed)
        graft_put32(buffer->data + offset, value);
}

void graft_buffer_free(struct graft_buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}
