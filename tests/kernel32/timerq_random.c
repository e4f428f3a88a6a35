/*
 * timerq_random.c: random operations from several threads against a model that knows what is legal: no
 * callback lost, doubled, early or after the timer was reported to be closed, and no other result than those
 * that are documented.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timerq.h"

#define THREADS 4
#define SLOTS   64 /* timers that a thread juggles */

/* What is known about one timer. Records are not reused, because pending callbacks may come at any time. */
struct record {
    HANDLE timer;
    double not_before; /* QPC milliseconds: the first callback is early before that */
    LONG began, ended;
    LONG claimed; /* somebody deletes the timer */
    LONG closed;  /* it was reported that no callback runs any more */
    LONG late;    /* callbacks that found that */
    LONG early;
    LONG wrong;   /* results or arguments that are not legal */
    double most;  /* callbacks that its periods can have brought, at most */
    double armed; /* when it was armed last */
    DWORD period;
    BOOL self;    /* its callback deletes it */
    BOOL at_once; /* it was due at once, and never changed: it runs once at least */
    BOOL once;    /* and once at most */
};

struct juggler {
    unsigned number;
    uint64_t state;
    struct record *records;
    LONG operations, used, open;
    struct record *slots[SLOTS];
    HANDLE queue, event;
    LONG lost, doubled, late, early, wrong; /* the verdict */
};

static LONG operations_wanted, callbacks;
static struct juggler jugglers[THREADS];

static unsigned random_below(struct juggler *juggler, unsigned n)
{
    juggler->state ^= juggler->state << 13;
    juggler->state ^= juggler->state >> 7;
    juggler->state ^= juggler->state << 17;
    return (unsigned)(juggler->state >> 20) % n;
}

static void record_delete_itself(struct record *record)
{
    if (InterlockedExchange(&record->claimed, 1))
        return;
    SetLastError(0);
    if (DeleteTimerQueueTimer(NULL, record->timer, NULL) || GetLastError() != ERROR_IO_PENDING)
        InterlockedIncrement(&record->wrong);
}

static void CALLBACK record_callback(void *param, BOOLEAN fired)
{
    struct record *record = param;

    InterlockedIncrement(&callbacks);
    if (InterlockedCompareExchange(&record->closed, 0, 0))
        InterlockedIncrement(&record->late);
    if (InterlockedIncrement(&record->began) == 1 && clock_ms() < record->not_before)
        InterlockedIncrement(&record->early);
    if (fired != TRUE || !record->timer)
        InterlockedIncrement(&record->wrong);
    if (record->self)
        record_delete_itself(record);
    InterlockedIncrement(&record->ended);
}

/* Accounts for what the timer may have done since it was armed. */
static void account(struct record *record)
{
    double passed = clock_ms() - record->armed;

    record->most += 1 + (record->period ? passed / record->period : 0);
}

static void slot_create(struct juggler *juggler, unsigned slot)
{
    static const ULONG flags[] = {WT_EXECUTEDEFAULT,      WT_EXECUTEDEFAULT,    WT_EXECUTEINTIMERTHREAD,
                                  WT_EXECUTELONGFUNCTION, WT_EXECUTEINIOTHREAD, WT_EXECUTEINPERSISTENTTHREAD,
                                  WT_EXECUTEDEFAULT,      WT_EXECUTEONLYONCE};
    struct record *record = &juggler->records[juggler->used++];
    ULONG flag = flags[random_below(juggler, ARRAY_SIZE(flags))];
    DWORD due = random_below(juggler, 3) ? random_below(juggler, 8) : NEVER_MS;
    HANDLE queue = random_below(juggler, 4) ? juggler->queue : NULL;

    record->period =
        flag != WT_EXECUTEONLYONCE && !random_below(juggler, 3) ? 1 + random_below(juggler, 20) : 0;
    record->self = !random_below(juggler, 8);
    record->at_once = !due;
    record->once = !record->period;
    record->armed = clock_ms();
    record->not_before = record->armed + due;
    SetLastError(0xdeadbeef);
    if (!CreateTimerQueueTimer(&record->timer, queue, record_callback, record, due, record->period, flag) ||
        GetLastError() != 0xdeadbeef)
        InterlockedIncrement(&record->wrong);
    juggler->slots[slot] = record;
}

static void slot_change(struct juggler *juggler, struct record *record)
{
    DWORD due = random_below(juggler, 3) ? random_below(juggler, 8) : NEVER_MS;

    if (record->self) /* its handle may be gone */
        return;
    account(record);
    record->not_before = 0;
    record->period = random_below(juggler, 2) && !record->once ? 1 + random_below(juggler, 20) : 0;
    SetLastError(0xdeadbeef);
    if (!ChangeTimerQueueTimer(NULL, record->timer, due, record->period) || GetLastError() != 0xdeadbeef)
        InterlockedIncrement(&record->wrong);
    record->armed = clock_ms();
}

static void record_closed(struct record *record)
{
    InterlockedExchange(&record->closed, 1);
    if (record->began != record->ended)
        InterlockedIncrement(&record->wrong);
}

