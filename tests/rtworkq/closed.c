/*
 * closed.c: a waiting item is for an object, not for a handle: closing the handle changes nothing, and another object
 * that gets the handle's value means nothing to it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "events.h"

#define ROUNDS 20
#define TRIES  1000 /* to get a handle's value again */

static HANDLE copy_of(HANDLE event)
{
    HANDLE copy = NULL;
    BOOL ret = DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0, FALSE,
                               DUPLICATE_SAME_ACCESS);

    ok(ret, "no duplicate: %lu\n", GetLastError());
    return copy;
}

/* An event whose handle has that value; NULL if the system doesn't give it out again. */
static HANDLE event_at(HANDLE value)
{
    static HANDLE others[TRIES];
    HANDLE found = NULL;
    int count = 0;

    while (count < TRIES && !found) {
        HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);

        if (event == value)
            found = event;
        else
            others[count++] = event;
    }
    while (count)
        CloseHandle(others[--count]);
    return found;
}

static HRESULT put(HANDLE event, unsigned multiple, IRtwqAsyncResult *result)
{
    HANDLE events[] = {event, NULL, event};

    return multiple ? RtwqPutMultipleWaitingWorkItem(3, events, 0, result, NULL)
                    : RtwqPutWaitingWorkItem(event, 0, result, NULL);
}

/* The handle is closed as soon as the item waits; then its value belongs to another event, which is signalled. */
static void test_reused(unsigned multiple)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    unsigned reused = 0;

    callback_init_queue(&callback, 0, RTWQ_CALLBACK_QUEUE_MULTITHREADED);
    result = result_new(&callback);
    for (LONG i = 0; i < ROUNDS; i++) {
        HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), copy = copy_of(event), other;
        HRESULT hr = put(event, multiple, result);

        ok(hr == S_OK, "got %#lx\n", hr);
        CloseHandle(event);
        other = event_at(event);
        if (other) {
            reused++;
            SetEvent(other);
            queue_flush(RTWQ_CALLBACK_QUEUE_MULTITHREADED);
            ok(callback.invoked == i, "invoked for another event\n");
            ok(WaitForSingleObject(other, 0) == WAIT_OBJECT_0, "another event's signal was consumed\n");
            CloseHandle(other);
        }
        SetEvent(copy);
        callback_wait(&callback, 1);
        ok(WaitForSingleObject(copy, 0) == WAIT_TIMEOUT, "the signal was not consumed\n");
        CloseHandle(copy);
    }
    ok(reused > 0, "no handle's value came back: nothing was tested\n");
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

/* Nothing of the item keeps the object when it has come or was cancelled. */
static void test_object_goes(void)
{
    static const char name[] = "wq_rtworkq_closed";
    struct callback callback;
    IRtwqAsyncResult *result;
    RTWQWORKITEM_KEY key;
    HANDLE event, again;

    callback_init(&callback);
    result = result_new(&callback);
    for (int i = 0; i < 2; i++) {
        ULONGLONG end = GetTickCount64() + DEADLINE_MS;

        event = CreateEventA(NULL, FALSE, FALSE, name);
        ok(RtwqPutWaitingWorkItem(event, 0, result, &key) == S_OK, "not put\n");
        if (i)
            ok(RtwqCancelWorkItem(key) == S_OK, "not cancelled\n");
        else
            SetEvent(event);
        callback_wait(&callback, 1);
        CloseHandle(event);
        while ((again = OpenEventA(SYNCHRONIZE, FALSE, name)) && GetTickCount64() < end) {
            CloseHandle(again);
            SwitchToThread();
        }
        ok(!again, "the event is still there\n");
    }
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
}

static struct {
    HANDLE event; /* what the item waits for: a handle that stays */
    struct callback callback;
    IRtwqAsyncResult *result;
} told;

/* From inside the platform's events: one item comes; the other one is still there when the platform has ended. */
static HRESULT put_when_told(char what)
{
    HANDLE event = copy_of(told.event);

    if (what != 'e')
        ok(RtwqPutWaitingWorkItem(event, 0, told.result, NULL) == S_OK, "not put at %c\n", what);
    CloseHandle(event);
    return S_OK;
}

static void test_platform_events(void)
{
    struct events events;

    told.event = CreateEventA(NULL, FALSE, FALSE, NULL);
    callback_init(&told.callback);
    told.result = result_new(&told.callback);
    events_init(&events, put_when_told);
    ok(RtwqRegisterPlatformEvents(&events.iface) == S_OK, "not registered\n");
    start();
    SetEvent(told.event);
    callback_wait(&told.callback, 1);
    stop();
    SetEvent(told.event);
    ok(WaitForSingleObject(told.event, 0) == WAIT_OBJECT_0, "the signal was consumed after the end\n");
    ok(RtwqUnregisterPlatformEvents(&events.iface) == S_OK, "not unregistered\n");
    ok(IRtwqAsyncResult_Release(told.result) == 1, "no reference or several are kept\n");
    ok(IRtwqAsyncResult_Release(told.result) == 0, "more references were kept\n");
    ok(told.callback.invoked == 1, "invoked %ld times\n", told.callback.invoked);
    callback_end(&told.callback);
    CloseHandle(told.event);
}

START_TEST(closed)
{
    start();
    if (ours() || !winetest_platform_is_wine) {
        test_reused(FALSE);
        if (ours()) /* nobody else has documented it */
            test_reused(TRUE);
    } else {
        skip("the builtin waits for whatever the handle stands for, for ever if it is closed\n");
    }
    test_object_goes();
    stop();
    if (ours() || !winetest_platform_is_wine) /* the builtin tells nobody */
        test_platform_events();
}
