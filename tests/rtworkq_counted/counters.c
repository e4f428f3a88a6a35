/*
 * counters.c: what only the module's own counters show: deadlines that were missed, thread priorities that were set.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#include "counters.h"

#define MINUTE 600000000ll /* in hundreds of nanoseconds */

static void(WINAPI *read_counters)(struct wq_rtwq_counters *);

static void test_missed(void)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    struct wq_rtwq_counters before, now;
    HANDLE late, early;
    HRESULT hr;

    read_counters(&before);
    hr = RtwqSetDeadline(RTWQ_CALLBACK_QUEUE_STANDARD, 10000, &late);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = RtwqSetDeadline(RTWQ_CALLBACK_QUEUE_STANDARD, 10 * MINUTE, &early);
    ok(hr == S_OK, "got %#lx\n", hr);
    do {
        SwitchToThread();
        read_counters(&now);
    } while (now.deadlines_missed == before.deadlines_missed && GetTickCount64() < end);
    ok(now.deadlines_missed == before.deadlines_missed + 1, "missed: %I64u\n",
       now.deadlines_missed - before.deadlines_missed);
    ok(now.deadlines_set == before.deadlines_set + 2, "set: %I64u\n",
       now.deadlines_set - before.deadlines_set);
    ok(RtwqCancelDeadline(late) == S_OK, "not cancelled\n");
    ok(RtwqCancelDeadline(early) == S_OK, "not cancelled\n");
}

static void test_items(void)
{
    struct wq_rtwq_counters before, now;
    struct callback callback;
    IRtwqAsyncResult *result;
    DWORD queue, task = 0;

    callback_init(&callback);
    result = result_new(&callback);
    ok(RtwqLockSharedWorkQueue(L"Audio", 0, &task, &queue) == S_OK, "no queue\n");
    read_counters(&before);
    ok(RtwqPutWorkItem(queue, 0, result) == S_OK, "not put\n");
    callback_wait(&callback, 1);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback); /* the last reference goes after the item was counted */
    read_counters(&now);
    ok(now.put == before.put + 1 && now.invoked == before.invoked + 1, "%I64u put, %I64u invoked\n",
       now.put - before.put, now.invoked - before.invoked);
    ok(now.boosts == before.boosts + 1 && now.boosts_refused == before.boosts_refused,
       "%I64u set, %I64u refused\n", now.boosts - before.boosts, now.boosts_refused - before.boosts_refused);
    RtwqUnlockWorkQueue(queue);
}

START_TEST(counters)
{
    read_counters = (void *)GetProcAddress(GetModuleHandleA("rtworkq.dll"), "WqRtwqCountersRead");
    ok(read_counters != NULL, "not the module with counters\n");
    if (!read_counters)
        return;
    start();
    test_missed();
    test_items();
    stop();
}
