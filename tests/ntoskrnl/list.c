/*
 * list.c: the program's tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define STANDALONE
#include "wine/test.h"

extern void func_driver(void);
extern void func_again(void);
extern void func_leave(void);
extern void func_boot(void);

const struct test winetest_testlist[] = {
    {"driver", func_driver}, {"again", func_again}, {"leave", func_leave}, {"boot", func_boot}, {0, 0}};
