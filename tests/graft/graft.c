/*
 * What a graft of two small modules exports, imports, relocates and remembers, for both machines; and the
 * errors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sample.h"
#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition, ...)                                                                                \
    ((condition) ? (void)0                                                                                   \
                 : (failures++, (void)printf("%s:%d: ", __func__, __LINE__), (void)printf(__VA_ARGS__),      \
                    (void)printf("\n")))

static const struct sample_export builtin_exports[] = {
    {5, "Alias", NULL, 0x1010},        {5, "Beta", NULL, 0x1010},  {6, NULL, NULL, 0x1020},
    {7, "Code", NULL, 0x1030},         {9, "Data", NULL, 0x2f00},  {10, "Elsewhere", "other.Function", 0},
    {11, NULL, "other.Nameless", 0},   {12, "Ours", NULL, 0x1040}, {13, "Second", NULL, 0x1050},
    {14, "Forced", "other.Forced", 0},
};
static const struct sample_export front_exports[] = {
    {1, "Beta", NULL, 0x1100},
    {2, "Extra", NULL, 0x1110},
    {3, "Forwarded", "wqcore.Function", 0},
    {4, "Ours", NULL, 0x1120},
};
static const char *const code_names[] = {"Forced", "NotThere", NULL};
static const char *const all_new[] = {GRAFT_ALL_NEW, NULL};

static uint8_t front[SAMPLE_SIZE], builtin[SAMPLE_SIZE];
static struct graft_request request;

static void set_up_front(uint16_t machine)
{
    sample_make(front, machine, true, front_exports, sizeof(front_exports) / sizeof(front_exports[0]));
}

static void set_up(uint16_t machine)
{
    set_up_front(machine);
    sample_make(builtin, machine, false, builtin_exports,
                sizeof(builtin_exports) / sizeof(builtin_exports[0]));
    memset(&request, 0, sizeof(request));
    request.front.data = front;
    request.builtin.data = builtin;
    request.front.size = request.builtin.size = SAMPLE_SIZE;
    request.builtin_name = "some.dll";
    request.base_name = "some_base.dll";
    request.code_names = code_names;
    request.new_names = all_new;
}

static uint8_t *make(size_t *size)
{
    struct graft_error error;
    uint8_t *out = NULL;

    if (!graft_make(&request, &out, size, &error)) {
        printf("graft_make: %s\n", error.text);
        exit(1);
    }
    return out;
}

static void expect(const uint8_t *image, const char *name, uint32_t ordinal, uint32_t rva,
                   const char *forward)
{
    const char *found_forward = NULL, *label = name ? name : "#";
    uint32_t found = 0;

    CHECK(sample_resolve(image, name, ordinal, &found, &found_forward), "%s %u is not exported", label,
          (unsigned)ordinal);
    if (forward)
        CHECK(found_forward && !strcmp(found_forward, forward), "%s %u goes to %s", label, (unsigned)ordinal,
              found_forward ? found_forward : "code");
    else
        CHECK(!found_forward && found == rva, "%s %u is at 0x%x %s", label, (unsigned)ordinal,
              (unsigned)found, found_forward ? found_forward : "");
}

static void test_exports(const uint8_t *image)
{
    const char *forward;
    uint32_t rva;

    expect(image, "Beta", 0, 0x1100, NULL);
    expect(image, NULL, 6, 0, "some_base.#6");
    expect(image, "Data", 0, 0, "some_base.Data");
    expect(image, NULL, 9, 0, "some_base.Data");
    expect(image, "Elsewhere", 0, 0, "other.Function");
    expect(image, NULL, 11, 0, "other.Nameless");
    expect(image, "Ours", 0, 0x1120, NULL);
    expect(image, NULL, 12, 0x1120, NULL);
    expect(image, "Extra", 0, 0x1110, NULL);
    expect(image, "Forwarded", 0, 0, "wqcore.Function");
    CHECK(!sample_resolve(image, NULL, 8, &rva, &forward), "the unused ordinal 8 is exported");
    CHECK(!sample_resolve(image, "NotThere", 0, &rva, &forward), "NotThere is exported");
}

/* Follows an export's jump to the hint and name that its import slot asks for. */
static const uint8_t *jump_import(const uint8_t *image, const char *name, uint32_t ordinal, bool wide,
                                  uint32_t *operand)
{
    const char *forward = NULL;
    uint32_t rva = 0, slot;

    sample_resolve(image, name, ordinal, &rva, &forward);
    CHECK(!forward && image[rva] == 0xff && image[rva + 1] == 0x25, "%s is no jump", name ? name : "#");
    *operand = rva + 2;
    slot = graft_get32(image + rva + 2);
    slot = wide ? slot + rva + 6 : slot - 0x10000000;
    return image + graft_get32(image + slot);
}

