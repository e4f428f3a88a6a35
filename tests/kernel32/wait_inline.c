/*
 * wait_inline.c: registered waits whose callbacks run on the wait thread (WT_EXECUTEINWAITTHREAD).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "waits.h"

static struct hits hits;
static struct gate gate;

/* While one callback runs another signalled wait gets none. */
static void test_serial(void)
{
    HANDLE first = event_auto(FALSE), second = event_auto(FALSE), waits[2];

    gate_init(&gate, 1);
    hits_init(&hits, 1, 0);
    waits[0] = wait_register(first, gate_callback, &gate, INFINITE, WT_EXECUTEINWAITTHREAD);
    waits[1] = wait_register(second, hits_callback, &hits, INFINITE, WT_EXECUTEINWAITTHREAD);
    SetEvent(first);
    tally_wait(&gate.entered, "callbacks");
    SetEvent(second);
    ok(!tally_reached(&hits.fired, 50), "the second callback ran beside the first\n");
    gate_open(&gate);
    tally_wait(&hits.fired, "callbacks of the second");
    wait_end(waits[0]);
    wait_end(waits[1]);
    gate_close(&gate);
    CloseHandle(first);
    CloseHandle(second);
}

/* One thread serves them all, one after the other, and it is not the one that registers. */
static void test_same_thread(void)
{
    HANDLE event = event_manual(FALSE);
    DWORD thread = 0;
    unsigned i;

    for (i = 0; i < 20; i++) {
        BOOL zero = i % 3 == 1, set = i % 3 == 2;
        HANDLE wait;

        hits_init(&hits, !zero, zero);
        if (set)
            SetEvent(event);
        wait = wait_register(event, hits_callback, &hits, zero ? 0 : INFINITE,
                             WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE);
        SetEvent(zero ? NULL : event);
        tally_wait(zero ? &hits.timed : &hits.fired, "callbacks");
        wait_end(wait);
        ResetEvent(event);
        ok(hits.thread != GetCurrentThreadId(), "called on the registering thread\n");
        ok(!thread || hits.thread == thread, "%u: thread %lx, not %lx\n", i, hits.thread, thread);
        thread = hits.thread;
    }
    CloseHandle(event);
}

struct self {
    HANDLE volatile wait;
    HANDLE event;
    HANDLE completion;
    struct tally done;
};

static void CALLBACK unregister_self(void *context, BOOLEAN timed_out)
{
    struct self *self = context;
    DWORD error;
    BOOL ret;

    (void)timed_out;
    SetLastError(0xdeadbeef);
    ret = UnregisterWaitEx(self->wait, self->completion);
    error = GetLastError();
    todo_if(quwi_builtin())
    {
        ok(ret, "error %lu\n", error);
        ok(error == 0xdeadbeef, "last error %lu\n", error);
    }
    SetEvent(self->event);
    ok(signalled(self->event), "the object is still waited for\n");
    tally_add(&self->done, 1);
}

/* Counts as done there. Other waits of the thread go on. */
static void test_unregister_inside(BOOL with_event)
{
    static struct self self;
    HANDLE other = event_auto(FALSE), wait;

    self.event = event_auto(FALSE);
    self.completion = with_event ? event_auto(FALSE) : NULL;
    tally_init(&self.done, 1);
    hits_init(&hits, 1, 0);
    wait = wait_register(other, hits_callback, &hits, INFINITE, WT_EXECUTEINWAITTHREAD);
    self.wait = wait_register(self.event, unregister_self, &self, INFINITE, WT_EXECUTEINWAITTHREAD);
    SetEvent(self.event);
    tally_wait(&self.done, "callbacks");
    if (with_event) {
        handle_wait(self.completion, "completion event");
        CloseHandle(self.completion);
    }
    SetEvent(other);
    tally_wait(&hits.fired, "callbacks of the other wait");
    wait_end(wait);
    CloseHandle(other);
    CloseHandle(self.event);
}

/* "Must not" wait for itself; ours counts it as done instead of hanging. */
static void test_unregister_inside_blocking(void)
{
    static struct self self;

    if (!quwi_ours()) {
        skip("documented as a deadlock\n");
        return;
    }
    self.event = event_auto(FALSE);
    self.completion = INVALID_HANDLE_VALUE;
    tally_init(&self.done, 1);
    self.wait = wait_register(self.event, unregister_self, &self, INFINITE, WT_EXECUTEINWAITTHREAD);
    SetEvent(self.event);
    tally_wait(&self.done, "callbacks");
    CloseHandle(self.event);
}

struct other {
    HANDLE volatile wait;
    struct tally done;
};

static void CALLBACK end_other(void *context, BOOLEAN timed_out)
{
    struct other *other = context;

    (void)timed_out;
    wait_end(other->wait);
    tally_add(&other->done, 1);
}

/* A callback may wait for the end of another wait of its thread, even one that is signalled. */
static void test_unregister_neighbour(void)
{
    static struct other other;
    HANDLE events[2] = {event_auto(FALSE), event_auto(FALSE)}, wait;

    tally_init(&other.done, 1);
    hits_init(&hits, 0, 0);
    wait = wait_register(events[0], end_other, &other, INFINITE, WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE);
    other.wait = wait_register(events[1], hits_callback, &hits, INFINITE, WT_EXECUTEINWAITTHREAD);
    SetEvent(events[0]);
    SetEvent(events[1]);
    tally_wait(&other.done, "callbacks");
    wait_end(wait);
    ok(hits.fired.count <= 1, "called %ld times\n", hits.fired.count);
    CloseHandle(events[0]);
    CloseHandle(events[1]);
}

/* An object that stays signalled takes turns with the others, time-outs included. */
static void test_fair(void)
{
    static struct hits busy[3], timed, late;
    HANDLE set = event_manual(TRUE), event = event_auto(FALSE), never = event_auto(FALSE), waits[5];
    unsigned i;

    if (quwi_builtin()) {
        skip("the builtin serves the first only\n");
        return;
    }
    for (i = 0; i < 3; i++) {
        hits_init(&busy[i], 10, 0);
        waits[i] = wait_register(set, hits_callback, &busy[i], INFINITE, WT_EXECUTEINWAITTHREAD);
    }
    hits_init(&late, 1, 0);
    hits_init(&timed, 0, 3);
    waits[3] = wait_register(event, hits_callback, &late, INFINITE, WT_EXECUTEINWAITTHREAD);
    waits[4] = wait_register(never, hits_callback, &timed, 1, WT_EXECUTEINWAITTHREAD);
    SetEvent(event);
    tally_wait(&late.fired, "callbacks of the last wait");
    tally_wait(&timed.timed, "time-outs");
    for (i = 0; i < 3; i++)
        tally_wait(&busy[i].fired, "callbacks");
    for (i = 0; i < 5; i++)
        wait_end(waits[i]);
    CloseHandle(set);
    CloseHandle(event);
    CloseHandle(never);
}

START_TEST(wait_inline)
{
    test_serial();
    test_same_thread();
    test_unregister_inside(FALSE);
    test_unregister_inside(TRUE);
    test_unregister_inside_blocking();
    test_unregister_neighbour();
    test_fair();
}
