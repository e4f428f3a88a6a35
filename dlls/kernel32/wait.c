/*
 * wait.c: registered waits.
 *
 * The core waits, counts what was signalled and tells when the last callback has returned; here are the Win32
 * rules about arguments, results and completion events.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rundown.h"

#define WAIT_HANDLE_KIND 0x77616974u /* of wq_handle_create: "wait" */

#define PARAMETERS_STD_INPUT 2 /* index in RTL_USER_PROCESS_PARAMETERS.Reserved2; output and error follow */

struct registration {
    struct k32_rundown rundown;   /* the core holds it until the last callback has returned */
    struct wq_wait *wait;         /* C */
    WAITORTIMERCALLBACK callback; /* C */
    void *context;                /* C */
    HANDLE token;                 /* C: owned; NULL = the process token */
    bool once;                    /* C: WT_EXECUTEONLYONCE */
    HANDLE object; /* atomic: owned duplicate of the caller's handle; NULL = not waited for any more */
};

HANDLE WINAPI RegisterWaitForSingleObjectEx(HANDLE object, WAITORTIMERCALLBACK callback, void *context,
                                            ULONG milliseconds, ULONG flags);

/* The core does not wait for the object any more, so nothing of ours shall keep it. */
static void object_close(struct registration *registration)
{
    HANDLE object = __atomic_exchange_n(&registration->object, NULL, __ATOMIC_ACQ_REL);

    if (object)
        NtClose(object);
}

static void registration_release(struct k32_rundown *rundown)
{
    struct registration *registration = (struct registration *)rundown;

    object_close(registration);
    if (registration->token)
        NtClose(registration->token);
    wq_free(registration);
}

/* The core is done with the wait. */
static void WQ_CALL wait_closed(void *param)
{
    k32_rundown_drop(param);
}

/* The object was signalled or the time is up. */
static void WQ_CALL wait_fired(void *param, bool timed_out)
{
    struct registration *registration = param;
    NTSTATUS status = registration->token ? k32_token_set(registration->token) : STATUS_SUCCESS;

    if (registration->once)
        object_close(registration);
    if (status) /* never run it as somebody else */
        RtlRaiseStatus(status);
    registration->callback(registration->context, timed_out);
    if (registration->token)
        k32_token_set(NULL);
}

/* STD_INPUT_HANDLE and its relatives stand for the process's handles. */
static HANDLE object_of(HANDLE object)
{
    const ULONG_PTR input = (DWORD)STD_INPUT_HANDLE, error = (DWORD)STD_ERROR_HANDLE;
    RTL_USER_PROCESS_PARAMETERS *parameters = NtCurrentTeb()->ProcessEnvironmentBlock->ProcessParameters;
    DWORD number = (DWORD)(ULONG_PTR)object;

    if ((HANDLE)(LONG_PTR)(LONG)number != object && (HANDLE)(ULONG_PTR)number != object)
        return object;
    if (number > input || number < error)
        return object;
    return parameters->Reserved2[PARAMETERS_STD_INPUT + (input - number)];
}

static unsigned wait_flags(ULONG flags)
{
    unsigned result = 0;

    if (flags & WT_EXECUTEONLYONCE)
        result |= WQ_WAIT_ONCE;
    if (flags & WT_EXECUTEINWAITTHREAD)
        result |= WQ_WAIT_INLINE;
    if (flags & (WT_EXECUTEINPERSISTENTTHREAD | K32_FLAGS_PERSISTENT_IO))
        result |= WQ_WAIT_PERSISTENT;
    if (flags & WT_EXECUTEINIOTHREAD)
        result |= WQ_WAIT_IO;
    if (flags & WT_EXECUTELONGFUNCTION)
        result |= WQ_WAIT_LONG;
    return result;
}

static DWORD wait_error(enum wq_wait_result result)
{
    switch (result) {
    case WQ_WAIT_OK:
        return ERROR_SUCCESS;
    case WQ_WAIT_BAD_OBJECT:
        return ERROR_INVALID_HANDLE;
    case WQ_WAIT_DENIED:
        return ERROR_ACCESS_DENIED;
    default:
        return ERROR_NOT_ENOUGH_MEMORY;
    }
}

/* A duplicate is waited for: should the caller close the object too early, which is undefined on Windows, another
 * object may get its handle's value, whose signals must not count. */
static NTSTATUS object_open(struct registration *registration, HANDLE object)
{
    return NtDuplicateObject(K32_THIS_PROCESS, object_of(object), K32_THIS_PROCESS, &registration->object, 0,
                             0, DUPLICATE_SAME_ACCESS);
}

/* Opens the core's wait and makes the handle. Returns a Win32 error; without one the registration belongs to
 * the handle. */
