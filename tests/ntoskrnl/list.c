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
extern void func_report(void);
extern void func_end(void);
extern void func_break(void);

const struct test winetest_testlist[] = {
    {"driver", func_driver}, {"again", func_again}, {"leave", func_leave}, {"boot", func_boot},
    {"report", func_report}, {"end", func_end},     {"break", func_break}, {0, 0}};
