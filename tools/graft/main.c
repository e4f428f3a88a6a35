/*
 * graft, the host program: graft [--code NAME]... [--no-new] FRONT BUILTIN BASE-NAME OUTPUT writes a graft;
 * graft --record FILE prints what a graft was made from.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool main_read(const char *path, struct graft_bytes *bytes, struct graft_error *error)
{
    FILE *file = fopen(path, "rb");
    long size;
    uint8_t *data;

    if (!file)
        return graft_fail(error, "cannot open %.160s", path);
    if (fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || (unsigned long)size > GRAFT_FILE_MAX ||
        fseek(file, 0, SEEK_SET)) {
        fclose(file);
        return graft_fail(error, "cannot read %.160s", path);
    }
    data = malloc((size_t)size + 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) {
        free(data);
        fclose(file);
        return graft_fail(error, "cannot read %.160s", path);
    }
    fclose(file);
    bytes->data = data;
    bytes->size = (size_t)size;
    return true;
}

static bool main_write(const char *path, const uint8_t *data, size_t size, struct graft_error *error)
{
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(data, 1, size, file) == size;

    if (file && fclose(file))
        written = false;
    if (!written && file)
        remove(path);
    return written || graft_fail(error, "cannot write %.160s", path);
}

static bool main_record(const char *path, struct graft_error *error)
{
    char hash[2 * GRAFT_HASH + 1];
    struct graft_bytes bytes = {0};
    struct graft_record record;
    bool found;

    if (!main_read(path, &bytes, error))
        return false;
    found = graft_read_record(bytes, &record);
    free((void *)bytes.data);
    if (!found)
        return graft_fail(error, "%.160s is not a graft", path);
    graft_hash_text(record.builtin_hash, hash);
    printf("version %u\nbuiltin %s %llu %s\n", (unsigned)record.version, record.builtin_name,
           (unsigned long long)record.builtin_size, hash);
    graft_hash_text(record.front_hash, hash);
    printf("front %llu %s\nbase %s\n", (unsigned long long)record.front_size, hash, record.base_name);
    return true;
}

static bool main_make(struct graft_request *request, char **args, struct graft_error *error)
{
    const char *slash = strrchr(args[1], '/');
    size_t size = 0;
    uint8_t *out = NULL;
    bool made;

    request->builtin_name = slash ? slash + 1 : args[1];
    request->base_name = args[2];
    made = main_read(args[0], &request->front, error) && main_read(args[1], &request->builtin, error) &&
           graft_make(request, &out, &size, error) && main_write(args[3], out, size, error);
    free(out);
    free((void *)request->front.data);
    free((void *)request->builtin.data);
    return made;
}

int main(int argc, char **argv)
{
    static const char *const all_new[] = {GRAFT_ALL_NEW, NULL};
    struct graft_request request = {.new_names = all_new};
    struct graft_error error = {{0}};
    const char *code[17] = {0};
    int i = 1, codes = 0;
    bool done;

    for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
        if (!strcmp(argv[i], "--no-new"))
            request.new_names = NULL;
        else if (!strcmp(argv[i], "--code") && i + 1 < argc && codes < 16)
            code[codes++] = argv[++i];
        else
            break;
    }
    request.code_names = code;
    if (argc == 3 && !strcmp(argv[1], "--record"))
        done = main_record(argv[2], &error);
    else if (argc - i == 4)
        done = main_make(&request, argv + i, &error);
    else
        done = graft_fail(
            &error,
            "usage: graft [--code NAME]... [--no-new] FRONT BUILTIN BASE-NAME OUTPUT | --record FILE");
    if (!done)
        fprintf(stderr, "graft: %s\n", error.text);
    return !done;
}
