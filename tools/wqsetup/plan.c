/*
 * Deciding what every file shall hold: reads the staged modules and the prefix's builtins, makes the grafts
 * in memory, and finds out which file is the builtin when ours is already in its place.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>
#include <string.h>

/* What is there now, read once per target. */
struct plan_found {
    struct graft_bytes target, kept, wine;
    setup_hash target_hash, kept_hash, wine_hash;
};

bool setup_is_ours(const struct setup_file *file, struct graft_bytes contents)
{
    const char *kept = strrchr(file->kept, '\\');
    struct graft_record record;
    setup_hash hash;

    if (!contents.data)
        return false;
    if (file->module->graft && graft_read_record(contents, &record))
        return kept && !strcmp(record.base_name, kept + 1);
    setup_hash_bytes(contents, hash);
    return !strcmp(hash, file->hash) || !strcmp(hash, file->was);
}

/* The mark stands behind the DOS header. */
bool setup_is_builtin(struct graft_bytes bytes)
{
    return bytes.size >= 80 && !memcmp(bytes.data + 64, "Wine builtin DLL", 16);
}

static bool plan_find(const struct setup_file *file, struct plan_found *found)
{
    if (!setup_read(file->target, &found->target) || !setup_read(file->kept, &found->kept) ||
        !setup_read_wine(file->arch, file->place->file, &found->wine))
        return false;
    setup_hash_bytes(found->target, found->target_hash);
    setup_hash_bytes(found->kept, found->kept_hash);
    setup_hash_bytes(found->wine, found->wine_hash);
    return true;
}

/* The builtin behind our file: normally the kept one, but Wine's own if Wine was updated or ours is damaged.
 */
static bool plan_original_behind(struct setup_file *file, const struct plan_found *found)
{
    struct graft_record record;
    setup_hash hash;

    if (!file->hash[0] && graft_read_record(found->target, &record)) {
        graft_hash_text(record.builtin_hash, hash);
        strcpy(file->original, hash);
    } else if (!file->original[0]) {
        return true;
    }
    if (file->wine[0] && found->wine.data && strcmp(file->wine, found->wine_hash)) {
        file->original_bytes = found->wine;
        return true;
    }
    if (found->kept.data && !strcmp(found->kept_hash, file->original))
        file->original_bytes = found->kept;
    else if (found->wine.data && !strcmp(found->wine_hash, file->original))
        file->original_bytes = found->wine;
    else
        return setup_fail(
            SETUP_BAD_FILE,
            "%s is missing or damaged and Wine's own file is another one or not found: run wqsetup "
            "repair with the Wine of this prefix",
            file->kept);
    return true;
}

static bool plan_original(struct setup_file *file, const struct plan_found *found, bool known)
{
    if (setup_is_ours(file, found->target))
        return plan_original_behind(file, found);
    if (!known && found->kept.data)
        return setup_fail(SETUP_BAD_FILE, "%s is in the way and not from wqsetup: move it elsewhere",
                          file->kept);
    if (!found->target.data && found->kept.data)
        file->original_bytes = found->kept;
    else if (file->module->graft && !setup_is_builtin(found->target) && setup_is_builtin(found->kept))
        file->original_bytes = found->kept; /* what stands at our place is damaged */
    else
        file->original_bytes = found->target;
    return true;
}

/* Our module as it is installed, if it is whole. */
static bool plan_installed(const struct setup_file *file, const struct plan_found *found,
                           struct graft_bytes *module)
{
    *module = found->target;
    return file->module->graft ? graft_read_front(found->target, module) : setup_is_ours(file, found->target);
}

/* Our module: the staged one, or where nothing is staged the one that the prefix has. */
static bool plan_module(const struct setup_file *file, const struct plan_found *found,
                        struct graft_bytes *module)
{
    const char *staged = file->place->staged ? file->place->staged : file->module->staged;

    if (setup_options.own)
        return plan_installed(file, found, module) ||
               setup_fail(SETUP_BAD_FILE, "%s is missing or damaged: run update where the modules are",
                          file->target);
    if (!sys_read_staged(file->arch, staged, module))
        return false;
    return module->data || setup_fail(SETUP_BAD_FILE, "%s\\%s is missing: it must lie where the modules are",
                                      file->arch->staged, staged);
}

/* Wine gives a program with a console one more program, conhost.exe, which may not start before we are done. */
static bool plan_windowed(struct setup_file *file)
{
    uint8_t *data = (uint8_t *)(uintptr_t)file->bytes.data;
    struct graft_error error;

    return !file->place->windowed || graft_set_windowed(data, file->bytes.size, &error) ||
           setup_fail(SETUP_BAD_FILE, "%s: %s", file->module->staged, error.text);
}

static bool plan_graft(struct setup_file *file, struct graft_bytes front)
{
    struct graft_request request = {.front = front,
                                    .builtin = file->original_bytes,
                                    .builtin_name = file->place->file,
                                    .base_name = file->place->kept,
                                    .code_names = file->place->code,
                                    .new_names = file->place->new_names};
    struct graft_error error;
    uint8_t *out;

    if (!request.builtin.data)
        return setup_fail(SETUP_BAD_FILE, "%s is missing: start the prefix once with wineboot -u",
                          file->target);
    if (!setup_is_builtin(request.builtin))
        return setup_fail(SETUP_BAD_FILE, "%s is not Wine's own file: move it away and run wineboot -u",
                          file->target);
    if (!graft_make(&request, &out, &file->bytes.size, &error))
        return setup_fail(SETUP_BAD_FILE, "no graft can be made for %s: %s", file->target, error.text);
    file->bytes.data = out;
    return true;
}