static void slot_delete(struct juggler *juggler, unsigned slot)
{
    HANDLE completions[] = {NULL, juggler->event, INVALID_HANDLE_VALUE};
    HANDLE completion = completions[random_below(juggler, 3)];
    struct record *record = juggler->slots[slot];
    DWORD error;
    BOOL ret;

    juggler->slots[slot] = NULL;
    account(record);
    if (InterlockedExchange(&record->claimed, 1))
        return;
    SetLastError(0xdeadbeef);
    ret = DeleteTimerQueueTimer(NULL, record->timer, completion);
    error = GetLastError();
    if (ret ? error != 0xdeadbeef : error != ERROR_IO_PENDING || completion == INVALID_HANDLE_VALUE)
        InterlockedIncrement(&record->wrong);
    if (completion == juggler->event && WaitForSingleObject(juggler->event, QUWI_DEADLINE))
        InterlockedIncrement(&record->wrong);
    if (ret || completion)
        record_closed(record);
}

/* Deletes the own queue: its timers are closed then. The ones on the default queue are deleted one by one. */
static void queue_renew(struct juggler *juggler)
{
    unsigned i;

    for (i = 0; i < SLOTS; i++) {
        struct record *record = juggler->slots[i];

        if (record && random_below(juggler, 2))
            slot_delete(juggler, i);
    }
    for (i = 0; i < SLOTS; i++) {
        if (juggler->slots[i])
            slot_delete(juggler, i);
    }
    SetLastError(0xdeadbeef);
    if (!DeleteTimerQueueEx(juggler->queue, INVALID_HANDLE_VALUE) || GetLastError() != 0xdeadbeef)
        juggler->wrong++;
    juggler->queue = CreateTimerQueue();
}

static DWORD WINAPI juggle(void *param)
{
    struct juggler *juggler = param;
    LONG i;

    for (i = 0; i < operations_wanted; i++) {
        unsigned slot = random_below(juggler, SLOTS);

        if (!juggler->slots[slot])
            slot_create(juggler, slot);
        else if (!random_below(juggler, 3))
            slot_change(juggler, juggler->slots[slot]);
        else
            slot_delete(juggler, slot);
        if (!random_below(juggler, 5000))
            queue_renew(juggler);
    }
    queue_renew(juggler);
    return 0;
}

/* Waits for callbacks of timers that were deleted without asking when they end: what began also ends. */
static void settle(struct juggler *juggler)
{
    double end = clock_ms() + QUWI_DEADLINE;
    LONG i;

    for (i = 0; i < juggler->used; i++) {
        struct record *record = &juggler->records[i];

        while ((record->began != record->ended || (record->at_once && !record->began)) && clock_ms() < end &&
               !quwi_builtin())
            SwitchToThread();
    }
}

static void judge(struct juggler *juggler)
{
    LONG i;

    settle(juggler);
    for (i = 0; i < juggler->used; i++) {
        struct record *record = &juggler->records[i];

        juggler->late += record->late;
        juggler->early += record->early;
        juggler->wrong += record->wrong;
        juggler->lost += record->at_once && !record->began;
        /* one more for rounding, and for a queued one that ends after the delete */
        juggler->doubled += record->once ? record->began > 1 : record->began > record->most + 2;
    }
    ok(!juggler->late, "%ld callbacks after their timer was closed\n", juggler->late);
    /* Windows counts from its last clock tick. */
    todo_if(quwi_builtin() && juggler->early)
        ok(!juggler->early || broken(TRUE), "%ld callbacks before they were due\n", juggler->early);
    todo_if(quwi_builtin() && juggler->wrong) ok(!juggler->wrong, "%ld wrong results\n", juggler->wrong);
    todo_if(quwi_builtin() && juggler->lost) ok(!juggler->lost, "%ld callbacks lost\n", juggler->lost);
    todo_if(quwi_builtin() && juggler->doubled)
        ok(!juggler->doubled, "%ld timers with too many callbacks\n", juggler->doubled);
}

START_TEST(timerq_random)
{
    HANDLE threads[THREADS];
    const char *seed = getenv("WQ_TEST_SEED");
    struct wq_counters before, after;
    LONG total = 0;
    unsigned i;

    operations_wanted = quwi_ours() ? 100000 : quwi_builtin() ? 2000 : 20000;
    quwi_counters(&before);
    trace("seed %s\n", seed ? seed : "1");
    for (i = 0; i < THREADS; i++) {
        jugglers[i].number = i;
        jugglers[i].state = (strtoul(seed ? seed : "1", NULL, 10) * 4 + i + 1) * 0x9e3779b97f4a7c15u;
        jugglers[i].records = calloc((size_t)operations_wanted, sizeof(struct record));
        jugglers[i].queue = CreateTimerQueue();
        jugglers[i].event = event_make(FALSE);
        threads[i] = CreateThread(NULL, 0, juggle, &jugglers[i], 0, NULL);
    }
    for (i = 0; i < THREADS; i++) {
        ok(WaitForSingleObject(threads[i], 100000) == WAIT_OBJECT_0, "juggler %u: %ld timers so far\n", i,
           jugglers[i].used);
        CloseHandle(threads[i]);
    }
    for (i = 0; i < THREADS; i++) {
        winetest_push_context("juggler %u", i);
        judge(&jugglers[i]);
        winetest_pop_context();
        total += jugglers[i].used;
    }
    trace("%ld timers, %ld callbacks\n", total, callbacks);
    if (quwi_counters(&after))
        ok(after.timers == before.timers, "%u timers left\n", after.timers - before.timers);
}
