/*
 * wait_race.c: registered waits under fire from several threads: each signal is consumed and delivered
 * exactly once, and nothing comes after a wait was reported closed. A model says what each outcome may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "waits.h"

#define THREADS 4
#define ROUNDS  400

/* One life of a wait. Callbacks check that it is alive. */
struct life {
    HANDLE semaphore;
    HANDLE done;
    volatile LONG closed; /* 1 = the last callback was reported to have returned */
    volatile LONG fired;
    volatile LONG timed;
    volatile LONG late; /* callbacks after that */
};

static ULONG seed;

static void CALLBACK live(void *context, BOOLEAN timed_out)
{
    struct life *life = context;

    if (life->closed)
        InterlockedIncrement(&life->late);
    InterlockedIncrement(timed_out ? &life->timed : &life->fired);
    if ((life->fired & 7) == 3)
        SwitchToThread();
    if (life->closed)
        InterlockedIncrement(&life->late);
}

static ULONG next(ULONG *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Unregisters in one of the ways and waits until all is over. */
static void life_close(struct life *life, HANDLE wait, unsigned way)
{
    HANDLE completion = way % 3 == 0 ? INVALID_HANDLE_VALUE : way % 3 == 1 ? life->done : NULL;
    BOOL ret;

    SetLastError(0xdeadbeef);
    ret = UnregisterWaitEx(wait, completion);
    ok(ret ? GetLastError() == 0xdeadbeef : GetLastError() == ERROR_IO_PENDING, "got %d, error %lu\n", ret,
       GetLastError());
    if (way % 3 == 0)
        ok(ret, "did not wait\n");
    if (way % 3 == 1)
        handle_wait(life->done, "completion event");
    if (ret || way % 3 != 2)
        InterlockedExchange(&life->closed, 1);
}

/* The wait's whole life. A wait that was unregistered without completion may have callbacks for a while. */
static void life_run(struct life *life, ULONG *state)
{
    static const ULONG kinds[] = {WT_EXECUTEDEFAULT,    WT_EXECUTEINWAITTHREAD,       WT_EXECUTELONGFUNCTION,
                                  WT_EXECUTEINIOTHREAD, WT_EXECUTEINPERSISTENTTHREAD, WT_EXECUTEDEFAULT};
    ULONG flags = kinds[next(state) % ARRAY_SIZE(kinds)], ms = next(state) % 4 ? INFINITE : next(state) % 3;
    LONG released = 0, left = 0, i, n = (LONG)(next(state) % 6);
    unsigned way = next(state);
    HANDLE wait;

    if (next(state) % 4 == 0)
        flags |= WT_EXECUTEONLYONCE;
    wait = wait_register(life->semaphore, live, life, ms, flags);
    for (i = 0; i < n; i++)
        released += ReleaseSemaphore(life->semaphore, 1, NULL);
    if (next(state) & 1)
        SwitchToThread();
    life_close(life, wait, way);
    for (i = 0; i < n; i++)
        left += signalled(life->semaphore);
    ok(!signalled(life->semaphore), "more counts than were released\n");
    for (i = 0; i < 2000 && life->fired + left < released; i++)
        Sleep(5); /* only after unregistering without completion */
    ok(life->fired + left == released, "flags %lx ms %lu way %u: %ld released, %ld delivered, %ld left\n",
       flags, ms, way % 3, released, life->fired, left);
    if (flags & WT_EXECUTEONLYONCE)
        ok(life->fired + life->timed <= 1, "once: %ld and %ld\n", life->fired, life->timed);
    if (ms == INFINITE)
        ok(!life->timed, "%ld time-outs\n", life->timed);
}

static DWORD WINAPI live_many(void *context)
{
    ULONG state = seed + (ULONG)(ULONG_PTR)context * 7919;
    unsigned i;

    for (i = 0; i < ROUNDS; i++) {
        /* Never freed: a callback of a wait that was unregistered without completion may be on its way. */
        struct life *life = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*life));

        life->semaphore = CreateSemaphoreA(NULL, 0, 100, NULL);
        life->done = event_auto(FALSE);
        life_run(life, &state);
        ok(!life->late, "%ld callbacks after the end\n", life->late);
        CloseHandle(life->semaphore);
        CloseHandle(life->done);
    }
    return 0;
}

static void test_random(void)
{
    HANDLE threads[THREADS];
    struct wq_counters counters;
    ULONG_PTR i;

    for (i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, live_many, (void *)i, 0, NULL);
    for (i = 0; i < THREADS; i++) {
        ok(WaitForSingleObject(threads[i], 100000) == WAIT_OBJECT_0, "thread %Iu hangs, seed %lu\n", i, seed);
        CloseHandle(threads[i]);
    }
    if (quwi_counters(&counters))
        ok(!counters.waits, "%u waits are open\n", counters.waits);
}

static struct tally closed_once;
static HANDLE contested;

static DWORD WINAPI close_contested(void *context)
{
    (void)context;
    if (UnregisterWaitEx(contested, INVALID_HANDLE_VALUE))
        tally_add(&closed_once, 1);
    return 0;
}

/* Of several that unregister one wait, one succeeds. */
static void test_contested(void)
{
    static struct hits hits;
    HANDLE event = event_auto(FALSE), threads[THREADS];
    unsigned i, k;

    if (!quwi_ours()) {
        skip("undefined elsewhere\n");
        CloseHandle(event);
        return;
    }
    for (k = 0; k < 50; k++) {
        hits_init(&hits, 0, 0);
        tally_init(&closed_once, 1);
        contested = wait_register(event, hits_callback, &hits, INFINITE, k & 1 ? WT_EXECUTEINWAITTHREAD : 0);
        for (i = 0; i < THREADS; i++)
            threads[i] = CreateThread(NULL, 0, close_contested, NULL, 0, NULL);
        SetEvent(event);
        for (i = 0; i < THREADS; i++) {
            handle_wait(threads[i], "thread");
            CloseHandle(threads[i]);
        }
        ok(closed_once.count == 1, "%ld succeeded\n", closed_once.count);
        ok(hits.fired.count + signalled(event) == 1, "called %ld times\n", hits.fired.count);
    }
    CloseHandle(event);
}

START_TEST(wait_race)
{
    char text[16];

    seed = GetEnvironmentVariableA("WQ_SEED", text, sizeof(text)) ? strtoul(text, NULL, 0) : GetTickCount();
    trace("WQ_SEED=%lu\n", seed);
    if (quwi_builtin()) {
        skip("the builtin loses signals when a wait is unregistered\n");
        return;
    }
    test_random();
    test_contested();
}
