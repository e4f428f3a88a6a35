/*
 * tp_group.c: cleanup groups: objects that are closed together.
 *
 * An object is a member until it is freed, so closing the members also waits for callbacks of those that were closed on
 * their own. The call takes the whole list away at once and holds what is in it; so members may be added meanwhile, and
 * nothing is locked when callbacks are waited for or called.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

static void group_release(struct tp_group *group)
{
    if (!InterlockedDecrement(&group->refs))
        wq_object_free(group);
}

void tp_group_link(struct tp_object *object)
{
    struct tp_group *group = object->group;

    InterlockedIncrement(&group->refs);
    wq_lock_take(&group->lock);
    object->prev = group->last;
    if (group->last)
        group->last->next = object;
    else
        group->first = object;
    group->last = object;
    object->linked = true;
    wq_lock_drop(&group->lock);
}

/* Under G. */
static void unlink_member(struct tp_group *group, struct tp_object *object)
{
    if (object->prev)
        object->prev->next = object->next;
    else
        group->first = object->next;
    if (object->next)
        object->next->prev = object->prev;
    else
        group->last = object->prev;
    object->linked = false;
}

void tp_group_unlink(struct tp_object *object)
{
    struct tp_group *group = object->group;

    wq_lock_take(&group->lock);
    if (object->linked)
        unlink_member(group, object);
    wq_lock_drop(&group->lock);
    group_release(group);
}

/* Makes a cleanup group. Returns it, to be given to CloseThreadpoolCleanupGroup, or NULL with
 * ERROR_NOT_ENOUGH_MEMORY. Any thread. Documented at learn.microsoft.com, threadpoolapiset.h. */
TP_CLEANUP_GROUP *WINAPI CreateThreadpoolCleanupGroup(void)
{
    struct tp_group *group = wq_object_alloc(TP_GROUP_KIND, sizeof(*group));
    struct wq_object head;

    if (!group) {
        k32_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    head = group->head;
    *group = (struct tp_group){.head = head, .refs = 1};
    return (TP_CLEANUP_GROUP *)group;
}

/* Takes the list of members, in the order of creation, linked by next; each is held. What is just being freed is left
 * to who frees it. */
static struct tp_object *members_take(struct tp_group *group)
{
    struct tp_object *first, *object, *next;

    wq_lock_take(&group->lock);
    for (object = group->first; object; object = next) {
        next = object->next;
        if (tp_hold(object))
            object->linked = false;
        else
            unlink_member(group, object);
    }
    first = group->first;
    group->first = group->last = NULL;
    wq_lock_drop(&group->lock);
    return first;
}

/* Closes a member, unless its user has done that. Returns whether a cancel callback is due if its own callback does
 * not close it meanwhile. */
static bool member_close(struct tp_object *object, bool cancel)
{
    bool simple = wq_object_is(TP_SIMPLE_KIND, object), dropped;

    if (!simple && (tp_state(object) & TP_CLOSED))
        return false; /* what is pending still runs */
    if (!simple) {
        wq_object_turn(TP_CLOSED_KIND, object);
        if (object->kind->stop)
            object->kind->stop(object);
    }
    dropped = cancel && object->kind->drop(object);
    if (!simple)
        tp_close_state(object);
    return cancel && object->cancel && (dropped || !simple);
}

/* Closes all that is a member now: timers and waits are unset, callbacks that run are waited for, those that disassociated
 * themselves included. cancel: callbacks that have not begun are dropped, else they are run and waited for. With cancel each
 * member whose environment had a cancel callback gets one call of it, on this thread, after its last callback has returned, with the
 * member's context and cleanup; but a simple callback only if it was dropped, and nobody whose callback closed it.
 *
 * The group can be used again, also by others during the call. Its former members are gone: using one raises. Must not be
 * called from a member's callback. Raises STATUS_INVALID_PARAMETER for what is no group. While the process exits it does
 * not wait. Documented at learn.microsoft.com, threadpoolapiset.h. */
void WINAPI CloseThreadpoolCleanupGroupMembers(TP_CLEANUP_GROUP *address, BOOL cancel, void *cleanup)
{
    struct tp_group *group = (struct tp_group *)address;
    struct tp_object *first, *object, *next;

    if (!wq_object_is(TP_GROUP_KIND, group)) {
        if (tp_foreign(address))
            TpReleaseCleanupGroupMembers(address, cancel, cleanup);
        return;
    }
    first = members_take(group);
    for (object = first; object; object = object->next)
        object->cancel = member_close(object, cancel) ? object->cancel : NULL;
    for (object = first; object; object = next) {
        next = object->next;
        tp_wait_quiet(object, 1);
        if (object->cancel && !__atomic_load_n(&object->closed_inside, __ATOMIC_ACQUIRE))
            object->cancel(object->context, cleanup);
        tp_leave(object, TP_HOLD);
    }
}

/* Closes a group, which should have no members; if it has, it is freed when the last of them is. Raises
 * STATUS_INVALID_PARAMETER for what is no group. Documented at learn.microsoft.com, threadpoolapiset.h. */
void WINAPI CloseThreadpoolCleanupGroup(TP_CLEANUP_GROUP *address)
{
    struct tp_group *group = (struct tp_group *)address;

    if (wq_object_is(TP_GROUP_KIND, group)) {
        wq_object_turn(0, group);
        group_release(group);
    } else if (tp_foreign(address)) {
        TpReleaseCleanupGroup(address);
    }
}
