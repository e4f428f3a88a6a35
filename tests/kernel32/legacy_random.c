/*
 * legacy_random.c: random operations on all objects of the legacy pool at once, from several threads and from
 * the callbacks themselves, against the model in legacy_model.c. WQ_TEST_SEED and WQ_TEST_OPERATIONS choose
 * which and how many.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "legacy_model.h"

#define HANDLES_PROBED 4096
#define HANDLES_MORE   200 /* for the threads of the pool that have come meanwhile */

static LONG operations_wanted;

static DWORD WINAPI juggle(void *param)
{
    struct legacy_actor actor;

    legacy_actor_init(&actor, (unsigned)(ULONG_PTR)param, event_auto(FALSE));
    while (legacy_operations < operations_wanted)
        legacy_act(&actor);
    CloseHandle(actor.event);
    return 0;
}

/* Runs the threads as long as they get on; whether they came to the end. */
static BOOL jugglers_run(void)
{
    HANDLE threads[LEGACY_THREADS];
    LONG seen = -1, now;
    DWORD ret;
    ULONG_PTR i;

    for (i = 0; i < LEGACY_THREADS; i++)
        threads[i] = CreateThread(NULL, 0, juggle, (void *)i, 0, NULL);
    do {
        now = legacy_operations;
        ret =
            now == seen ? WAIT_FAILED : WaitForMultipleObjects(LEGACY_THREADS, threads, TRUE, QUWI_DEADLINE);
        seen = now;
    } while (ret == WAIT_TIMEOUT);
    ok(ret == WAIT_OBJECT_0, "seed %lu: stuck after %ld operations of %ld\n", legacy_seed, now,
       operations_wanted);
    for (i = 0; i < LEGACY_THREADS; i++)
        CloseHandle(threads[i]);
    return ret == WAIT_OBJECT_0;
}

/* On a thread of its own, because it waits for callbacks without a deadline. */
static DWORD WINAPI closer(void *param)
{
    (void)param;
    legacy_close();
    return 0;
}

static BOOL closer_run(void)
{
    HANDLE thread = CreateThread(NULL, 0, closer, NULL, 0, NULL);
    BOOL over = WaitForSingleObject(thread, 2 * QUWI_DEADLINE) == WAIT_OBJECT_0;

    ok(over, "seed %lu: closing hangs after %ld operations\n", legacy_seed, legacy_operations);
    CloseHandle(thread);
    return over;
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
    const char *text = getenv(variable);

    return text ? strtoul(text, NULL, 0) : otherwise;
}

/* The handles of the process. Where the system does not count them those with low values are looked for. */
static DWORD handles_now(void)
{
    DWORD count = 0, flags;
    ULONG_PTR value;

    if (GetProcessHandleCount(GetCurrentProcess(), &count) && count)
        return count;
    for (value = 4; value < 4 * HANDLES_PROBED; value += 4)
        count += GetHandleInformation((HANDLE)value, &flags) != 0;
    return count;
}

static void check_counters(const struct wq_counters *before)
{
    struct wq_counters after;

    if (!quwi_counters(&after))
        return;
    trace("%u threads at most, %u workers at most\n", after.threads_peak, after.workers_peak);
    if (after.timers != before->timers || after.waits != before->waits)
        legacy_fail("%u timers and %u waits are left", after.timers, after.waits);
    if (after.posted < before->posted || after.taken > after.posted || after.threads_failed)
        legacy_fail("%I64u posted, %I64u taken, %u threads failed", (ULONGLONG)after.posted,
                    (ULONGLONG)after.taken, after.threads_failed);
}

START_TEST(legacy_random)
{
    struct wq_counters before;
    DWORD handles, left;

    if (quwi_builtin()) {
        skip("the builtin loses and doubles callbacks\n");
        return;
    }
    legacy_seed = number_of("WQ_TEST_SEED", GetTickCount());
    operations_wanted = (LONG)number_of("WQ_TEST_OPERATIONS", 200000);
    trace("WQ_TEST_SEED=%lu WQ_TEST_OPERATIONS=%ld\n", legacy_seed, operations_wanted);
    quwi_flush();
    quwi_counters(&before);
    handles = handles_now();
    legacy_open();
    if (!jugglers_run() || !closer_run())
        return;
    check_counters(&before);
    trace("%ld operations: %ld items, %ld timers, %ld waits, %ld queues, %ld closed alone, %ld of files\n",
          legacy_operations, legacy_counts[LEGACY_ITEM], legacy_counts[LEGACY_TIMER],
          legacy_counts[LEGACY_WAIT], legacy_counts[LEGACY_QUEUE], legacy_counts[LEGACY_CLOSE],
          legacy_counts[LEGACY_IO]);
    left = handles_now();
    trace("%lu handles before, %lu after\n", handles, left);
    ok(left <= handles + HANDLES_MORE, "seed %lu: %lu handles became %lu\n", legacy_seed, handles, left);
}
