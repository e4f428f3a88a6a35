/*
 * list.c: the program's tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define STANDALONE
#include "wine/test.h"

extern void func_driver(void);
extern void func_cycles(void);

const struct test winetest_testlist[] = {{"driver", func_driver}, {"cycles", func_cycles}, {0, 0}};
