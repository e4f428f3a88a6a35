/*
 * A program of one file: STANDALONE and START_TEST together, compiled as C89 would be written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define STANDALONE
#include "wine/test.h"

START_TEST(single)
{
    char **argv;
    int argc = winetest_get_mainargs(&argv);

    ok(argc == 1, "got %d arguments\n", argc);
}
