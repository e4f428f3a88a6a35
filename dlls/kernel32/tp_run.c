/*
 * tp_run.c: what happens around a callback.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

struct tp_instance *tp_instance_current(void)
{
    void **slot = wq_thread_slot();

    return slot ? *slot : NULL;
}

/* Does what the callback has asked for, but for unloading a library. When the event is set its waiter may free all that
 * the callback knew; the object is ours. What fails is ignored. */
static void returns_serve(const struct tp_instance *instance)
{
    if (instance->section)
        RtlLeaveCriticalSection(instance->section);
    if (instance->mutex)
        NtReleaseMutant(instance->mutex, NULL);
    if (instance->semaphore)
        NtReleaseSemaphore(instance->semaphore, instance->count, NULL);
    if (instance->event)
        NtSetEvent(instance->event, NULL);
}

static void call(struct tp_object *object, struct tp_instance *instance)
{
    ULONG_PTR cookie;
    bool active = object->activation && !RtlActivateActivationContext(0, object->activation, &cookie);

    if (object->place == TP_LONG && object->pool)
        wq_may_run_long();
    object->kind->call(object, instance);
    if (object->finalization)
        object->finalization((TP_CALLBACK_INSTANCE *)instance, object->context);
    if (active)
        RtlDeactivateActivationContext(0, cookie);
}

/* The callback counts as running until all that it asked for is done, but for the library: when that is unloaded, its
 * code may wait for the object. */
static void finish(struct tp_object *object, const struct tp_instance *instance)
{
    uint64_t counted = instance->left ? TP_HOLD : TP_RUN;

    if (!instance->library) {
        tp_leave(object, counted);
        return;
    }
    if (!instance->left)
        tp_exchange(object, TP_RUN, TP_HOLD);
    LdrUnloadDll(instance->library);
    tp_leave(object, TP_HOLD);
}

void WQ_CALL tp_run(void *param)
{
    struct tp_object *object = param;
    struct tp_instance instance;
    void **slot;

    instance = (struct tp_instance){.object = object};
    if (!(object->kind->begin ? object->kind->begin(object, &instance) : tp_begin(object)))
        return;
    slot = wq_thread_slot();
    *slot = &instance;
    call(object, &instance);
    *slot = NULL;
    returns_serve(&instance);
    finish(object, &instance);
}
