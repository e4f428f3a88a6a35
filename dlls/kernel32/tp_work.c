/*
 * tp_work.c: work objects and simple callbacks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

static void work_call(struct tp_object *object, struct tp_instance *instance)
{
    ((PTP_WORK_CALLBACK)object->callback)((TP_CALLBACK_INSTANCE *)instance, object->context,
                                          (TP_WORK *)object);
}

static const struct tp_kind work_kind = {.number = TP_WORK_KIND, .call = work_call, .drop = tp_drop};

/* Makes a work object: each SubmitThreadpoolWork of it lets callback(instance, context, work) be called once.
 *
 * environment: where and how, see winnt.h; it is read now and may be freed afterwards. NULL: on the default pool, with
 * normal priority, in no group. Returns the object, to be given to CloseThreadpoolWork, with the last error left alone; or NULL with
 * ERROR_INVALID_PARAMETER (no callback; an environment of a version other than 1 and 3, with a priority that does not
 * exist, or with a pool and a group of which only one is ours) or ERROR_NOT_ENOUGH_MEMORY. If pool or group are of ntdll's own
 * making, the builtin makes the object. Any thread, callbacks and DllMain included. Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
TP_WORK *WINAPI CreateThreadpoolWork(PTP_WORK_CALLBACK callback, void *context,
                                     TP_CALLBACK_ENVIRON *environment)
{
    struct tp_environ env;
    struct tp_object *object;

    switch (callback ? tp_environ_read(environment, &env) : TP_ENVIRON_BAD) {
    case TP_ENVIRON_OK:
        break;
    case TP_ENVIRON_FOREIGN:
        return tp_builtin_work(callback, context, environment);
    default:
        k32_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    object = tp_object_make(&work_kind, sizeof(*object), 0, (void *)callback, context, &env);
    if (!object)
        return NULL;
    tp_object_made(object);
    return (TP_WORK *)object;
}

/* Lets the callback of a work object be called once more, on a worker of its pool. Calls of one object run beside each
 * other as far as the pool allows, and take turns with those of other objects of the same priority. Never fails, takes
 * no memory, and leaves the last error alone; up to 4294967295 may be outstanding. Raises STATUS_INVALID_PARAMETER
 * for what is no work object, also one that is closed, unless its own callback calls: then nothing happens. Any thread,
 * callbacks and DllMain included. Documented at learn.microsoft.com, threadpoolapiset.h. */
void WINAPI SubmitThreadpoolWork(TP_WORK *work)
{
    if (wq_object_is(TP_WORK_KIND, work))
        tp_submit((struct tp_object *)work);
    else if (tp_foreign(work))
        TpPostWork(work);
}

/* Waits until no callback of the object is pending or runs, those that come meanwhile included, but not those that
 * disassociated themselves. cancel: those that have not begun are dropped first. Must not be called from the object's own
 * callback. The object can be used again. Raises as SubmitThreadpoolWork does. Returns at once while the process exits.
 * Documented at learn.microsoft.com, threadpoolapiset.h. */
void WINAPI WaitForThreadpoolWorkCallbacks(TP_WORK *work, BOOL cancel)
{
    if (wq_object_is(TP_WORK_KIND, work))
        tp_wait((struct tp_object *)work, cancel);
    else if (tp_foreign(work))
        TpWaitForWork(work, cancel);
}

/* Closes a work object: nothing may be submitted any more. What is pending still runs; then the object is freed. Its own
 * callback may call this. Raises as SubmitThreadpoolWork does. Any thread. Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
void WINAPI CloseThreadpoolWork(TP_WORK *work)
{
    if (wq_object_is(TP_WORK_KIND, work))
        tp_close((struct tp_object *)work);
    else if (tp_foreign_close(work))
        TpReleaseWork(work);
}

static void simple_call(struct tp_object *object, struct tp_instance *instance)
{
    ((PTP_SIMPLE_CALLBACK)object->callback)((TP_CALLBACK_INSTANCE *)instance, object->context);
}

static const struct tp_kind simple_kind = {.number = TP_SIMPLE_KIND, .call = simple_call, .drop = tp_drop};

/* Lets callback(instance, context) be called once, in the order of the calls among those of one priority. environment and
 * errors: as CreateThreadpoolWork, but with TRUE and FALSE. In a cleanup group the callback is a member until it has
 * returned. Any thread, callbacks and DllMain included. Documented at learn.microsoft.com, threadpoolapiset.h. */
BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback, void *context,
                                        TP_CALLBACK_ENVIRON *environment)
{
    struct tp_environ env;
    struct tp_object *object;

    switch (callback ? tp_environ_read(environment, &env) : TP_ENVIRON_BAD) {
    case TP_ENVIRON_OK:
        break;
    case TP_ENVIRON_FOREIGN:
        return tp_builtin_ok(TpSimpleTryPost(callback, context, environment));
    default:
        return k32_fail(ERROR_INVALID_PARAMETER);
    }
    object =
        tp_object_make(&simple_kind, sizeof(*object), TP_CLOSED | TP_PEND, (void *)callback, context, &env);
    if (!object)
        return FALSE;
    tp_object_made(object);
    tp_enqueue(object);
    return TRUE;
}