static DWORD registration_open(struct registration *registration, HANDLE object, ULONG ms, ULONG flags,
                               HANDLE *out)
{
    enum wq_wait_result result;
    HANDLE handle;

    if (object_open(registration, object))
        return ERROR_INVALID_HANDLE;
    result = wq_wait_open(&registration->wait, registration->object, wait_fired, registration, ms,
                          wait_flags(flags));
    if (result != WQ_WAIT_OK)
        return wait_error(result);
    handle = wq_handle_create(WAIT_HANDLE_KIND, registration);
    if (!handle) {
        wq_wait_close(registration->wait, NULL, NULL);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    *out = handle; /* before the callback can run */
    wq_wait_start(registration->wait);
    return ERROR_SUCCESS;
}

/* Takes the token over. */
static DWORD registration_create(HANDLE *out, HANDLE object, WAITORTIMERCALLBACK callback, void *context,
                                 ULONG ms, ULONG flags, HANDLE token)
{
    struct registration *registration = wq_alloc(sizeof(*registration));
    DWORD error;

    if (!registration) {
        if (token)
            NtClose(token);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    registration->callback = callback;
    registration->context = context;
    registration->token = token;
    registration->once = (flags & WT_EXECUTEONLYONCE) != 0;
    registration->object = NULL;
    k32_rundown_init(&registration->rundown, registration_release);
    k32_rundown_hold(&registration->rundown); /* for the core */
    error = registration_open(registration, object, ms, flags, out);
    if (error)
        registration_release(&registration->rundown);
    return error;
}

/* Lets callback(context, timed out) be called each time the object is signalled, which consumes that signal,
 * or has not been for that many milliseconds (INFINITE: never; 0: looks once and calls at once), until the
 * wait is unregistered. The time-out counts from the registration and from each completion.
 *
 * flags, any of:
 *   WT_EXECUTEONLYONCE            once; the wait must still be unregistered
 *   WT_EXECUTEINWAITTHREAD        by a thread that does nothing but wait and call, one callback at a time
 *   WT_EXECUTEINIOTHREAD,
 *   WT_EXECUTEINPERSISTENTTHREAD,
 *   WT_EXECUTELONGFUNCTION        as for QueueUserWorkItem
 *   WT_TRANSFER_IMPERSONATION     with the token that the caller has now
 *   limit << 16                   raises the greatest number of threads
 *
 * Without WT_EXECUTEINWAITTHREAD callbacks run on workers and the wait goes on meanwhile: for an object that
 * stays signalled they come without end, though no more than 64 are ever queued. *out gets the wait's handle
 * before the callback can run; it is for UnregisterWait and UnregisterWaitEx only. The wait keeps the object until
 * it is unregistered or, with WT_EXECUTEONLYONCE, the callback is called; what becomes of the caller's handle does not
 * matter to it. A mutex, abandoned or not, comes to belong
 * to the wait thread.
 *
 * Returns TRUE and leaves the last error alone, or FALSE with ERROR_INVALID_PARAMETER (no callback, no out, a
 * flag that winnt.h does not know), ERROR_INVALID_HANDLE (the object cannot be waited for),
 * ERROR_ACCESS_DENIED (its handle lacks SYNCHRONIZE), ERROR_NOT_ENOUGH_MEMORY (or no thread is to be had),
 * or what opening the caller's token failed with. Callable from any thread, callbacks included. Documented at
 * learn.microsoft.com, winbase.h. */
BOOL WINAPI RegisterWaitForSingleObject(HANDLE *out, HANDLE object, WAITORTIMERCALLBACK callback,
                                        void *context, ULONG milliseconds, ULONG flags)
{
    HANDLE token;
    DWORD error;

    if (!out || !callback)
        return k32_fail(ERROR_INVALID_PARAMETER);
    error = k32_flags_take(flags, &token);
    if (!error)
        error = registration_create(out, object, callback, context, milliseconds, flags, token);
    return error ? k32_fail(error) : TRUE;
}

/* As RegisterWaitForSingleObject, but returns the wait's handle or NULL. */
HANDLE WINAPI RegisterWaitForSingleObjectEx(HANDLE object, WAITORTIMERCALLBACK callback, void *context,
                                            ULONG milliseconds, ULONG flags)
{
    HANDLE handle = NULL;

    return RegisterWaitForSingleObject(&handle, object, callback, context, milliseconds, flags) ? handle
                                                                                                : NULL;
}

/* In the wait's own callback on the wait thread, and nothing else is outstanding: counts as done. */
static BOOL unregister_self(struct registration *registration, HANDLE completion)
{
    DWORD error = RtlGetLastWin32Error();

    if (completion && completion != INVALID_HANDLE_VALUE)
        NtSetEvent(completion, NULL);
    k32_rundown_close(&registration->rundown, NULL);
    RtlSetLastWin32Error(error);
    return TRUE;
}

/* Ends a wait: no signal of its object is consumed any more and no callback queued; those that are queued
 * still run. completion: an event that is set when none is queued or running any more, which may be at once;
 * INVALID_HANDLE_VALUE to wait for that; NULL.
 *
 * Returns TRUE and leaves the last error alone if nothing is outstanding, after waiting, or from inside the
 * wait's own callback with WT_EXECUTEINWAITTHREAD; else FALSE with ERROR_IO_PENDING (the wait is unregistered
 * all the same) or ERROR_INVALID_HANDLE (NULL, no wait's handle, or unregistered before). With
 * INVALID_HANDLE_VALUE from inside the wait's own callback on a worker it never returns. Documented at
 * learn.microsoft.com, threadpoollegacyapiset.h. */
BOOL WINAPI UnregisterWaitEx(HANDLE wait, HANDLE completion)
{
    struct registration *registration = wq_handle_delete(WAIT_HANDLE_KIND, wait);

    if (!registration)
        return k32_fail(ERROR_INVALID_HANDLE);
    if (wq_wait_close(registration->wait, wait_closed, &registration->rundown) == WQ_WAIT_LEFT_SELF) {
        object_close(registration);
        return unregister_self(registration, completion);
    }
    object_close(registration);
    return k32_rundown_close(&registration->rundown, completion);
}

/* As UnregisterWaitEx without a completion event. */
BOOL WINAPI UnregisterWait(HANDLE wait)
{
    return UnregisterWaitEx(wait, NULL);
}
