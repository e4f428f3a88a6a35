/*
 * tp_environ.c: the callback environment, which callers fill in by hand or with inline functions of winnt.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

#define FLAG_LONG       1u
#define FLAG_PERSISTENT 2u

/* Levels of a queue: a later level is served first. */
static const uint8_t levels[] = {2, 1, 0}; /* TP_CALLBACK_PRIORITY_HIGH, _NORMAL, _LOW */

/* Pool and group must both be ours, or the builtin serves the call. */
static enum tp_environ_result owners_read(const TP_CALLBACK_ENVIRON *environment, struct tp_environ *out)
{
    bool pool = !environment->Pool || wq_object_is(TP_POOL_KIND, environment->Pool);
    bool group = !environment->CleanupGroup || wq_object_is(TP_GROUP_KIND, environment->CleanupGroup);

    if (pool && group) {
        out->pool = (struct tp_pool *)environment->Pool;
        out->group = (struct tp_group *)environment->CleanupGroup;
        return TP_ENVIRON_OK;
    }
    if (wq_object_ours(environment->Pool) || wq_object_ours(environment->CleanupGroup))
        return TP_ENVIRON_BAD; /* one of them is ours, or was */
    return TP_ENVIRON_FOREIGN;
}

enum tp_environ_result tp_environ_read(const TP_CALLBACK_ENVIRON *environment, struct tp_environ *out)
{
    const HANDLE no_activation = (HANDLE)(LONG_PTR)-1;
    unsigned priority = TP_CALLBACK_PRIORITY_NORMAL;

    *out = (struct tp_environ){.level = levels[TP_CALLBACK_PRIORITY_NORMAL]};
    if (!environment)
        return TP_ENVIRON_OK;
    if (environment->Version != 1 && environment->Version != 3)
        return TP_ENVIRON_BAD;
    if (environment->Version == 3)
        priority = (unsigned)environment->CallbackPriority;
    if (priority >= sizeof(levels))
        return TP_ENVIRON_BAD;
    out->level = levels[priority];
    out->cancel = environment->CleanupGroupCancelCallback;
    out->library = environment->RaceDll;
    out->finalization = environment->FinalizationCallback;
    out->has_activation = environment->ActivationContext != NULL;
    out->activation =
        environment->ActivationContext == no_activation ? NULL : (HANDLE)environment->ActivationContext;
    if (environment->u.Flags & FLAG_PERSISTENT)
        out->place = TP_PERSISTENT;
    else if (environment->u.Flags & FLAG_LONG)
        out->place = TP_LONG;
    return owners_read(environment, out);
}
