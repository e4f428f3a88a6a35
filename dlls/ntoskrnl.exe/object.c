/*
 * object.c: the references that work items hold of their device or driver object.
 *
 * One reference of the builtin's stands for all items of an object that are queued or running: the first takes it, the
 * last gives it back. One for each item would have those who queue and those who run take turns with the builtin's
 * counter, which costs more than all else. They count on lines of their own here; whoever returns looks at the other
 * line only when it may have been the last, which it knows from an older look.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define OBJECTS 256 /* that have items; items of more take a reference each */
#define HELD    1u  /* in queued: there is a reference */
#define ITEM    2u
#define LINE    64 /* bytes */

struct nt_object {
    void *
        object; /* written under L with an atomic store; constant while it has items or one is queued or runs */
    ULONG items; /* L: that exist */
    char apart[LINE];
    ULONG queued; /* A: ITEM for each that was queued so far, wraps around; and HELD */
    char apart_too[LINE];
    ULONG returned; /* A: ITEM for each of these that has returned */
    ULONG known;    /* A: what queued was lately, without HELD */
};

typedef void(NT_FASTCALL *reference_function)(void *object);

static struct nt_object objects[OBJECTS];

static void reference(void *object)
{
    reference_function base = (reference_function)nt_base(NT_BASE_REFERENCE);

    if (base)
        base(object);
}

/* May delete the device, and the driver with it. */
static void dereference(void *object)
{
    reference_function base = (reference_function)nt_base(NT_BASE_DEREFERENCE);

    if (base)
        base(object);
}

/* True if no item holds the entry: it may become another object's. Under L. */
static bool is_idle(struct nt_object *entry)
{
    return !entry->items && __atomic_load_n(&entry->queued, __ATOMIC_SEQ_CST) ==
                                __atomic_load_n(&entry->returned, __ATOMIC_SEQ_CST);
}

struct nt_object *nt_object_find(void *object)
{
    struct nt_object *found = NULL;

    nt_lock_take();
    for (unsigned i = 0; i < OBJECTS; i++) {
        if (objects[i].object == object) {
            found = &objects[i];
            break;
        }
        if (!found && is_idle(&objects[i]))
            found = &objects[i];
    }
    if (found) {
        found->items++;
        __atomic_store_n(&found->object, object, __ATOMIC_RELAXED);
    }
    nt_lock_drop();
    return found;
}

void nt_object_forget(struct nt_object *entry)
{
    nt_lock_take();
    entry->items--;
    nt_lock_drop();
}

/* Until this item has returned nobody gives the reference back, whoever took it. */
void nt_object_hold(struct nt_object *entry, void *object)
{
    if (!entry) {
        reference(object);
        return;
    }
    if (__atomic_fetch_add(&entry->queued, ITEM, __ATOMIC_SEQ_CST) & HELD)
        return;
    reference(object);
    if (__atomic_fetch_or(&entry->queued, HELD, __ATOMIC_SEQ_CST) & HELD)
        dereference(object); /* somebody else was as fast */
}

/* Of those who return at a time, one sees all others, and `known`: none is the last without knowing it. */
void nt_object_drop(struct nt_object *entry, void *object)
{
    ULONG returned, queued;

    if (!entry) {
        dereference(object);
        return;
    }
    returned = __atomic_add_fetch(&entry->returned, ITEM, __ATOMIC_SEQ_CST);
    while ((LONG)(returned - __atomic_load_n(&entry->known, __ATOMIC_SEQ_CST)) >= 0) {
        queued = __atomic_load_n(&entry->queued, __ATOMIC_SEQ_CST);
        __atomic_store_n(&entry->known, queued & ~HELD, __ATOMIC_SEQ_CST);
        /* The entry may be another object's by now, unless the exchange below succeeds. */
        object = __atomic_load_n(&entry->object, __ATOMIC_SEQ_CST);
        returned = __atomic_load_n(&entry->returned, __ATOMIC_SEQ_CST);
        if (queued == returned)
            return; /* somebody else was the last */
        if (queued == (returned | HELD) && __atomic_compare_exchange_n(&entry->queued, &queued, returned, 0,
                                                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            dereference(object);
            return;
        }
    }
}