static bool plan_contents(struct setup_file *file, const struct plan_found *found)
{
    struct graft_bytes module;
    bool made;

    if (!plan_module(file, found, &module))
        return false;
    if (!file->module->graft) {
        file->bytes = module;
        return plan_windowed(file);
    }
    made = plan_graft(file, module);
    if (!setup_options.own) /* else it is a part of what was found */
        setup_release(&module);
    return made;
}

static void plan_note(struct setup_file *file, const struct plan_found *found)
{
    setup_hash hash;

    setup_hash_bytes(file->bytes, hash);
    setup_hash_bytes(file->original_bytes, file->original);
    file->put = strcmp(hash, found->target_hash) != 0;
    file->keep = file->original_bytes.data && strcmp(file->original, found->kept_hash);
    file->was[0] = 0;
    if (file->put && setup_is_ours(file, found->target))
        strcpy(file->was, found->target_hash);
    strcpy(file->hash, hash);
    strcpy(file->wine, found->wine_hash);
}

/* The plan keeps what will be written. */
static void plan_release(const struct setup_file *file, struct graft_bytes *found)
{
    if (found->data != file->bytes.data && found->data != file->original_bytes.data)
        setup_release(found);
}

static bool plan_file(struct setup_file *file, bool known)
{
    struct plan_found found = {0};
    bool planned =
        plan_find(file, &found) && plan_original(file, &found, known) && plan_contents(file, &found);

    if (planned)
        plan_note(file, &found);
    plan_release(file, &found.target);
    plan_release(file, &found.kept);
    plan_release(file, &found.wine);
    return planned;
}

static struct setup_file *plan_entry(struct setup_state *state, const struct setup_arch *arch,
                                     const struct setup_module *module, const struct setup_target *place,
                                     bool *known)
{
    char target[SETUP_NAME];
    struct setup_file *file;

    snprintf(target, sizeof(target), "%s%s%s", arch->folder, place->folder, place->file);
    file = setup_state_file(state, target);
    *known = file != NULL;
    if (!file) {
        file = &state->file[state->files];
        memset(file, 0, sizeof(*file));
        strcpy(file->target, target);
        setup_kept_path(arch, place, file->kept);
        file->module = module;
    }
    file->arch = arch;
    file->place = place;
    return file;
}

static bool plan_target(struct setup_state *state, const struct setup_arch *arch,
                        const struct setup_module *module, const struct setup_target *place)
{
    bool known;
    struct setup_file *file = plan_entry(state, arch, module, place, &known);

    if (!known && setup_options.own)
        return true;
    if (!plan_file(file, known))
        return false;
    state->files += !known;
    return true;
}

bool setup_plan(struct setup_state *state)
{
    unsigned archs;
    const struct setup_arch *arch = setup_archs(&archs);

    for (unsigned i = 0; i < archs; i++) {
        for (unsigned j = 0; j < setup_module_count; j++) {
            const struct setup_module *module = &setup_modules[j];

            if (!setup_wants_module(state, module))
                continue;
            for (unsigned k = 0; setup_target_used(module, k); k++)
                if (setup_arch_has(&arch[i], &module->targets[k]) &&
                    !plan_target(state, &arch[i], module, &module->targets[k]))
                    return false;
        }
    }
    return true;
}

/* What may be ours without a graft's record: a copy whose original is beside it, or one that we would install. */
static bool plan_is_copy(struct setup_file *file, struct graft_bytes now)
{
    const char *name = file->place->staged ? file->place->staged : file->module->staged;
    struct graft_bytes other;
    setup_hash hash;
    bool copy;

    if (!now.data || setup_is_builtin(now))
        return false;
    setup_hash_bytes(now, file->hash);
    if (!setup_read(file->kept, &other))
        return false;
    copy = setup_is_builtin(other);
    setup_release(&other);
    if (copy || !sys_read_staged(file->arch, name, &other))
        return copy;
    setup_hash_bytes(other, hash);
    copy = other.data && !strcmp(hash, file->hash);
    setup_release(&other);
    return copy;
}

static bool plan_adopt(struct setup_state *state, bool grafts)
{
    unsigned archs;
    const struct setup_arch *arch = setup_prefix_archs(&archs);

    for (unsigned i = 0; i < archs; i++) {
        for (unsigned j = 0; j < setup_module_count; j++) {
            for (unsigned k = 0; setup_modules[j].graft == grafts && setup_target_used(&setup_modules[j], k);
                 k++) {
                const struct setup_target *place = &setup_modules[j].targets[k];
                struct graft_bytes bytes;
                bool known;
                struct setup_file *file = plan_entry(state, &arch[i], &setup_modules[j], place, &known);

                if (!setup_read(file->target, &bytes))
                    return false;
                state->files += !known && setup_arch_has(&arch[i], place) &&
                                (grafts ? setup_is_ours(file, bytes) : plan_is_copy(file, bytes));
                setup_release(&bytes);
            }
        }
    }
    return true;
}

/* Copies of ours don't say that they are: they are looked for only where grafts do. */
bool setup_adopt(struct setup_state *state)
{
    return plan_adopt(state, true) && (!state->files || plan_adopt(state, false));
}
