/*
 * quwi_race.c: threads and callbacks queue items of all kinds at the same time; each item runs exactly once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

#define THREADS 4
#define ROOTS   1500              /* items that each thread queues */
#define ITEMS   (THREADS * ROOTS) /* as many again are queued by callbacks */

static volatile LONG runs[2 * ITEMS], refused;
static struct tally done;
static ULONG seed;

/* A number that depends on the seed and the item only, so that a run can be repeated. */
static ULONG mix(ULONG i)
{
    ULONG x = seed ^ (i * 0x9e3779b9u);

    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    return x ^ (x >> 16);
}

static ULONG flags_of(ULONG i)
{
    ULONG x = mix(i), flags = quwi_classes[x % QUWI_CLASSES];

    if (x & 0x1000)
        flags |= WT_TRANSFER_IMPERSONATION;
    if (!(x & 0xe000))
        WT_SET_MAX_THREADPOOL_THREADS(flags, 512 + (x >> 24));
    return flags;
}

static DWORD WINAPI run(void *context)
{
    ULONG i = (ULONG)(ULONG_PTR)context;

    InterlockedIncrement(&runs[i]);
    if (i < ITEMS && !QueueUserWorkItem(run, (void *)(ULONG_PTR)(i + ITEMS), flags_of(i + ITEMS)))
        InterlockedIncrement(&refused);
    if (!(mix(i) & 0x70000))
        SwitchToThread();
    tally_add(&done, 1);
    return 0;
}

/* Half of the threads impersonate. */
static DWORD WINAPI produce(void *context)
{
    ULONG first = (ULONG)(ULONG_PTR)context * ROOTS, i;

    if ((ULONG_PTR)context & 1)
        succeeds(ImpersonateSelf(SecurityImpersonation));
    for (i = first; i < first + ROOTS; i++)
        if (!QueueUserWorkItem(run, (void *)(ULONG_PTR)i, flags_of(i)))
            InterlockedIncrement(&refused);
    return 0;
}

static void test_round(void)
{
    HANDLE threads[THREADS];
    LONG wrong = 0;
    ULONG i;

    winetest_push_context("seed %lx", seed);
    memset((void *)(ULONG_PTR)runs, 0, sizeof(runs));
    tally_init(&done, 2 * ITEMS);
    for (i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, produce, (void *)(ULONG_PTR)i, 0, NULL);
    for (i = 0; i < THREADS; i++) {
        handle_wait(threads[i], "producer");
        CloseHandle(threads[i]);
    }
    tally_wait(&done, "items");
    quwi_flush();
    for (i = 0; i < 2 * ITEMS; i++)
        wrong += runs[i] != 1;
    ok(!wrong, "%ld items did not run once\n", wrong);
    ok(!refused, "%ld items refused\n", refused);
    winetest_pop_context();
}

START_TEST(quwi_race)
{
    const char *given = getenv("QUWI_SEED");
    unsigned round, rounds = quwi_ours() ? 10 : 2;

    seed = given ? strtoul(given, NULL, 0) : 0x5eed;
    for (round = 0; round < rounds; round++, seed++)
        test_round();
}
