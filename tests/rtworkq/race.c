/*
 * race.c: starts and shutdowns, each against whatever else may happen at the same time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "race.h"

#include <stdlib.h>

#include "wqcore.h"

#define THREADS 3

HANDLE race_go; /* manual reset */

BOOL race_begin(void)
{
    if (!ours()) {
        skip("the builtin lacks half of this and survives none of it\n");
        return FALSE;
    }
    race_go = CreateEventA(NULL, TRUE, FALSE, NULL);
    return TRUE;
}

void race_end(void)
{
    CloseHandle(race_go);
}

void race_threads(DWORD(WINAPI *fn)(void *), void *param)
{
    HANDLE threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, fn, param, 0, NULL);
    SetEvent(race_go);
    for (int i = 0; i < THREADS; i++) {
        wait_event(threads[i]);
        CloseHandle(threads[i]);
    }
    ResetEvent(race_go);
}

static struct wq_counters counters(void)
{
    void (*read)(struct wq_counters *) =
        (void *)GetProcAddress(GetModuleHandleA("wqcore.dll"), "wq_counters_read");
    struct wq_counters now;

    read(&now);
    return now;
}

void race_check_nothing_left(void)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    struct wq_counters now;

    do {
        SwitchToThread();
        now = counters();
    } while ((now.waits || now.timers) && GetTickCount64() < end);
    ok(!now.waits && !now.timers, "%u waits, %u timers\n", now.waits, now.timers);
}

/* ---- starts and shutdowns ---- */

/* Between its own start and its own shutdown a thread has a platform, whoever else comes and goes. */
static DWORD WINAPI start_and_stop(void *param)
{
    HRESULT(WINAPI * apartment)(int *, int *) = param;
    struct callback callback;
    IRtwqAsyncResult *result;
    int type, qualifier;
    HRESULT hr;
    DWORD queue;

    callback_init(&callback);
    wait_event(race_go);
    for (int i = 0; i < 60; i++) {
        start();
        hr = apartment(&type, &qualifier);
        ok(hr == S_OK && type == 1 && qualifier == 1, "apartment: %#lx, %d, %d\n", hr, type, qualifier);
        hr = RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
        ok(hr == S_OK, "got %#lx\n", hr);
        result = result_new(&callback);
        hr = RtwqPutWorkItem(queue, 0, result);
        ok(hr == S_OK, "got %#lx\n", hr);
        callback_wait(&callback, 1);
        hr = RtwqUnlockWorkQueue(queue);
        ok(hr == S_OK, "got %#lx\n", hr);
        IRtwqAsyncResult_Release(result);
        stop();
    }
    callback_end(&callback);
    return 0;
}

static void test_starts(void)
{
    void *apartment = (void *)GetProcAddress(LoadLibraryA("combase.dll"), "CoGetApartmentType");
    int type, qualifier;

    race_threads(start_and_stop, apartment);
    ok(((HRESULT(WINAPI *)(int *, int *))apartment)(&type, &qualifier) == CO_E_NOTINITIALIZED,
       "the apartment is still there\n");
    race_check_nothing_left();
}

/* ---- all calls against the last shutdown ---- */

/* A result of theirs. It references the object for as long as it lives. */
struct made {
    struct object object;
    struct made *next;
    IRtwqAsyncResult *result;
    LONG pending; /* items of it that the shutdown may find */
};

struct caller {
    struct callback *callback;
    LONG over;
    struct made *made; /* atomic: all of them, the last one first */
};

static BOOL fine(HRESULT hr)
{
    return hr == S_OK || hr == RTWQ_E_SHUTDOWN || hr == RTWQ_E_INVALID_WORKQUEUE || hr == RTWQ_E_NOT_FOUND ||
           hr == E_INVALIDARG;
}

#define check_fine(call)                                                                                     \
    do {                                                                                                     \
        HRESULT check_hr = (call);                                                                           \
        ok(fine(check_hr), "%s: %#lx\n", #call, check_hr);                                                   \
    } while (0)

static void WINAPI tick(IUnknown *context)
{
    (void)context;
}

static void call_queues(struct caller *caller, IRtwqAsyncResult *result)
{
    DWORD queue = 0, serial = 0, task = 0;
    HANDLE request = NULL;

    check_fine(RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue));
    check_fine(RtwqAllocateSerialWorkQueue(queue, &serial));
    check_fine(RtwqSetDeadline(serial, 1000000, &request));
    check_fine(RtwqPutWorkItem(serial, 0, result));
    check_fine(RtwqUnlockWorkQueue(queue));
    check_fine(RtwqBeginRegisterWorkQueueWithMMCSS(serial, L"Audio", 0, 0, &caller->callback->iface, NULL));
    check_fine(RtwqBeginUnregisterWorkQueueWithMMCSS(serial, &caller->callback->iface, NULL));
    check_fine(RtwqUnlockWorkQueue(serial));
    check_fine(RtwqLockSharedWorkQueue(L"Games", 0, &task, &queue));
    check_fine(RtwqUnlockWorkQueue(queue));
    check_fine(RtwqCancelDeadline(request));
}

