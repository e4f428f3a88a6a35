/*
 * What the graft will export: for every ordinal of the builtin, and for what only the front has, where it
 * leads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GRAFT_PLAN_H
#define GRAFT_PLAN_H

#include "exports.h"

enum graft_target {
    GRAFT_UNUSED,  /* no such ordinal */
    GRAFT_FRONT,   /* at rva in the front */
    GRAFT_FORWARD, /* the forwarder text of the front or of the builtin */
    GRAFT_BASE,    /* a forwarder to the base: to name, or to the ordinal if name is NULL */
    GRAFT_CODE,    /* a jump to the base; rva is its number */
};

struct graft_out {
    enum graft_target target;
    uint32_t rva;
    const char *text, *name;
};

/* A function of the base that is reached by a jump. */
struct graft_jump {
    const char *name;
    uint32_t hint; /* its place among the builtin's names, where the loader looks first */
};

struct graft_plan {
    const char *module;
    uint32_t base, slot_count, name_count, code_count;
    struct graft_out *slots;
    struct graft_name *names; /* sorted */
    struct graft_jump *code;  /* code_count of them */
};

/*
 * Merges two export tables, from which the plan borrows its strings. The caller frees the plan with
 * graft_plan_free even after a failure.
 */
bool graft_plan_make(struct graft_plan *plan, const struct graft_exports *front,
                     const struct graft_exports *builtin, const struct graft_request *request,
                     struct graft_error *error);
void graft_plan_free(struct graft_plan *plan);

#endif
