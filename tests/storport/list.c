/*
 * list.c: the program's tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define STANDALONE
#include "wine/test.h"

extern void func_driver(void);
extern void func_ramdisk(void);
extern void func_ramplain(void);
extern void func_pnp(void);

const struct test winetest_testlist[] = {{"driver", func_driver},
                                         {"ramdisk", func_ramdisk},
                                         {"ramplain", func_ramplain},
                                         {"pnp", func_pnp},
                                         {0, 0}};
