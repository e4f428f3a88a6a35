/*
 * quwi_many.c: very many empty items of QueueUserWorkItem run once each, on no more threads than there is use
 * for. A program of its own, because the core counts threads over the life of the process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

static struct tally done;
static volatile LONG *runs; /* of each item */

static DWORD WINAPI run(void *context)
{
    InterlockedIncrement(&runs[(ULONG_PTR)context]);
    tally_add(&done, 1);
    return 0;
}

START_TEST(quwi_many)
{
    /* Others are slower, and have nothing to prove here. */
    LONG items = quwi_ours() ? 1000000 : 50000, wrong = 0, i;
    struct wq_counters counters;

    runs = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, (SIZE_T)items * sizeof(*runs));
    tally_init(&done, items);
    for (i = 0; i < items; i++)
        if (!QueueUserWorkItem(run, (void *)(ULONG_PTR)i, 0))
            break;
    ok(i == items, "item %ld: error %lu\n", i, GetLastError());
    tally_wait(&done, "items");
    if (quwi_counters(&counters))
        ok(counters.threads_peak <= counters.processors + 2, "%u threads on %u processors\n",
           counters.threads_peak, counters.processors);
    quwi_flush();
    for (i = 0; i < items; i++)
        wrong += runs[i] != 1;
    ok(!wrong, "%ld items did not run once\n", wrong);
}
