/*
 * Writing the export directory and the record. The directory, its tables, names and forwarder texts are one
 * run of bytes: the loader takes an address inside it for a forwarder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "parts.h"

#include <stdio.h>
#include <string.h>

#define DIRECTORY_SIZE 40
#define RECORD_NAMES   96

static const char record_magic[8] = "WQGRAFT";

/* Writes "base.name", or "base.#ordinal" for an export without name, and returns its offset. */
static uint32_t directory_forward(struct graft_buffer *out, const char *base_name, const char *name,
                                  uint32_t ordinal)
{
    uint32_t stem = (uint32_t)strlen(base_name) - 4, start = graft_buffer_add(out, base_name, stem);
    char text[16];

    graft_buffer_add(out, ".", 1);
    snprintf(text, sizeof(text), "#%u", (unsigned)ordinal);
    graft_buffer_string(out, name ? name : text);
    return start;
}

static uint32_t directory_address(struct graft_buffer *out, uint32_t at, const struct graft_plan *plan,
                                  uint32_t slot, const char *base_name, uint32_t jumps)
{
    const struct graft_out *export = &plan->slots[slot];

    switch (export->target) {
    case GRAFT_FRONT:
        return export->rva;
    case GRAFT_CODE:
        return jumps + export->rva * GRAFT_JUMP_SIZE;
    case GRAFT_FORWARD:
        return at + graft_buffer_string(out, export->text);
    case GRAFT_BASE:
        return at + directory_forward(out, base_name, export->name, plan->base + slot);
    default:
        return 0;
    }
}

void graft_put_exports(struct graft_buffer *out, uint32_t at, const struct graft_plan *plan,
                       const char *base_name, uint32_t jumps, uint32_t time, struct graft_run *dir)
{
    uint32_t start, addresses, names, ordinals;

    graft_buffer_align(out, 16);
    start = graft_buffer_zeros(out, DIRECTORY_SIZE);
    addresses = graft_buffer_zeros(out, 4 * plan->slot_count);
    names = graft_buffer_zeros(out, 4 * plan->name_count);
    ordinals = graft_buffer_zeros(out, 2 * plan->name_count);
    graft_buffer_put32(out, start + 4, time);
    graft_buffer_put32(out, start + 12, at + graft_buffer_string(out, plan->module));
    graft_buffer_put32(out, start + 16, plan->base);
    graft_buffer_put32(out, start + 20, plan->slot_count);
    graft_buffer_put32(out, start + 24, plan->name_count);
    graft_buffer_put32(out, start + 28, at + addresses);
    graft_buffer_put32(out, start + 32, at + names);
    graft_buffer_put32(out, start + 36, at + ordinals);
    for (uint32_t i = 0; i < plan->name_count; i++) {
        graft_buffer_put32(out, names + 4 * i, at + graft_buffer_string(out, plan->names[i].name));
        graft_buffer_put16(out, ordinals + 2 * i, plan->names[i].slot);
    }
    for (uint32_t i = 0; i < plan->slot_count; i++)
        graft_buffer_put32(out, addresses + 4 * i, directory_address(out, at, plan, i, base_name, jumps));
    dir->rva = at + start;
    dir->size = out->size - start;
}

/*
 * The record: magic 8, size 4, version 4, builtin size 8, front size 8, builtin hash 32, front hash 32,
 * builtin name 64, base name 64, zeros up to 256. It opens the section that GRAFT_SECTION_NAME names. The
 * front follows it, byte for byte.
 */
void graft_put_record(struct graft_buffer *out, const struct graft_request *request)
{
    uint8_t bytes[GRAFT_RECORD_SIZE] = {0};

    memcpy(bytes, record_magic, sizeof(record_magic));
    graft_put32(bytes + 8, GRAFT_RECORD_SIZE);
    graft_put32(bytes + 12, GRAFT_VERSION);
    graft_put64(bytes + 16, request->builtin.size);
    graft_put64(bytes + 24, request->front.size);
    graft_hash(request->builtin.data, request->builtin.size, bytes + 32);
    graft_hash(request->front.data, request->front.size, bytes + 64);
    memcpy(bytes + RECORD_NAMES, request->builtin_name, strlen(request->builtin_name));
    memcpy(bytes + RECORD_NAMES + GRAFT_NAME_MAX, request->base_name, strlen(request->base_name));
    graft_buffer_add(out, bytes, sizeof(bytes));
    graft_buffer_add(out, request->front.data, (uint32_t)request->front.size);
}

static bool record_parse(const uint8_t *bytes, struct graft_record *record)
{
    if (memcmp(bytes, record_magic, sizeof(record_magic)) || graft_get32(bytes + 8) != GRAFT_RECORD_SIZE)
        return false;
    record->version = graft_get32(bytes + 12);
    record->builtin_size = graft_get64(bytes + 16);
    record->front_size = graft_get64(bytes + 24);
    memcpy(record->builtin_hash, bytes + 32, GRAFT_HASH);
    memcpy(record->front_hash, bytes + 64, GRAFT_HASH);
    memcpy(record->builtin_name, bytes + RECORD_NAMES, GRAFT_NAME_MAX);
    memcpy(record->base_name, bytes + RECORD_NAMES + GRAFT_NAME_MAX, GRAFT_NAME_MAX);
    return !record->builtin_name[GRAFT_NAME_MAX - 1] && !record->base_name[GRAFT_NAME_MAX - 1];
}

/* Finds the record's section and stores the bytes that follow the record. */
static bool record_find(struct graft_bytes image, struct graft_record *record, struct graft_bytes *rest)
{
    struct graft_error error = {{0}};
    struct graft_pe pe;

    if (!graft_pe_open(&pe, image, "image", &error))
        return false;
    for (unsigned i = 0; i < pe.sections; i++) {
        struct graft_section section = graft_pe_section(&pe, i);

        if (memcmp(image.data + section.at, GRAFT_SECTION_NAME, 8) || section.raw_size < GRAFT_RECORD_SIZE)
            continue;
        rest->data = image.data + section.raw + GRAFT_RECORD_SIZE;
        rest->size = section.raw_size - GRAFT_RECORD_SIZE;
        return record_parse(image.data + section.raw, record);
    }
    return false;
}

bool graft_read_record(struct graft_bytes image, struct graft_record *record)
{
    struct graft_bytes rest;

    return record_find(image, record, &rest);
}

bool graft_read_front(struct graft_bytes image, struct graft_bytes *front)
{
    struct graft_record record;
    uint8_t hash[GRAFT_HASH];

    if (!record_find(image, &record, front) || record.version != GRAFT_VERSION ||
        record.front_size > front->size)
        return false;
    front->size = (size_t)record.front_size;
    graft_hash(front->data, front->size, hash);
    return !memcmp(hash, record.front_hash, sizeof(hash));
}