/* Expects a jump to a name of the base; hint: its place among the builtin's names. */
static uint32_t expect_jump(const uint8_t *image, const char *name, uint32_t ordinal, bool wide,
                            const char *to, unsigned hint)
{
    uint32_t operand = 0;
    const uint8_t *import = jump_import(image, name, ordinal, wide, &operand);

    CHECK(!strcmp((const char *)import + 2, to), "%s jumps to %s", name ? name : "#",
          (const char *)import + 2);
    CHECK(graft_get16(import) == hint, "%s has hint %u", to, graft_get16(import));
    return operand;
}

static bool has_reloc(const uint8_t *image, uint32_t target)
{
    uint32_t rva, size, block_size;
    const uint8_t *block = sample_dir(image, 5, &rva, &size);

    for (; size >= 8; size -= block_size, block += block_size) {
        block_size = graft_get32(block + 4);
        CHECK(block_size >= 8 && block_size <= size && !(block_size & 3), "a relocation block has %u bytes",
              (unsigned)block_size);
        if (block_size < 8 || block_size > size)
            return false;
        for (uint32_t i = 8; i < block_size; i += 2)
            if (graft_get16(block + i) >> 12 == 3 &&
                graft_get32(block) + (graft_get16(block + i) & 0xfff) == target)
                return true;
    }
    return false;
}

static void test_code(const uint8_t *image, bool wide)
{
    uint32_t operand[2], rva, size;
    const uint8_t *imports = sample_dir(image, 1, &rva, &size);

    operand[0] = expect_jump(image, "Code", 0, wide, "Code", 2);
    operand[1] = expect_jump(image, "Second", 0, wide, "Second", 7);
    expect_jump(image, "Forced", 0, wide, "Forced", 5);
    expect_jump(image, "Alias", 0, wide, "Alias", 0);
    expect_jump(image, NULL, 5, wide, "Alias", 0); /* shares its ordinal with Beta, which is ours */
    CHECK(has_reloc(image, operand[0]) == !wide && has_reloc(image, operand[1]) == !wide,
          "jumps: wrong relocations");
    CHECK(has_reloc(image, 0x1010), "the front's own relocation is gone");
    CHECK(size == 4 * 20 && !graft_get32(imports + 60 + 12), "import directory of %u bytes", (unsigned)size);
    CHECK(!strcmp((const char *)image + graft_get32(imports + 12), "ntdll.dll"), "first import is lost");
    CHECK(!strcmp((const char *)image + graft_get32(imports + 20 + 12), "wqcore.dll"),
          "second import is lost");
    CHECK(!strcmp((const char *)image + graft_get32(imports + 40 + 12), "some_base.dll"),
          "the base is not imported");
}

