/*
 * quwi.c: QueueUserWorkItem runs what it is given: once each, with its context, elsewhere, from anywhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

static struct tally done;

/* The build tells which modules a run is about; a run that silently tests others proves nothing. */
static void test_modules(void)
{
    const char *expected = getenv("WQ_TEST_MODULES");
    struct wq_counters before, after;

    if (!expected) {
        skip("not told whose modules these are\n");
        return;
    }
    ok(quwi_ours() == !strcmp(expected, "ours"), "expected %s, wqcore.dll is %sloaded\n", expected,
       quwi_ours() ? "" : "not ");
    if (!quwi_counters(&before))
        return;
    quwi_flush();
    quwi_counters(&after);
    ok(after.posted > before.posted, "the core got %I64u before, %I64u after\n", before.posted, after.posted);
}

#define ITEMS 100

static struct {
    volatile LONG runs;
    DWORD thread;
} items[ITEMS];

static DWORD WINAPI note_item(void *context)
{
    static const DWORD returns[] = {0, 1, STILL_ACTIVE, 0xffffffff};
    ULONG_PTR i = (ULONG_PTR)context;

    items[i].thread = GetCurrentThreadId();
    InterlockedIncrement(&items[i].runs);
    tally_add(&done, 1);
    return returns[i % ARRAY_SIZE(returns)];
}

static void test_items(ULONG flags)
{
    ULONG_PTR i;

    winetest_push_context("flags %lx", flags);
    memset(items, 0, sizeof(items));
    tally_init(&done, ITEMS);
    for (i = 0; i < ITEMS; i++)
        queue(note_item, i, flags);
    tally_wait(&done, "items");
    quwi_flush();
    for (i = 0; i < ITEMS; i++) {
        ok(items[i].runs == 1, "item %Iu ran %ld times\n", i, items[i].runs);
        ok(items[i].thread != GetCurrentThreadId(), "item %Iu ran on the caller's thread\n", i);
    }
    winetest_pop_context();
}

static DWORD WINAPI count(void *context)
{
    (void)context;
    tally_add(&done, 1);
    return 0;
}

static void test_last_error(void)
{
    unsigned i;

    tally_init(&done, QUWI_CLASSES);
    for (i = 0; i < QUWI_CLASSES; i++) {
        SetLastError(0xdeadbeef);
        queue(count, 0, quwi_classes[i] | WT_TRANSFER_IMPERSONATION);
        ok(GetLastError() == 0xdeadbeef, "flags %lx: changed to %lu\n", quwi_classes[i], GetLastError());
    }
    tally_wait(&done, "items");
}

/* Queues itself again until the number in context is used up. */
static DWORD WINAPI queue_itself(void *context)
{
    ULONG_PTR left = (ULONG_PTR)context;

    if (left)
        queue(queue_itself, left - 1, quwi_classes[left % QUWI_CLASSES]);
    tally_add(&done, 1);
    return 0;
}

/* Queues two of the next lower number. */
static DWORD WINAPI queue_tree(void *context)
{
    ULONG_PTR depth = (ULONG_PTR)context;

    if (depth) {
        queue(queue_tree, depth - 1, quwi_classes[depth % QUWI_CLASSES]);
        queue(queue_tree, depth - 1, WT_EXECUTEDEFAULT);
    }
    tally_add(&done, 1);
    return 0;
}

static void test_from_callbacks(void)
{
    tally_init(&done, 2001);
    queue(queue_itself, 2000, 0);
    tally_wait(&done, "callbacks that queue themselves");

    tally_init(&done, 2047);
    queue(queue_tree, 10, 0);
    tally_wait(&done, "tree of callbacks");
}

static void CALLBACK queue_from_apc(ULONG_PTR param)
{
    unsigned i;

    for (i = 0; i < QUWI_CLASSES; i++)
        queue(count, param, quwi_classes[i]);
}

static DWORD WINAPI queue_from_own_apc(void *context)
{
    DWORD wait;

    succeeds(QueueUserAPC(queue_from_apc, GetCurrentThread(), (ULONG_PTR)context));
    wait = SleepEx(QUWI_DEADLINE, TRUE);
    ok(wait == WAIT_IO_COMPLETION, "got %lx\n", wait);
    tally_add(&done, 1);
    return 0;
}

static void test_from_apcs(void)
{
    DWORD wait;

    tally_init(&done, QUWI_CLASSES);
    QueueUserAPC(queue_from_apc, GetCurrentThread(), 0);
    wait = SleepEx(QUWI_DEADLINE, TRUE);
    ok(wait == WAIT_IO_COMPLETION, "got %lx\n", wait);
    tally_wait(&done, "items queued by an APC of this thread");

    tally_init(&done, QUWI_CLASSES + 1);
    queue(queue_from_own_apc, 0, WT_EXECUTEINPERSISTENTTHREAD);
    tally_wait(&done, "items queued by an APC of a callback");
}

#define CHAIN 48

static HANDLE chain[CHAIN + 1];

static DWORD WINAPI wait_for_later(void *context)
{
    ULONG_PTR i = (ULONG_PTR)context;

    ok(WaitForSingleObject(chain[i + 1], QUWI_DEADLINE) == WAIT_OBJECT_0, "%Iu: the later one did not run\n",
       i);
    SetEvent(chain[i]);
    return 0;
}

static DWORD WINAPI end_chain(void *context)
{
    (void)context;
    SetEvent(chain[CHAIN]);
    return 0;
}

/* Each callback waits for the one queued after it, so all of them must run at the same time. */
static void test_blocking_chain(void)
{
    ULONG_PTR i;

    for (i = 0; i <= CHAIN; i++)
        chain[i] = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (i = 0; i < CHAIN; i++)
        queue(wait_for_later, i, 0);
    queue(end_chain, 0, 0);
    handle_wait(chain[0], "chain"); /* each callback has waited when this comes */
    for (i = 0; i <= CHAIN; i++)
        CloseHandle(chain[i]);
}

START_TEST(quwi)
{
    unsigned i;

    test_modules();
    for (i = 0; i < QUWI_CLASSES; i++)
        test_items(quwi_classes[i]);
    test_last_error();
    test_from_callbacks();
    test_from_apcs();
    test_blocking_chain();
}
