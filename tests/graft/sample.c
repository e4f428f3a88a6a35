/*
 * Making and reading the sample PE files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sample.h"
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define PE_AT    0x80
#define TEXT_RVA 0x1000
#define DATA_RVA 0x2000
#define TEXT_RAW 0x400
#define DATA_RAW 0x600
#define DATA_MAX (SAMPLE_SIZE - DATA_RAW)

struct sample_writer {
    uint8_t *file, *dirs;
    uint32_t used; /* bytes of the data section */
};

static uint32_t sample_put(struct sample_writer *writer, const void *data, uint32_t size)
{
    uint32_t at = (writer->used + 3) & ~3u;

    if (at + size > DATA_MAX)
        abort();
    if (data)
        memcpy(writer->file + DATA_RAW + at, data, size);
    writer->used = at + size;
    return DATA_RVA + at;
}

static uint32_t sample_text(struct sample_writer *writer, const char *text)
{
    return sample_put(writer, text, (uint32_t)strlen(text) + 1);
}

static uint8_t *sample_at(struct sample_writer *writer, uint32_t rva)
{
    return writer->file + DATA_RAW + (rva - DATA_RVA);
}

static void sample_set_dir(struct sample_writer *writer, unsigned index, uint32_t rva, uint32_t size)
{
    graft_put32(writer->dirs + 8 * index, rva);
    graft_put32(writer->dirs + 8 * index + 4, size);
}

static void sample_section(uint8_t *at, const char *name, uint32_t rva, uint32_t raw, uint32_t size,
                           uint32_t flags)
{
    strncpy((char *)at, name, 8);
    graft_put32(at + 8, size);
    graft_put32(at + 12, rva);
    graft_put32(at + 16, size);
    graft_put32(at + 20, raw);
    graft_put32(at + 36, flags);
}

static void sample_headers(struct sample_writer *writer, uint16_t machine)
{
    bool wide = machine == GRAFT_AMD64;
    uint8_t *pe = writer->file + PE_AT, *optional = pe + 24;
    uint16_t optional_size = wide ? 240 : 224;

    memcpy(writer->file, "MZ", 2);
    graft_put32(writer->file + 60, PE_AT);
    memcpy(pe, "PE\0\0", 4);
    graft_put16(pe + 4, machine);
    graft_put16(pe + 6, 2);
    graft_put32(pe + 8, 0x12345678);
    graft_put16(pe + 20, optional_size);
    graft_put16(pe + 22, 0x2022);
    graft_put16(optional, wide ? 0x20b : 0x10b);
    if (wide)
        graft_put64(optional + 24, 0x180000000);
    else
        graft_put32(optional + 28, 0x10000000);
    graft_put32(optional + 32, 0x1000);
    graft_put32(optional + 36, 0x200);
    graft_put32(optional + 56, 0x3000);
    graft_put32(optional + 60, TEXT_RAW);
    graft_put16(optional + 70, 0x160);
    graft_put32(optional + (wide ? 108 : 92), 16);
    writer->dirs = optional + (wide ? 112 : 96);
    sample_section(optional + optional_size, ".text", TEXT_RVA, TEXT_RAW, 0x200, 0x60000020);
    sample_section(optional + optional_size + 40, ".rdata", DATA_RVA, DATA_RAW, DATA_MAX, 0xc0000040);
}

static void sample_exports(struct sample_writer *writer, const struct sample_export *exports, unsigned count)
{
    uint32_t first = ~0u, last = 0, names = 0, dir, slots, table, ordinals;

    for (unsigned i = 0; i < count; i++) {
        first = exports[i].ordinal < first ? exports[i].ordinal : first;
        last = exports[i].ordinal > last ? exports[i].ordinal : last;
        names += exports[i].name != NULL;
    }
    dir = sample_put(writer, NULL, 40);
    slots = sample_put(writer, NULL, 4 * (last - first + 1));
    table = sample_put(writer, NULL, 4 * names);
    ordinals = sample_put(writer, NULL, 2 * names);
    graft_put32(sample_at(writer, dir) + 12, sample_text(writer, "sample.dll"));
    graft_put32(sample_at(writer, dir) + 16, first);
    graft_put32(sample_at(writer, dir) + 20, last - first + 1);
    graft_put32(sample_at(writer, dir) + 24, names);
    graft_put32(sample_at(writer, dir) + 28, slots);
    graft_put32(sample_at(writer, dir) + 32, table);
    graft_put32(sample_at(writer, dir) + 36, ordinals);
    for (unsigned i = 0, name = 0; i < count; i++) {
        uint32_t slot = exports[i].ordinal - first;

        graft_put32(sample_at(writer, slots) + 4 * slot,
                    exports[i].forward ? sample_text(writer, exports[i].forward) : exports[i].rva);
        if (!exports[i].name)
            continue;
        graft_put32(sample_at(writer, table) + 4 * name, sample_text(writer, exports[i].name));
        graft_put16(sample_at(writer, ordinals) + 2 * name++, slot);
    }
    sample_set_dir(writer, 0, dir, DATA_RVA + writer->used - dir);
}