static void test_headers(const uint8_t *file, size_t size, uint32_t image_size)
{
    const uint8_t *optional = file + graft_get32(file + 60) + 24, *section;
    uint32_t sum = 0, checksum = graft_get32(optional + 64), next = 0;

    for (size_t i = 0; i + 1 < size; i += 2) {
        sum += file + i == optional + 64 || file + i == optional + 66 ? 0 : graft_get16(file + i);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    CHECK(checksum == sum + size, "checksum 0x%x, expected 0x%x", (unsigned)checksum, (unsigned)(sum + size));
    CHECK(graft_get16(optional + 70) == 0x160, "the ASLR flags are gone");
    CHECK(!(graft_get16(optional - 2) & 1), "relocations are marked as stripped");
    section = optional + graft_get16(optional - 4);
    for (unsigned i = 0; i < graft_get16(optional - 18); i++, section += 40) {
        CHECK(graft_get32(section + 12) >= next && !(graft_get32(section + 12) & 0xfff),
              "section %u overlaps", i);
        next = (graft_get32(section + 12) + graft_get32(section + 8) + 0xfff) & ~0xfffu;
    }
    CHECK(next == image_size, "image size 0x%x, sections end at 0x%x", (unsigned)image_size, (unsigned)next);
}

static void test_resource(const uint8_t *image)
{
    uint32_t rva, size, data;
    const uint8_t *root = sample_dir(image, 2, &rva, &size);

    CHECK(size == 92, "resources of %u bytes", (unsigned)size);
    data = graft_get32(root + 72);
    CHECK(data == rva + 88 && !memcmp(image + data, "WINE", 4), "the resource points to 0x%x",
          (unsigned)data);
}

static void test_record(const uint8_t *file, size_t size)
{
    struct graft_bytes bytes = {file, size}, sample = {builtin, SAMPLE_SIZE};
    struct graft_record record;
    uint8_t hash[GRAFT_HASH];

    CHECK(graft_read_record(bytes, &record), "no record");
    graft_hash(builtin, SAMPLE_SIZE, hash);
    CHECK(!memcmp(hash, record.builtin_hash, sizeof(hash)), "wrong builtin hash");
    graft_hash(front, SAMPLE_SIZE, hash);
    CHECK(!memcmp(hash, record.front_hash, sizeof(hash)), "wrong front hash");
    CHECK(record.version == GRAFT_VERSION && record.builtin_size == SAMPLE_SIZE, "wrong version or size");
    CHECK(!strcmp(record.builtin_name, "some.dll") && !strcmp(record.base_name, "some_base.dll"),
          "wrong names");
    CHECK(!graft_read_record(sample, &record), "a builtin has a record");
}

/* A graft holds its front, so another one can be made where the front's own file is gone. */
static void test_front(uint8_t *file, size_t size)
{
    struct graft_bytes bytes = {file, size}, sample = {builtin, SAMPLE_SIZE}, found = {0};
    bool read = graft_read_front(bytes, &found);

    CHECK(read && found.size == SAMPLE_SIZE && !memcmp(found.data, front, SAMPLE_SIZE),
          "no front, or another");
    CHECK(!graft_read_front(sample, &found), "a builtin has a front");
    if (!read)
        return;
    file[found.data - file + SAMPLE_SIZE / 2] ^= 1;
    CHECK(!graft_read_front(bytes, &found), "a damaged front is accepted");
}

/* What only the front has is exported if the request names it. */
static void test_new_names(void)
{
    static const char *const other[] = {"Ours", "NotThere", NULL}, *const extra[] = {"NotThere", "Extra",
                                                                                     NULL};
    struct {
        const char *const *names;
        bool there;
    } tries[] = {{NULL, false}, {other, false}, {extra, true}};
    const char *forward;
    uint32_t image_size, rva;
    size_t size;

    for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        uint8_t *file, *image;

        set_up(GRAFT_AMD64);
        request.new_names = tries[i].names;
        file = make(&size);
        image = sample_map(file, size, &image_size);
        CHECK(image && sample_resolve(image, "Extra", 0, &rva, &forward) == tries[i].there,
              "names %u: Extra is %sexported", i, tries[i].there ? "not " : "");
        free(image);
        free(file);
    }
}

static void test_machine(uint16_t machine)
{
    uint32_t image_size = 0;
    uint8_t *file, *again, *image;
    size_t size, again_size;

    set_up(machine);
    file = make(&size);
    again = make(&again_size);
    CHECK(size == again_size && !memcmp(file, again, size), "two runs differ");
    image = sample_map(file, size, &image_size);
    CHECK(image != NULL, "cannot be mapped");
    if (image) {
        test_exports(image);
        test_code(image, machine == GRAFT_AMD64);
        test_headers(file, size, image_size);
        test_resource(image);
    }
    test_record(file, size);
    test_front(file, size);
    free(image);
    free(again);
    free(file);
}

