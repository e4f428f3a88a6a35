/*
 * result.c: async results.
 *
 * A result carries the item that it is queued with, so queueing it allocates nothing. Released ones are kept
 * and used again, last one first, as on Windows, where programs can see it: every result made while the
 * platform is started holds a lock of it, and a cached one goes on holding it until the platform shuts down.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

static struct rtwq_result *cache; /* R */

static const IRtwqAsyncResultVtbl vtbl;

struct rtwq_result *rtwq_result_from(IRtwqAsyncResult *result)
{
    return result->lpVtbl == &vtbl ? CONTAINING_RECORD(result, struct rtwq_result, public.AsyncResult) : NULL;
}

static bool same_guid(const GUID *a, const GUID *b)
{
    return RtlCompareMemory(a, b, sizeof(*a)) == sizeof(*a);
}

static HRESULT STDMETHODCALLTYPE result_query(IRtwqAsyncResult *iface, REFIID riid, void **object)
{
    static const GUID iid_unknown = {0, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
    static const GUID iid_result = {
        0xac6b7889, 0x0740, 0x4d51, {0x86, 0x19, 0x90, 0x59, 0x94, 0xa5, 0x5c, 0xc6}};

    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!same_guid(riid, &iid_unknown) && !same_guid(riid, &iid_result))
        return E_NOINTERFACE;
    iface->lpVtbl->AddRef(iface);
    *object = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE result_add_ref(IRtwqAsyncResult *iface)
{
    return (ULONG)InterlockedIncrement(&rtwq_result_from(iface)->refs);
}

/* Lets go of what the user gave. */
static void result_clear(struct rtwq_result *result)
{
    IRtwqAsyncCallback *callback = result->public.pCallback;

    rtwq_receipt_reply(&result->public.AsyncResult);
    if (result->public.hEvent)
        NtClose(result->public.hEvent);
    if (callback)
        callback->lpVtbl->Release(callback);
    if (result->object)
        result->object->lpVtbl->Release(result->object);
    if (result->state)
        result->state->lpVtbl->Release(result->state);
}

static bool cache_put(struct rtwq_result *result)
{
    bool keep;

    wq_lock_take(&rtwq_lock);
    keep = result->counted && rtwq_started();
    if (keep) {
        result->next = cache;
        cache = result;
    }
    wq_lock_drop(&rtwq_lock);
    return keep;
}

static struct rtwq_result *cache_get(void)
{
    struct rtwq_result *result = NULL;

    wq_lock_take(&rtwq_lock);
    if (cache && rtwq_started()) {
        result = cache;
        cache = result->next;
    }
    wq_lock_drop(&rtwq_lock);
    return result;
}

static ULONG STDMETHODCALLTYPE result_release(IRtwqAsyncResult *iface)
{
    struct rtwq_result *result = rtwq_result_from(iface);
    LONG refs = InterlockedDecrement(&result->refs);

    if (refs)
        return (ULONG)refs;
    result_clear(result);
    if (!cache_put(result)) {
        if (result->counted)
            rtwq_platform_drop();
        wq_free(result);
    }
    return 0;
}

static HRESULT get(IUnknown *object, IUnknown **out)
{
    if (!object || !out)
        return E_POINTER;
    object->lpVtbl->AddRef(object);
    *out = object;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE result_get_state(IRtwqAsyncResult *iface, IUnknown **state)
{
    return get(rtwq_result_from(iface)->state, state);
}

static HRESULT STDMETHODCALLTYPE result_get_status(IRtwqAsyncResult *iface)
{
    return rtwq_result_from(iface)->public.hrStatusResult;
}

static HRESULT STDMETHODCALLTYPE result_set_status(IRtwqAsyncResult *iface, HRESULT status)
{
    rtwq_result_from(iface)->public.hrStatusResult = status;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE result_get_object(IRtwqAsyncResult *iface, IUnknown **object)
{
    return get(rtwq_result_from(iface)->object, object);
}

static IUnknown *STDMETHODCALLTYPE result_get_state_no_add_ref(IRtwqAsyncResult *iface)
{
    return rtwq_result_from(iface)->state;
}

static const IRtwqAsyncResultVtbl vtbl = {
    result_query,      result_add_ref,    result_release,    result_get_state,
    result_get_status, result_set_status, result_get_object, result_get_state_no_add_ref,
};

struct rtwq_result *rtwq_result_create(IUnknown *object, IRtwqAsyncCallback *callback, IUnknown *state)
{
    struct rtwq_result *result = cache_get();
    bool counted = result != NULL;

    if (!result && !(result = wq_alloc(sizeof(*result))))
        return NULL;
    if (!counted && rtwq_started()) {
        counted = true;
        rtwq_platform_hold();
    }
    *result = (struct rtwq_result){.refs = 1, .counted = counted, .object = object, .state = state};
    result->public.AsyncResult.lpVtbl = (IRtwqAsyncResultVtbl *)&vtbl;
    result->public.pCallback = callback;
    if (object)
        object->lpVtbl->AddRef(object);
    if (callback)
        callback->lpVtbl->AddRef(callback);
    if (state)
        state->lpVtbl->AddRef(state);
    return result;
}

void rtwq_results_end(void)
{
    struct rtwq_result *result;

    wq_lock_take(&rtwq_lock);
    result = cache;
    cache = NULL;
    wq_lock_drop(&rtwq_lock);
    while (result) {
        struct rtwq_result *next = result->next;

        wq_free(result);
        rtwq_platform_drop();
        result = next;
    }
}

void rtwq_result_abandon(IRtwqAsyncResult *result)
{
    struct rtwq_result *own = rtwq_result_from(result);

    result->lpVtbl->AddRef(result);
    if (own && own->counted) {
        own->counted = false;
        rtwq_platform_drop();
    }
}

/* Makes a result with one reference, status S_OK, for a callback. object, callback and state may be NULL;
 * each is referenced until the result is released. Returns S_OK, E_POINTER (no result) or E_OUTOFMEMORY.
 * Works without RtwqStartup. Any thread. Documented at learn.microsoft.com, rtworkq.h. */
HRESULT WINAPI RtwqCreateAsyncResult(IUnknown *object, IRtwqAsyncCallback *callback, IUnknown *state,
                                     IRtwqAsyncResult **out)
{
    struct rtwq_result *result;

    if (!out)
        return E_POINTER;
    result = rtwq_result_create(object, callback, state);
    *out = result ? &result->public.AsyncResult : NULL;
    return result ? S_OK : E_OUTOFMEMORY;
}