static void sample_imports(struct sample_writer *writer, bool wide)
{
    static const char *const modules[] = {"ntdll.dll", "wqcore.dll"};
    uint32_t dir = sample_put(writer, NULL, 60);

    for (unsigned i = 0; i < 2; i++) {
        uint32_t name = sample_put(writer, "\0\0function", 11), slot;

        slot = sample_put(writer, NULL, wide ? 16 : 8);
        graft_put32(sample_at(writer, slot), name);
        graft_put32(sample_at(writer, dir) + 20 * i + 12, sample_text(writer, modules[i]));
        graft_put32(sample_at(writer, dir) + 20 * i + 16, slot);
    }
    sample_set_dir(writer, 1, dir, 60);
}

static void sample_relocs(struct sample_writer *writer)
{
    static const uint8_t block[12] = {0, 0x10, 0, 0, 12, 0, 0, 0, 0x10, 0x30, 0, 0};

    sample_set_dir(writer, 5, sample_put(writer, block, sizeof(block)), sizeof(block));
}

/* Type 16, name 1, language 0x409, four bytes of data. */
static void sample_resource(struct sample_writer *writer)
{
    static const uint32_t ids[3] = {16, 1, 0x409};
    uint32_t root = sample_put(writer, NULL, 3 * 24 + 16 + 4);

    for (uint32_t i = 0; i < 3; i++) {
        uint8_t *node = sample_at(writer, root) + 24 * i;

        graft_put16(node + 14, 1);
        graft_put32(node + 16, ids[i]);
        graft_put32(node + 20, 24 * (i + 1) | (i < 2 ? 0x80000000u : 0));
    }
    graft_put32(sample_at(writer, root) + 72, root + 88);
    graft_put32(sample_at(writer, root) + 76, 4);
    memcpy(sample_at(writer, root) + 88, "WINE", 4);
    sample_set_dir(writer, 2, root, 92);
}

void sample_make(uint8_t bytes[SAMPLE_SIZE], uint16_t machine, bool front,
                 const struct sample_export *exports, unsigned count)
{
    struct sample_writer writer = {bytes, NULL, 0};

    memset(bytes, 0, SAMPLE_SIZE);
    sample_headers(&writer, machine);
    sample_exports(&writer, exports, count);
    if (front) {
        sample_imports(&writer, machine == GRAFT_AMD64);
        sample_relocs(&writer);
    } else {
        sample_resource(&writer);
    }
}

uint8_t *sample_map(const uint8_t *file, size_t size, uint32_t *image_size)
{
    const uint8_t *pe = file + graft_get32(file + 60), *section = pe + 24 + graft_get16(pe + 20);
    uint8_t *image = calloc(1, *image_size = graft_get32(pe + 24 + 56));

    if (!image)
        abort();
    memcpy(image, file, graft_get32(pe + 24 + 60));
    for (unsigned i = 0; i < graft_get16(pe + 6); i++, section += 40) {
        uint32_t rva = graft_get32(section + 12), raw_size = graft_get32(section + 16),
                 raw = graft_get32(section + 20);
        uint32_t used = graft_get32(section + 8);

        if (used > raw_size)
            used = raw_size;
        if (rva > *image_size || used > *image_size - rva || raw > size || used > size - raw) {
            free(image);
            return NULL;
        }
        memcpy(image + rva, file + raw, used);
    }
    return image;
}

const uint8_t *sample_dir(const uint8_t *image, unsigned index, uint32_t *rva, uint32_t *size)
{
    const uint8_t *optional = image + graft_get32(image + 60) + 24;
    const uint8_t *dir = optional + (graft_get16(optional) == 0x20b ? 112 : 96) + 8 * index;

    *rva = graft_get32(dir);
    *size = graft_get32(dir + 4);
    return image + *rva;
}

/* Binary search, as loaders do, so that names in a wrong order are not found. */
static bool sample_find_name(const uint8_t *image, const uint8_t *dir, const char *name, uint32_t *slot)
{
    uint32_t low = 0, high = graft_get32(dir + 24);

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order =
            strcmp(name, (const char *)image + graft_get32(image + graft_get32(dir + 32) + 4 * middle));

        if (!order) {
            *slot = graft_get16(image + graft_get32(dir + 36) + 2 * middle);
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

bool sample_resolve(const uint8_t *image, const char *name, uint32_t ordinal, uint32_t *rva,
                    const char **forward)
{
    uint32_t dir_rva, dir_size, slot = 0;
    const uint8_t *dir = sample_dir(image, 0, &dir_rva, &dir_size);

    if (name && !sample_find_name(image, dir, name, &slot))
        return false;
    if (!name)
        slot = ordinal - graft_get32(dir + 16);
    if (slot >= graft_get32(dir + 20))
        return false;
    *rva = graft_get32(image + graft_get32(dir + 28) + 4 * slot);
    *forward = *rva >= dir_rva && *rva - dir_rva < dir_size ? (const char *)image + *rva : NULL;
    return *rva != 0;
}
