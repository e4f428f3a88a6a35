/*
 * make_sample MACHINE KIND SALT FILE: writes a small module for the tests of wqsetup: x64 or x32; a front or
 * core of ours ("front"), or a builtin as Wine's ("builtin"). Another salt gives another file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bytes.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sample_export exports[] = {{1, "BaseThreadInitThunk", NULL, 0x1000},
                                               {2, "QueueUserWorkItem", NULL, 0x1010},
                                               {3, "Sleep", NULL, 0x1020}};

int main(int argc, char **argv)
{
    uint8_t bytes[SAMPLE_SIZE] = {0};
    bool front;
    FILE *file;

    if (argc != 5)
        return 2;
    front = !strcmp(argv[2], "front");
    /* A front has what it replaces only. */
    sample_make(bytes, strcmp(argv[1], "x32") ? GRAFT_AMD64 : GRAFT_I386, front, exports + front, 3 - front);
    if (!front)
        memcpy(bytes + 64, "Wine builtin DLL", 16);
    graft_put32(bytes + 0x88, (uint32_t)atoi(argv[3])); /* the time stamp in the header */
    file = fopen(argv[4], "wb");
    return !file || fwrite(bytes, sizeof(bytes), 1, file) != 1 || fclose(file);
}
