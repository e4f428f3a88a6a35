/*
 * Making a graft: checks the request, reads both files, merges their exports and hands the parts to the image
 * writer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "image.h"
#include "parts.h"

#include <string.h>

#define PE_DLL             0x2000u
#define PE_RELOCS_STRIPPED 0x0001u

enum {
    NEW_CODE,
    NEW_DATA,
    NEW_GRAFT,
};

struct graft_work {
    struct graft_pe front, builtin;
    struct graft_exports front_exports, builtin_exports;
    struct graft_plan plan;
    struct graft_image image;
};

static bool graft_good_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(name);

    return size > 4 && size < GRAFT_NAME_MAX && strspn(name, allowed) == size;
}

/* The loader takes what stands before a forwarder's last dot for the module and appends ".dll". */
static bool graft_good_base(const char *name)
{
    size_t stem = strlen(name) - 4;

    return graft_good_name(name) && !strcmp(name + stem, ".dll") && !memchr(name, '.', stem);
}

static bool graft_check_request(const struct graft_request *request, struct graft_error *error)
{
    if (!graft_good_name(request->builtin_name))
        return graft_fail(error, "%.80s is no name for a module", request->builtin_name);
    if (!graft_good_name(request->base_name) || !graft_good_base(request->base_name))
        return graft_fail(error, "%.80s is no name for a base copy", request->base_name);
    return true;
}

static bool graft_check_front(const struct graft_pe *front, struct graft_error *error)
{
    if (!(front->flags & PE_DLL) || front->flags & PE_RELOCS_STRIPPED)
        return graft_fail(error, "front: not a relocatable DLL");
    if (front->dir_count <= GRAFT_DIR_RELOC)
        return graft_fail(error, "front: has too few data directories");
    /* Wine would take the graft for its own file and map the real builtin instead. */
    if (front->headers_size >= 80 && !memcmp(front->file.data + 64, "Wine ", 5))
        return graft_fail(error, "front: is marked as a Wine module");
    return true;
}

/* The result would carry two records, and whoever reads it would take the first one for its own. So a record of
 * another version, or a broken one, counts too. */
static bool graft_check_record(const struct graft_pe *pe, struct graft_error *error)
{
    for (unsigned i = 0; i < pe->sections; i++)
        if (!memcmp(pe->file.data + graft_pe_section(pe, i).at, GRAFT_SECTION_NAME, 8))
            return graft_fail(error, "%s: is itself a graft", pe->what);
    return true;
}

static bool graft_open(struct graft_work *work, const struct graft_request *request,
                       struct graft_error *error)
{
    if (!graft_check_request(request, error) ||
        !graft_pe_open(&work->front, request->front, "front", error) ||
        !graft_pe_open(&work->builtin, request->builtin, "builtin", error) ||
        !graft_check_front(&work->front, error))
        return false;
    if (work->front.machine != work->builtin.machine)
        return graft_fail(error, "front is for machine 0x%04x, builtin for 0x%04x", work->front.machine,
                          work->builtin.machine);
    return graft_check_record(&work->front, error) && graft_check_record(&work->builtin, error) &&
           graft_exports_read(&work->front_exports, &work->front, error) &&
           graft_exports_read(&work->builtin_exports, &work->builtin, error) &&
           graft_plan_make(&work->plan, &work->front_exports, &work->builtin_exports, request, error);
}

static void graft_set_dir(struct graft_image *image, unsigned index, struct graft_run run)
{
    struct graft_new_dir dir = {index, run.size ? run.rva : 0, run.size};

    image->dirs[image->dir_count++] = dir;
}

/* Code and imports come first, because the export directory refers to the jumps. Both are left out if no name
 * needs them. */
static bool graft_build_code(struct graft_work *work, const struct graft_request *request, uint32_t *next,
                             struct graft_error *error)
{
    struct graft_new_section *code = &work->image.sections[NEW_CODE], *data = &work->image.sections[NEW_DATA];
    uint32_t slots, size = work->plan.code_count * GRAFT_JUMP_SIZE;
    struct graft_run imports;

    code->rva = *next;
    if (!size)
        return true;
    data->rva = graft_align(code->rva + size, work->front.section_align);
    if (!graft_put_imports(&data->bytes, data->rva, &work->front, &work->plan, request->base_name, &imports,
                           &slots, error))
        return false;
    graft_put_jumps(&code->bytes, code->rva, &work->front, &work->plan, slots);
    graft_set_dir(&work->image, GRAFT_DIR_IMPORT, imports);
    *next = graft_align(data->rva + data->bytes.size, work->front.section_align);
    return true;
}

static bool graft_build(struct graft_work *work, const struct graft_request *request,
                        struct graft_error *error)
{
    static const struct graft_new_section empty[GRAFT_NEW_SECTIONS] = {
        {".wqcode", 0x60000020, 0, {0}}, /* code, execute, read */
        {".wqdata", 0xc0000040, 0, {0}}, /* initialized data, read, write */
        {GRAFT_SECTION_NAME, 0x40000040, 0, {0}},
    };
    struct graft_image *image = &work->image;
    struct graft_new_section *section = &image->sections[NEW_GRAFT];
    struct graft_run exports, relocs, resources;
    uint32_t next = graft_image_end(&work->front),
             time = graft_get32(work->front.file.data + work->front.optional_at - 16);

    image->front = &work->front;
    memcpy(image->sections, empty, sizeof(empty));
    if (!graft_build_code(work, request, &next, error))
        return false;
    section->rva = next;
    graft_put_record(&section->bytes, request);
    graft_put_exports(&section->bytes, section->rva, &work->plan, request->base_name,
                      image->sections[NEW_CODE].rva, time, &exports);
    if (!graft_put_relocs(&section->bytes, section->rva, &work->front, &work->plan,
                          image->sections[NEW_CODE].rva, &relocs, error) ||
        !graft_put_resources(&section->bytes, section->rva, &work->builtin, &resources, error))
        return false;
    graft_set_dir(image, GRAFT_DIR_EXPORT, exports);
    graft_set_dir(image, GRAFT_DIR_RELOC, relocs);
    graft_set_dir(image, GRAFT_DIR_RESOURCE, resources);
    return true;
}

bool graft_make(const struct graft_request *request, uint8_t **out, size_t *out_size,
                struct graft_error *error)
{
    struct graft_work work;
    bool made;

    memset(&work, 0, sizeof(work));
    error->text[0] = 0;
    made = graft_open(&work, request, error) && graft_build(&work, request, error) &&
           graft_image_write(&work.image, out, out_size, error);
    for (int i = 0; i < GRAFT_NEW_SECTIONS; i++)
        graft_buffer_free(&work.image.sections[i].bytes);
    graft_plan_free(&work.plan);
    graft_exports_free(&work.front_exports);
    graft_exports_free(&work.builtin_exports);
    return made;
}

bool graft_check_builtin(struct graft_bytes image, uint16_t *machine, struct graft_error *error)
{
    struct graft_exports exports = {0};
    struct graft_pe pe;
    bool good;

    error->text[0] = 0;
    good = graft_pe_open(&pe, image, "builtin", error) && graft_exports_read(&exports, &pe, error);
    graft_exports_free(&exports);
    if (good)
        *machine = pe.machine;
    return good;
}
