/*
 * Merging the exports of the front and of the builtin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* The tables being merged; plan->slots has room for every slot and every name of both. */
struct plan_merge {
    struct graft_plan *plan;
    const struct graft_exports *front, *builtin;
    const struct graft_request *request;
};

static struct graft_out plan_from_front(const struct graft_slot *slot)
{
    struct graft_out out = {slot->forward ? GRAFT_FORWARD : GRAFT_FRONT, slot->forward ? 0 : slot->rva,
                            slot->forward, NULL};

    return out;
}

static bool plan_must_be_code(const struct graft_request *request, const char *name)
{
    for (const char *const *code = request->code_names; code && *code; code++)
        if (!strcmp(*code, name))
            return true;
    return false;
}

/* A jump to a name; names of one ordinal share it. */
static struct graft_out plan_jump(struct plan_merge *merge, const struct graft_name *name)
{
    struct graft_plan *plan = merge->plan;
    struct graft_out out = {GRAFT_CODE, plan->code_count, NULL, NULL};

    if (plan->slots[name->slot].target == GRAFT_CODE)
        return plan->slots[name->slot];
    plan->code[plan->code_count].name = name->name;
    plan->code[plan->code_count++].hint = (uint32_t)(name - merge->builtin->names);
    return out;
}

/* Where a name of the builtin leads. Its functions are jumps, so that an address belongs to the module that it was
 * asked from, as without the graft. The builtin's own forwarders are kept as they are, and its data can only be
 * forwarded. */
static struct graft_out plan_decide(struct plan_merge *merge, const struct graft_name *name)
{
    const struct graft_slot *ours = graft_exports_find(merge->front, name->name);
    const struct graft_slot *theirs = &merge->builtin->slots[name->slot];
    struct graft_out out = {GRAFT_BASE, 0, NULL, name->name};

    if (ours)
        return plan_from_front(ours);
    if (theirs->code || plan_must_be_code(merge->request, name->name))
        return plan_jump(merge, name);
    if (theirs->forward) {
        out.target = GRAFT_FORWARD;
        out.text = theirs->forward;
    }
    return out;
}

/* Two names of one ordinal keep sharing it unless only one of them is ours. */
static bool plan_same(const struct graft_out *a, const struct graft_out *b)
{
    return a->target == b->target && a->rva == b->rva && a->text == b->text;
}

static void plan_add_name(struct graft_plan *plan, const char *name, uint32_t slot)
{
    plan->names[plan->name_count].name = name;
    plan->names[plan->name_count++].slot = slot;
}

static uint32_t plan_add_slot(struct graft_plan *plan, struct graft_out out)
{
    plan->slots[plan->slot_count] = out;
    return plan->slot_count++;
}

static void plan_take_builtin(struct plan_merge *merge)
{
    struct graft_plan *plan = merge->plan;

    for (uint32_t i = 0; i < merge->builtin->name_count; i++) {
        const struct graft_name *name = &merge->builtin->names[i];
        struct graft_out out = plan_decide(merge, name);
        struct graft_out *slot = &plan->slots[name->slot];

        if (slot->target == GRAFT_UNUSED)
            *slot = out;
        plan_add_name(plan, name->name, plan_same(slot, &out) ? name->slot : plan_add_slot(plan, out));
    }
    for (uint32_t i = 0; i < merge->builtin->slot_count; i++) {
        const struct graft_slot *nameless = &merge->builtin->slots[i];

        if (plan->slots[i].target != GRAFT_UNUSED || !nameless->rva)
            continue;
        plan->slots[i].target = nameless->forward ? GRAFT_FORWARD : GRAFT_BASE;
        plan->slots[i].text = nameless->forward;
    }
}

static bool plan_is_new(const struct plan_merge *merge, const char *name)
{
    for (const char *const *at = merge->request->new_names; at && *at; at++)
        if (!strcmp(*at, GRAFT_ALL_NEW) || !strcmp(*at, name))
            return !graft_exports_find(merge->builtin, name);
    return false;
}

static void plan_take_new(struct plan_merge *merge)
{
    for (uint32_t i = 0; i < merge->front->name_count; i++) {
        const struct graft_name *name = &merge->front->names[i];

        if (plan_is_new(merge, name->name))
            plan_add_name(merge->plan, name->name,
                          plan_add_slot(merge->plan, plan_from_front(&merge->front->slots[name->slot])));
    }
}

static int plan_compare(const void *a, const void *b)
{
    const struct graft_name *x = a, *y = b;

    return strcmp(x->name, y->name);
}

bool graft_plan_make(struct graft_plan *plan, const struct graft_exports *front,
                     const struct graft_exports *builtin, const struct graft_request *request,
                     struct graft_error *error)
{
    struct plan_merge merge = {plan, front, builtin, request};
    uint32_t names = builtin->name_count + front->name_count;

    memset(plan, 0, sizeof(*plan));
    plan->module = builtin->module;
    plan->base = builtin->base;
    plan->slot_count = builtin->slot_count;
    plan->slots = calloc(builtin->slot_count + names, sizeof(*plan->slots));
    plan->names = calloc(names + 1, sizeof(*plan->names));
    plan->code = calloc(builtin->name_count + 1, sizeof(*plan->code));
    if (!plan->slots || !plan->names || !plan->code)
        return graft_fail(error, "out of memory");
    plan_take_builtin(&merge);
    plan_take_new(&merge);
    if (plan->base + plan->slot_count > GRAFT_EXPORT_MAX)
        return graft_fail(error, "front and builtin together export too much");
    qsort(plan->names, plan->name_count, sizeof(*plan->names), plan_compare);
    return true;
}

void graft_plan_free(struct graft_plan *plan)
{
    free(plan->slots);
    free(plan->names);
    free(plan->code);
    memset(plan, 0, sizeof(*plan));
}
