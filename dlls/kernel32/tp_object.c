/*
 * tp_object.c: making and closing the modern pool's objects, and telling them from others.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

#define LOWEST_ADDRESS 0x10000u /* below it there is never memory */

/* Takes what the environment names. The library's reference keeps it loaded until the object is gone. */
static void environ_hold(struct tp_object *object, const struct tp_environ *environment)
{
    if (environment->pool)
        InterlockedIncrement(&environment->pool->refs);
    if (environment->library && LdrAddRefDll(0, environment->library))
        object->library = NULL;
    if (!environment->has_activation && RtlGetActiveActivationContext(&object->activation))
        object->activation = NULL;
    else if (environment->activation)
        RtlAddRefActivationContext(environment->activation);
}

struct tp_object *tp_object_make(const struct tp_kind *kind, size_t size, uint64_t state, void *callback,
                                 void *context, const struct tp_environ *environment)
{
    struct wq_queue *queue = environment->pool ? environment->pool->queue : wq_default_queue();
    struct tp_object *object = queue ? wq_object_alloc(kind->number, size) : NULL;
    struct wq_object head;

    if (!object) {
        k32_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    head = object->head;
    *object = (struct tp_object){.head = head,
                                 .state = state + (state & TP_CLOSED ? 0 : TP_HOLD),
                                 .item = {.routine = tp_run, .param = object}};
    object->kind = kind;
    object->callback = callback;
    object->context = context;
    object->queue = queue;
    object->level = environment->level;
    object->place = environment->place;
    object->pool = environment->pool;
    object->group = environment->group;
    object->cancel = environment->cancel;
    object->finalization = environment->finalization;
    object->library = environment->library;
    object->activation = environment->activation;
    environ_hold(object, environment);
    return object;
}

void tp_object_unmake(struct tp_object *object)
{
    object->group = NULL; /* it is no member yet */
    tp_close_state(object);
}

void tp_object_made(struct tp_object *object)
{
    if (object->group)
        tp_group_link(object);
}

void tp_object_free(struct tp_object *object)
{
    struct tp_pool *pool = object->pool;
    HANDLE activation = object->activation;
    void *library = object->library;

    if (object->kind->destroy)
        object->kind->destroy(object);
    if (object->group)
        tp_group_unlink(object);
    wq_object_free(object);
    if (activation)
        RtlReleaseActivationContext(activation);
    if (pool)
        tp_pool_release(pool);
    if (library)
        LdrUnloadDll(library);
}

/* True if the calling thread runs a callback of the object that it passes, which then is closed but still there. */
static bool is_own(const void *address)
{
    struct tp_instance *instance = tp_instance_current();

    return instance && instance->object == address;
}

bool tp_foreign(const void *address)
{
    if ((ULONG_PTR)address >= LOWEST_ADDRESS && !wq_object_ours(address))
        return true;
    if (!is_own(address) && !RtlDllShutdownInProgress())
        RtlRaiseStatus((NTSTATUS)STATUS_INVALID_PARAMETER);
    return false;
}

bool tp_foreign_close(const void *address)
{
    if (tp_foreign(address))
        return true;
    if (is_own(address))
        __atomic_store_n(&((struct tp_object *)(ULONG_PTR)address)->closed_inside, true, __ATOMIC_RELEASE);
    return false;
}

void tp_close(struct tp_object *object)
{
    if (is_own(object))
        __atomic_store_n(&object->closed_inside, true, __ATOMIC_RELEASE);
    wq_object_turn(TP_CLOSED_KIND, object);
    if (object->kind->stop)
        object->kind->stop(object);
    tp_close_state(object);
}

void tp_wait(struct tp_object *object, BOOL cancel)
{
    bool held = tp_hold(object); /* a callback may close it meanwhile */

    if (cancel)
        object->kind->drop(object);
    tp_wait_quiet(object, UINT32_MAX);
    if (held)
        tp_leave(object, TP_HOLD);
}
