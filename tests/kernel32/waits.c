/*
 * waits.c: what waits.h promises.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "waits.h"

void hits_init(struct hits *hits, LONG fired, LONG timed)
{
    tally_init(&hits->fired, fired);
    tally_init(&hits->timed, timed);
    hits->running = 0;
    hits->overlap = 0;
    hits->thread = 0;
}

void CALLBACK hits_callback(void *context, BOOLEAN timed_out)
{
    struct hits *hits = context;
    LONG running = InterlockedIncrement(&hits->running);

    if (running > hits->overlap)
        hits->overlap = running;
    hits->thread = GetCurrentThreadId();
    InterlockedDecrement(&hits->running);
    tally_add(timed_out ? &hits->timed : &hits->fired, 1);
}

void gate_init(struct gate *gate, LONG target)
{
    tally_init(&gate->entered, target);
    tally_init(&gate->left, target);
    gate->go = event_manual(FALSE);
}

void gate_open(struct gate *gate)
{
    SetEvent(gate->go);
}

void gate_close(struct gate *gate)
{
    CloseHandle(gate->go);
}

void CALLBACK gate_callback(void *context, BOOLEAN timed_out)
{
    struct gate *gate = context;

    (void)timed_out;
    tally_add(&gate->entered, 1);
    handle_wait(gate->go, "gate");
    tally_add(&gate->left, 1);
}

HANDLE wait_register_(int line, HANDLE object, WAITORTIMERCALLBACK callback, void *context, ULONG ms,
                      ULONG flags)
{
    HANDLE wait = NULL;
    BOOL ret;

    SetLastError(0xdeadbeef);
    ret = RegisterWaitForSingleObject(&wait, object, callback, context, ms, flags);
    ok_(__FILE__, line)(ret && wait, "object %p, flags %lx: got %d, wait %p, error %lu\n", object, flags, ret,
                        wait, GetLastError());
    ok_(__FILE__, line)(!ret || GetLastError() == 0xdeadbeef, "last error %lu\n", GetLastError());
    return wait;
}

void wait_unregister_(int line, HANDLE wait, HANDLE event, DWORD error)
{
    BOOL ret;

    SetLastError(0xdeadbeef);
    ret = UnregisterWaitEx(wait, event);
    ok_(__FILE__, line)(ret == !error, "got %d, error %lu\n", ret, GetLastError());
    ok_(__FILE__, line)(GetLastError() == (error ? error : 0xdeadbeef), "last error %lu, not %lu\n",
                        GetLastError(), error);
}