static void expect_error(const char *text)
{
    uint8_t *out = NULL;
    struct graft_error error;
    size_t size;
    bool made = graft_make(&request, &out, &size, &error);

    CHECK(!made && !out && strstr(error.text, text), "expected \"%s\", got \"%s\"", text,
          made ? "" : error.text);
    free(out);
}

static void test_broken_forwarders(void)
{
    struct sample_export exports[] = {{1, "Beta", NULL, 0x1100}, {2, "Away", "other.", 0}};

    set_up(GRAFT_AMD64);
    sample_make(front, GRAFT_AMD64, true, exports, 2);
    expect_error("front: ordinal 2 forwards to other., which ends in a dot");
    exports[1].forward = "other..Function";
    sample_make(front, GRAFT_AMD64, true, exports, 2);
    expect_error("front: ordinal 2 forwards to other..Function, which names no module");
    exports[1].forward = ".Function";
    sample_make(builtin, GRAFT_AMD64, false, exports, 2);
    set_up_front(GRAFT_AMD64);
    expect_error("builtin: ordinal 2 forwards to .Function, which names no module");
}

/* The record of a graft. */
static uint8_t *find_record(uint8_t *file, size_t size)
{
    for (size_t i = 0; i + 8 <= size; i++)
        if (!memcmp(file + i, "WQGRAFT", 8))
            return file + i;
    printf("no record in the graft\n");
    exit(1);
}

static void test_errors(void)
{
    struct graft_error error;
    uint16_t machine;
    uint8_t *file;
    size_t size;

    set_up(GRAFT_AMD64);
    sample_make(front, GRAFT_I386, true, front_exports, 4);
    expect_error("machine");
    set_up(GRAFT_AMD64);
    request.base_name = "some.base.dll";
    expect_error("no name for a base copy");
    set_up(GRAFT_AMD64);
    request.builtin_name = "..\\x.dll";
    expect_error("no name for a module");
    set_up(GRAFT_AMD64);
    memcpy(front + 64, "Wine builtin DLL", 16);
    expect_error("marked as a Wine module");
    set_up(GRAFT_AMD64);
    graft_put16(builtin + 0x80 + 4, 0xaa64);
    expect_error("machine 0xaa64");
    CHECK(!graft_check_builtin(request.builtin, &machine, &error), "an unknown machine is accepted");
    set_up(GRAFT_AMD64);
    memset(builtin + 0x80 + 24 + 112, 0, 8);
    expect_error("exports nothing");
    set_up(GRAFT_AMD64);
    request.builtin.size = 0;
    expect_error("not an executable");
    set_up(GRAFT_AMD64);
    file = make(&size);
    request.builtin.data = file;
    request.builtin.size = size;
    expect_error("builtin: is itself a graft");
    request.builtin.data = builtin;
    request.builtin.size = SAMPLE_SIZE;
    request.front.data = file;
    request.front.size = size;
    expect_error("front: is itself a graft");
    find_record(file, size)[0] ^= 1; /* a record of a version to come */
    expect_error("front: is itself a graft");
    free(file);
}

static void test_hash(void)
{
    uint8_t hash[GRAFT_HASH];
    char text[2 * GRAFT_HASH + 1];

    graft_hash("abc", 3, hash);
    graft_hash_text(hash, text);
    CHECK(!strcmp(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "abc: %s", text);
    graft_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hash);
    graft_hash_text(hash, text);
    CHECK(!strcmp(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"), "56 bytes: %s",
          text);
}

int main(void)
{
    test_hash();
    test_machine(GRAFT_AMD64);
    test_machine(GRAFT_I386);
    test_new_names();
    test_errors();
    test_broken_forwarders();
    printf("%d failures\n", failures);
    return failures != 0;
}
