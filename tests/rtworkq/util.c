/*
 * util.c: see util.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

BOOL ours(void)
{
    return GetModuleHandleA("wqcore.dll") != NULL;
}

static struct callback *from_iface(IRtwqAsyncCallback *iface)
{
    return CONTAINING_RECORD(iface, struct callback, iface);
}

static HRESULT WINAPI callback_query(IRtwqAsyncCallback *iface, REFIID riid, void **object)
{
    (void)riid;
    *object = iface;
    iface->lpVtbl->AddRef(iface);
    return S_OK;
}

static ULONG WINAPI callback_add_ref(IRtwqAsyncCallback *iface)
{
    return (ULONG)InterlockedIncrement(&from_iface(iface)->refs);
}

static ULONG WINAPI callback_release(IRtwqAsyncCallback *iface)
{
    return (ULONG)InterlockedDecrement(&from_iface(iface)->refs);
}

static HRESULT WINAPI callback_get_parameters(IRtwqAsyncCallback *iface, DWORD *flags, DWORD *queue)
{
    struct callback *callback = from_iface(iface);

    InterlockedIncrement(&callback->asked);
    if (SUCCEEDED(callback->params)) {
        *flags = callback->flags;
        *queue = callback->queue;
    }
    return callback->params;
}

static HRESULT WINAPI callback_invoke(IRtwqAsyncCallback *iface, IRtwqAsyncResult *result)
{
    struct callback *callback = from_iface(iface);

    callback->result = result;
    callback->status = result->lpVtbl->GetStatus(result);
    callback->thread = GetCurrentThreadId();
    if (callback->fn)
        callback->fn(callback, result);
    InterlockedIncrement(&callback->invoked);
    ReleaseSemaphore(callback->came, 1, NULL);
    return E_FAIL; /* nobody is interested */
}

static IRtwqAsyncCallbackVtbl callback_vtbl = {
    callback_query, callback_add_ref, callback_release, callback_get_parameters, callback_invoke,
};

void callback_init(struct callback *callback)
{
    memset(callback, 0, sizeof(*callback));
    callback->iface.lpVtbl = &callback_vtbl;
    callback->refs = 1;
    callback->params = E_NOTIMPL;
    callback->came = CreateSemaphoreA(NULL, 0, 0x7fffffff, NULL);
}

void callback_init_queue(struct callback *callback, DWORD flags, DWORD queue)
{
    callback_init(callback);
    callback->params = S_OK;
    callback->flags = flags;
    callback->queue = queue;
}

void callback_end_(struct callback *callback, const char *file, int line)
{
    if (ours() || !winetest_platform_is_wine) {
        wait_value_(&callback->refs, 1, file, line);
    } else { /* the builtin may keep its work object, and with it the result, as long as the queue */
        ULONGLONG end = GetTickCount64() + 300;

        while (InterlockedCompareExchange(&callback->refs, 0, 0) != 1 && GetTickCount64() < end)
            SwitchToThread();
        todo_wine_if(callback->refs != 1)
            ok_(file, line)(callback->refs == 1, "%ld references\n", callback->refs);
    }
    CloseHandle(callback->came);
}

BOOL callback_wait_(struct callback *callback, LONG count, const char *file, int line)
{
    for (LONG i = 0; i < count; i++) {
        DWORD ret = WaitForSingleObject(callback->came, DEADLINE_MS);

        ok_(file, line)(ret == WAIT_OBJECT_0, "callback %ld of %ld did not come; %ld came in all\n", i + 1,
                        count, callback->invoked);
        if (ret)
            return FALSE;
    }
    return TRUE;
}

IRtwqAsyncResult *result_new(struct callback *callback)
{
    IRtwqAsyncResult *result = NULL;
    HRESULT hr = RtwqCreateAsyncResult(NULL, &callback->iface, NULL, &result);

    ok(hr == S_OK, "no result: %#lx\n", hr);
    return result;
}

BOOL wait_value_(LONG *value, LONG expected, const char *file, int line)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    LONG seen;

    while ((seen = InterlockedCompareExchange(value, 0, 0)) != expected && GetTickCount64() < end)
        SwitchToThread();
    ok_(file, line)(seen == expected, "is %ld, expected %ld\n", seen, expected);
    return seen == expected;
}

BOOL wait_event_(HANDLE event, const char *file, int line)
{
    DWORD ret = WaitForSingleObject(event, DEADLINE_MS);

    ok_(file, line)(ret == WAIT_OBJECT_0, "not signalled: %lu\n", ret);
    return !ret;
}

void queue_flush(DWORD queue)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    HRESULT hr;

    callback_init(&callback);
    result = result_new(&callback);
    hr = RtwqPutWorkItem(queue, -1, result);
    ok(hr == S_OK, "got %#lx\n", hr);
    if (hr == S_OK)
        callback_wait(&callback, 1);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static struct object *object_from(IUnknown *iface)
{
    return CONTAINING_RECORD(iface, struct object, iface);
}

static HRESULT WINAPI object_query(IUnknown *iface, REFIID riid, void **out)
{
    (void)iface;
    (void)riid;
    *out = NULL;
    return E_NOINTERFACE;
}

static ULONG WINAPI object_add_ref(IUnknown *iface)
{
    return (ULONG)InterlockedIncrement(&object_from(iface)->refs);
}

static ULONG WINAPI object_release(IUnknown *iface)
{
    return (ULONG)InterlockedDecrement(&object_from(iface)->refs);
}

static IUnknownVtbl object_vtbl = {object_query, object_add_ref, object_release};

void object_init(struct object *object)
{
    object->iface.lpVtbl = &object_vtbl;
    object->refs = 1;
}

void start(void)
{
    HRESULT hr = RtwqStartup();

    ok(hr == S_OK, "no start: %#lx\n", hr);
}

void stop(void)
{
    HRESULT hr = RtwqShutdown();

    ok(hr == S_OK, "no shutdown: %#lx\n", hr);
}
