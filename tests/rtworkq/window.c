/*
 * window.c: queues with a message loop: the thread priority of their class, and their apartment.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define APARTMENT_MTA 1 /* APTTYPE */

static HRESULT(WINAPI *apartment_get)(int *type, int *qualifier);
static HRESULT(WINAPI *co_initialize)(void *reserved, DWORD model);
static void(WINAPI *co_uninitialize)(void);

struct seen {
    int priority, type, qualifier;
    HRESULT hr;
};

static void look(struct callback *callback, IRtwqAsyncResult *result)
{
    struct seen *seen = callback->param;

    (void)result;
    seen->priority = GetThreadPriority(GetCurrentThread());
    seen->hr = apartment_get(&seen->type, &seen->qualifier);
}

/* What a callback finds on the queue; `fn` is look or calls it. */
static struct seen seen_on(DWORD queue, void (*fn)(struct callback *callback, IRtwqAsyncResult *result))
{
    struct seen seen = {-99, -1, -1, E_FAIL};
    struct callback callback;
    IRtwqAsyncResult *result;

    callback_init(&callback);
    callback.fn = fn;
    callback.param = &seen;
    result = result_new(&callback);
    ok(RtwqPutWorkItem(queue, 0, result) == S_OK, "not put\n");
    callback_wait(&callback, 1);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    return seen;
}

/* Puts the queue into a class or, without a name, into none. */
static HRESULT set_class(DWORD queue, const WCHAR *name, LONG priority)
{
    struct callback done;
    HRESULT hr;

    callback_init(&done);
    hr = name ? RtwqBeginRegisterWorkQueueWithMMCSS(queue, name, 0, priority, &done.iface, NULL)
              : RtwqBeginUnregisterWorkQueueWithMMCSS(queue, &done.iface, NULL);
    if (hr == S_OK)
        callback_wait(&done, 1);
    callback_end(&done);
    return hr;
}

static void test_priority(void)
{
    static const struct {
        const WCHAR *name;
        LONG priority;
        int expected;
    } rows[] = {
        {L"Pro Audio", 0, THREAD_PRIORITY_TIME_CRITICAL},
        {NULL, 0, THREAD_PRIORITY_NORMAL},
        {L"Audio", 0, THREAD_PRIORITY_HIGHEST},
        {L"Audio", -1, THREAD_PRIORITY_ABOVE_NORMAL},
        {NULL, 0, THREAD_PRIORITY_NORMAL},
    };
    struct seen seen;
    DWORD queue;

    RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queue);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        HRESULT hr = set_class(queue, rows[i].name, rows[i].priority);

        todo_builtin ok(hr == S_OK, "%u: got %#lx\n", i, hr);
        seen = seen_on(queue, look);
        /* On Windows the scheduler's priority is not the thread's own. */
        if (ours())
            ok(seen.priority == rows[i].expected, "%u: priority %d\n", i, seen.priority);
    }
    RtwqUnlockWorkQueue(queue);
}

/* The thread is in no single-threaded apartment, which could be the first one and so the main one. */
static void test_apartment(void)
{
    struct seen seen;
    DWORD queue;

    RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queue);
    seen = seen_on(queue, look);
    ok(seen.hr == S_OK && seen.type == APARTMENT_MTA, "got %#lx, apartment %d, %d\n", seen.hr, seen.type,
       seen.qualifier);
    RtwqUnlockWorkQueue(queue);
}

static void enter_and_look(struct callback *callback, IRtwqAsyncResult *result)
{
    HRESULT hr = co_initialize(NULL, COINIT_APARTMENTTHREADED);

    ok(hr == S_OK, "got %#lx\n", hr);
    look(callback, result);
}

static void look_and_leave(struct callback *callback, IRtwqAsyncResult *result)
{
    look(callback, result);
    co_uninitialize();
}

/* A callback that wants one enters it. The queue's thread keeps it. */
static void test_own_apartment(void)
{
    struct seen seen;
    DWORD queue;

    if (!ours() && winetest_platform_is_wine) {
        skip("the builtin has a thread of the default pool here\n");
        return;
    }
    RtwqAllocateWorkQueue(RTWQ_WINDOW_WORKQUEUE, &queue);
    seen = seen_on(queue, enter_and_look);
    ok(seen.hr == S_OK && seen.type != APARTMENT_MTA, "got %#lx, apartment %d\n", seen.hr, seen.type);
    seen = seen_on(queue, look_and_leave);
    ok(seen.hr == S_OK && seen.type != APARTMENT_MTA, "got %#lx, apartment %d\n", seen.hr, seen.type);
    seen = seen_on(queue, look);
    ok(seen.hr == S_OK && seen.type == APARTMENT_MTA, "got %#lx, apartment %d\n", seen.hr, seen.type);
    RtwqUnlockWorkQueue(queue);
}

START_TEST(window)
{
    HMODULE com = LoadLibraryA("combase.dll");

    apartment_get = (void *)GetProcAddress(com, "CoGetApartmentType");
    co_initialize = (void *)GetProcAddress(com, "CoInitializeEx");
    co_uninitialize = (void *)GetProcAddress(com, "CoUninitialize");
    start();
    test_priority();
    test_apartment();
    test_own_apartment();
    stop();
}
