/*
 * The list of tests of subject.exe: several of them live in one file, which the generated lists do not
 * provide for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define STANDALONE
#include "wine/test.h"

extern void func_kinds(void);
extern void func_contexts(void);
extern void func_nested(void);
extern void func_good(void);
extern void func_many_failures(void);
extern void func_muted(void);
extern void func_long_lines(void);
extern void func_flood(void);
extern void func_crash(void);
extern void func_quiet_crash(void);
extern void func_children(void);
extern void func_dialect(void);

const struct test winetest_testlist[] = {{"kinds", func_kinds},
                                         {"contexts", func_contexts},
                                         {"nested", func_nested},
                                         {"good", func_good},
                                         {"many_failures", func_many_failures},
                                         {"muted", func_muted},
                                         {"long_lines", func_long_lines},
                                         {"flood", func_flood},
                                         {"crash", func_crash},
                                         {"quiet_crash", func_quiet_crash},
                                         {"children", func_children},
                                         {"dialect", func_dialect},
                                         {0, 0}};