/* What is left to the shutdown, half of it. */
static void call_pending(struct made *made, HANDLE event, int i)
{
    IRtwqAsyncResult *result = made->result;
    RTWQWORKITEM_KEY keys[3] = {0};
    HANDLE both[] = {event, NULL};
    HRESULT hr[3];
    DWORD key = 0;

    hr[0] = RtwqPutWaitingWorkItem(event, 0, result, &keys[0]);
    hr[1] = RtwqPutMultipleWaitingWorkItem(2, both, 0, result, &keys[1]);
    hr[2] = RtwqScheduleWorkItem(result, -600000, &keys[2]);
    check_fine(RtwqAddPeriodicCallback(tick, NULL, &key));
    for (int k = 0; k < 3; k++) {
        check_fine(hr[k]);
        made->pending += hr[k] == S_OK;
        if (!((i + k) & 1))
            continue;
        hr[k] = RtwqCancelWorkItem(keys[k]);
        check_fine(hr[k]);
        made->pending -= hr[k] == S_OK;
    }
    if (i & 1)
        check_fine(RtwqRemovePeriodicCallback(key));
}

static struct made *made_new(struct caller *caller)
{
    struct made *made = calloc(1, sizeof(*made)), *next;
    HRESULT hr;

    object_init(&made->object);
    hr = RtwqCreateAsyncResult(NULL, &caller->callback->iface, &made->object.iface, &made->result);
    ok(hr == S_OK, "no result: %#lx\n", hr);
    do {
        next = made->next = caller->made;
    } while (InterlockedCompareExchangePointer((void **)&caller->made, made, next) != next);
    return made;
}

static DWORD WINAPI call_everything(void *param)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    struct caller *caller = param;

    wait_event(race_go);
    for (int i = 0; !caller->over; i++) {
        struct made *made = made_new(caller);

        check_fine(RtwqInvokeCallback(made->result));
        call_queues(caller, made->result);
        call_pending(made, event, i);
        IRtwqAsyncResult_Release(made->result);
    }
    CloseHandle(event);
    return 0;
}

static void wait_calls(struct callback *callback, LONG count)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    LONG before = callback->invoked;

    while (InterlockedCompareExchange(&callback->invoked, 0, 0) < before + count && GetTickCount64() < end)
        SwitchToThread();
    ok(callback->invoked >= before + count, "only %ld callbacks came\n", callback->invoked - before);
}

static DWORD WINAPI shut_down(void *param)
{
    struct caller *caller = param;

    wait_event(race_go);
    for (int i = 0; i < 8; i++) {
        start();
        wait_calls(caller->callback, 20);
        stop();
    }
    InterlockedExchange(&caller->over, 1);
    return 0;
}

/* The shutdowns keep a reference for each item that was pending, and for nothing else. */
static void check_made(struct made *made)
{
    bool (*core_shutdown)(void) = (void *)GetProcAddress(GetModuleHandleA("wqcore.dll"), "wq_shutdown");
    unsigned kept = 0;

    ok(core_shutdown(), "the core did not end\n"); /* all that was queued has run */
    while (made) {
        struct made *next = made->next;

        if (made->object.refs > 1) {
            LONG left = 1;

            kept++;
            while (IRtwqAsyncResult_Release(made->result))
                left++;
            ok(left <= made->pending, "%ld references were kept, %ld items were pending\n", left,
               made->pending);
        }
        ok(made->object.refs == 1, "%ld references\n", made->object.refs);
        free(made);
        made = next;
    }
    ok(kept > 0, "no shutdown found a pending item\n");
}

static void test_shutdown(void)
{
    struct callback callback;
    struct caller caller = {.callback = &callback};
    HANDLE thread;

    callback_init(&callback);
    thread = CreateThread(NULL, 0, shut_down, &caller, 0, NULL);
    race_threads(call_everything, &caller);
    wait_event(thread);
    CloseHandle(thread);
    check_made(caller.made);
    callback_end(&callback); /* nothing that missed the shutdown holds a result */
    race_check_nothing_left();
}

START_TEST(race)
{
    if (!race_begin())
        return;
    test_starts();
    test_shutdown();
    race_end();
}
