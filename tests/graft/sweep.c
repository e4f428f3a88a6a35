/*
 * Throws broken files at the graft library: every truncation, every aligned word replaced by values that
 * overflow, and seeded random mutations, of front and builtin and for both machines. Run under the address
 * and undefined-behaviour sanitizers where the compiler has them. An accepted file must give a graft that can
 * be mapped and that has a record and the front.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sample.h"
#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUTATIONS 4000

static const struct sample_export exports[] = {
    {5, "Alias", NULL, 0x1010}, {5, "Beta", NULL, 0x1010},  {6, NULL, NULL, 0x1020},
    {7, "Code", NULL, 0x1030},  {10, "Else", "other.F", 0}, {12, "Ours", NULL, 0x1040},
};
static const struct sample_export ours[] = {{1, "Extra", NULL, 0x1110}, {4, "Ours", NULL, 0x1120}};
static const char *const code_names[] = {"Code", NULL};
static const char *const all_new[] = {GRAFT_ALL_NEW, NULL};

static uint8_t samples[2][SAMPLE_SIZE];
static unsigned long tried, accepted;

/* Grafts with the file number broken replaced by size bytes of data, in blocks of exactly their size. */
static void try(unsigned broken, const uint8_t *data, size_t size)
{
    struct graft_request request = {.builtin_name = "some.dll",
                                    .base_name = "some_base.dll",
                                    .code_names = code_names,
                                    .new_names = all_new};
    uint8_t *copy = malloc(size ? size : 1), *out = NULL, *image;
    struct graft_bytes bytes[2] = {{samples[0], SAMPLE_SIZE}, {samples[1], SAMPLE_SIZE}};
    struct graft_error error;
    struct graft_record record;
    uint32_t image_size;
    size_t out_size;

    if (!copy)
        abort();
    memcpy(copy, data, size);
    bytes[broken].data = copy;
    bytes[broken].size = size;
    request.front = bytes[0];
    request.builtin = bytes[1];
    tried++;
    if (graft_make(&request, &out, &out_size, &error)) {
        struct graft_bytes graft = {out, out_size}, front;

        accepted++;
        image = out_size < 0x4000000 ? sample_map(out, out_size, &image_size) : NULL;
        if (!image || !graft_read_record(graft, &record) || !graft_read_front(graft, &front) ||
            front.size != bytes[0].size || memcmp(front.data, bytes[0].data, front.size)) {
            printf("a broken graft came out\n");
            exit(1);
        }
        free(image);
    } else if (!error.text[0] || out) {
        printf("refused without a reason\n");
        exit(1);
    }
    free(out);
    free(copy);
}

static void sweep_truncations(unsigned broken)
{
    for (size_t size = 0; size < SAMPLE_SIZE; size++)
        try(broken, samples[broken], size);
}

static void sweep_words(unsigned broken)
{
    static const uint32_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 0x2000, 0x11ff};
    uint8_t copy[SAMPLE_SIZE];

    for (size_t at = 0; at < SAMPLE_SIZE; at += 2) {
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            memcpy(copy, samples[broken], SAMPLE_SIZE);
            if (at + 4 > SAMPLE_SIZE || !graft_get32(copy + at))
                break;
            graft_put32(copy + at, values[i]);
            try(broken, copy, SAMPLE_SIZE);
        }
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void sweep_mutations(unsigned broken, uint32_t seed)
{
    uint8_t copy[SAMPLE_SIZE];

    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(copy, samples[broken], SAMPLE_SIZE);
        for (uint32_t count = 1 + next_random(&seed) % 6; count; count--) {
            size_t at = next_random(&seed) % SAMPLE_SIZE;

            /* Bytes that are zero padding prove little: prefer those that mean something. */
            for (int tries = 0; tries < 8 && !copy[at]; tries++)
                at = next_random(&seed) % SAMPLE_SIZE;
            copy[at] = (uint8_t)next_random(&seed);
        }
        try(broken, copy, SAMPLE_SIZE);
    }
}

int main(void)
{
    static const uint16_t machines[] = {GRAFT_AMD64, GRAFT_I386};

    for (unsigned i = 0; i < 2; i++) {
        sample_make(samples[0], machines[i], true, ours, 2);
        sample_make(samples[1], machines[i], false, exports, 6);
        for (unsigned broken = 0; broken < 2; broken++) {
            sweep_truncations(broken);
            sweep_words(broken);
            sweep_mutations(broken, 0x5eed + i);
        }
    }
    printf("%lu files tried, %lu accepted\n", tried, accepted);
    return !accepted || accepted == tried;
}
