/*
 * timer.c: timers: what setting and cancelling them returns, waiting for them, and their DPCs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#define TAG 0x74737177 /* "wqst" */

#define TIMER_OR_DPC_INVALID_CODE 0xc7

#define FAR_AWAY (-36000000000LL) /* an hour */
#define SOON     (-10000LL)       /* a millisecond */

static NTSTATUS wait_for(PVOID object, LONG ms)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * ms};

    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

static BOOLEAN set(PKTIMER timer, LONGLONG due, LONG period, PKDPC dpc)
{
    LARGE_INTEGER at = {.QuadPart = due};

    return KeSetTimerEx(timer, at, period, dpc);
}

/* ---- a timer alone ---- */

static void results(void)
{
    static KTIMER timer;

    KeInitializeTimer(&timer);
    kok(!KeReadStateTimer(&timer), "a new timer is signalled");
    kok(!KeCancelTimer(&timer), "a new timer was cancelled");
    kok(!set(&timer, FAR_AWAY, 0, NULL), "a new timer was set before");
    kok(set(&timer, FAR_AWAY, 0, NULL), "a timer that was set counts as not set");
    kok(KeCancelTimer(&timer), "a timer that was set counts as not set when cancelled");
    kok(!KeCancelTimer(&timer), "cancelled twice");
    kok(!KeReadStateTimer(&timer), "cancelling signalled it");
    kok(!set(&timer, SOON, 0, NULL), "a cancelled timer counts as set");
    kok(!wait_for(&timer, 30000), "it did not expire");
    kok(KeReadStateTimer(&timer), "an expired timer is not signalled");
    kok(!KeCancelTimer(&timer), "an expired timer was cancelled");
    kok(!set(&timer, FAR_AWAY, 0, NULL), "an expired timer counts as set");
    kok(!KeReadStateTimer(&timer), "setting it did not clear it");
    kok(KeCancelTimer(&timer), "set again it was not cancelled");
}

static void both_types(void)
{
    static KTIMER stays, lets_one;

    KeInitializeTimerEx(&stays, NotificationTimer);
    KeInitializeTimerEx(&lets_one, SynchronizationTimer);
    set(&stays, SOON, 0, NULL);
    set(&lets_one, SOON, 0, NULL);
    kok(!wait_for(&stays, 30000) && !wait_for(&stays, 0), "a notification timer let one through");
    kok(!wait_for(&lets_one, 30000), "a synchronization timer did not expire");
    kok(wait_for(&lets_one, 0) == STATUS_TIMEOUT, "a synchronization timer let two through");
    kok(!KeReadStateTimer(&lets_one), "and is still signalled");
}

static void among_others(void)
{
    LARGE_INTEGER timeout = {.QuadPart = -300000000LL};
    static KTIMER timer, never;
    PVOID objects[3];
    NTSTATUS status;
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeTimer(&timer);
    KeInitializeTimer(&never);
    objects[0] = &event;
    objects[1] = &never;
    objects[2] = &timer;
    set(&timer, SOON, 0, NULL);
    status = KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, &timeout, NULL);
    kok(status == 2, "any of three: %lx", status);
    KeSetEvent(&event, 0, FALSE);
    set(&never, SOON, 0, NULL);
    status = KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, &timeout, NULL);
    kok(!status, "all of three: %lx", status);
}

/* Wdm.h reads a page of the kernel's, which the unit tests lack, and import libraries lack the function. */
static void clock_read(PLARGE_INTEGER now)
{
    UNICODE_STRING name = TEXT_STRING(L"KeQuerySystemTime");
    void(NTAPI * query)(PLARGE_INTEGER time) =
        (void(NTAPI *)(PLARGE_INTEGER))MmGetSystemRoutineAddress(&name);

    query(now);
}

static void by_the_clock(void)
{
    static KTIMER timer;
    LARGE_INTEGER now;

    KeInitializeTimer(&timer);
    clock_read(&now);
    set(&timer, now.QuadPart + 100000, 0, NULL);
    kok(!wait_for(&timer, 30000), "10 ms from now did not come");
    set(&timer, now.QuadPart + 600000000LL * 60, 0, NULL);
    kok(wait_for(&timer, 1) == STATUS_TIMEOUT, "an hour from now came");
    kok(KeCancelTimer(&timer), "an hour from now was not set");
    kok(!set(&timer, now.QuadPart, 0, NULL) && KeReadStateTimer(&timer), "a time that has passed is not now");
    kok(!set(&timer, 0, 0, NULL) && KeReadStateTimer(&timer), "0 is not now");
    kok(!KeCancelTimer(&timer), "a timer that was due counts as set");
}

static void with_tolerance(void)
{
    LARGE_INTEGER due = {.QuadPart = SOON};
    static KTIMER timer;

    KeInitializeTimerEx(&timer, SynchronizationTimer);
    kok(!KeSetCoalescableTimer(&timer, due, 1, 5, NULL), "a new timer was set before");
    for (int i = 0; i < 3; i++)
        kok(!wait_for(&timer, 30000), "expiry %d did not come", i);
    kok(KeCancelTimer(&timer), "a periodic timer was not set");
}

static void waited_for_early(void)
{
    static KTIMER timer;

    KeInitializeTimerEx(&timer, SynchronizationTimer);
    kok(wait_for(&timer, 1) == STATUS_TIMEOUT, "a timer that is not set let somebody through");
    set(&timer, -500000, 0, NULL);
    kok(!wait_for(&timer, 30000), "it did not expire while somebody waited");
}

/* ---- with a DPC ---- */

struct alarm {
    KTIMER timer;
    KDPC dpc;
    KEVENT done;
    volatile LONG runs, entered, open, late;
    BOOLEAN cancelled, was_set;
    LONG wanted;
};

static void alarm_init(struct alarm *alarm, PKDEFERRED_ROUTINE routine, LONG wanted)
{
    RtlZeroMemory(alarm, sizeof(*alarm));
    KeInitializeEvent(&alarm->done, NotificationEvent, FALSE);
    KeInitializeTimer(&alarm->timer);
    KeInitializeDpc(&alarm->dpc, routine, alarm);
    alarm->wanted = wanted;
}

static void NTAPI count(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct alarm *alarm = context;

    if (alarm->open < 0) /* nobody should come any more */
        InterlockedIncrement(&alarm->late);
    if (InterlockedIncrement(&alarm->runs) == alarm->wanted)
        KeSetEvent(&alarm->done, 0, FALSE);
}

static void NTAPI set_again(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct alarm *alarm = context;

    if (InterlockedIncrement(&alarm->runs) == alarm->wanted)
        KeSetEvent(&alarm->done, 0, FALSE);
    else if (set(&alarm->timer, -1000, 0, &alarm->dpc))
        alarm->was_set = TRUE;
}

static void sets_itself_again(void)
{
    static struct alarm alarm;

    alarm_init(&alarm, set_again, 1000);
    set(&alarm.timer, SOON, 0, &alarm.dpc);
    ktest_wait(&alarm.done, "1000 runs");
    KeFlushQueuedDpcs();
    kok(alarm.runs == 1000, "%ld runs", alarm.runs);
    kok(!alarm.was_set, "it was set while its DPC ran");
}

static void NTAPI cancel_own(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct alarm *alarm = context;

    alarm->cancelled = KeCancelTimer(&alarm->timer);
    InterlockedIncrement(&alarm->runs);
    KeSetEvent(&alarm->done, 0, FALSE);
}

static void cancelled_inside(void)
{
    static struct alarm alarm;

    for (LONG i = 0; i < 200; i++) {
        alarm_init(&alarm, cancel_own, 1);
        set(&alarm.timer, -1000, i % 2 ? 50 : 0, &alarm.dpc);
        if (!ktest_wait(&alarm.done, "a DPC that cancels its timer"))
            return;
        KeFlushQueuedDpcs();
        kok(alarm.cancelled == i % 2, "round %ld: cancelled %u", i, alarm.cancelled);
        kok(!KeCancelTimer(&alarm.timer), "round %ld: still set", i);
    }
}

static void NTAPI stay(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct alarm *alarm = context;

    InterlockedExchange(&alarm->entered, 1);
    while (!alarm->open) /* a DPC may not wait */
        YieldProcessor();
    InterlockedIncrement(&alarm->runs);
}

static void cancelled_meanwhile(void)
{
    static struct alarm alarm;

    alarm_init(&alarm, stay, 1);
    set(&alarm.timer, SOON, 0, &alarm.dpc);
    ktest_wait_value(&alarm.entered, 1, "the DPC");
    kok(!KeCancelTimer(&alarm.timer), "cancelled although its DPC runs");
    kok(!alarm.runs, "cancelling waited for the DPC");
    InterlockedExchange(&alarm.open, 1);
    KeFlushQueuedDpcs();
    kok(alarm.runs == 1, "%ld runs", alarm.runs);
}

static void periodic(void)
{
    static struct alarm alarm;

    alarm_init(&alarm, count, 5);
    set(&alarm.timer, SOON, 1, &alarm.dpc);
    ktest_wait(&alarm.done, "five expiries");
    kok(set(&alarm.timer, SOON, 1, &alarm.dpc), "a periodic timer counts as not set");
    kok(KeCancelTimer(&alarm.timer), "a periodic timer was not cancelled");
    kok(!KeCancelTimer(&alarm.timer), "cancelled twice");
}

/* After cancelling and flushing no DPC comes, however close the expiry was. */
static void nothing_late(void)
{
    static struct alarm alarm;

    alarm_init(&alarm, count, MAXLONG);
    for (int i = 0; i < 1000; i++) {
        LARGE_INTEGER moment = {.QuadPart = -1000 - i % 17 * 500};

        alarm.open = 0;
        set(&alarm.timer, -2000, i % 2, &alarm.dpc);
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
        KeCancelTimer(&alarm.timer);
        KeFlushQueuedDpcs();
        alarm.open = -1;
    }
    KeFlushQueuedDpcs();
    kok(!alarm.late, "%ld of %ld runs came after the flush", alarm.late, alarm.runs);
    kok(alarm.runs > 0, "no run at all");
}

static void due_now(void)
{
    static struct alarm alarm;

    alarm_init(&alarm, count, 1);
    for (int i = 0; i < 20000; i++)
        if (set(&alarm.timer, 0, 0, &alarm.dpc)) {
            kok(FALSE, "round %d: still set", i);
            break;
        }
    ktest_wait(&alarm.done, "a timer that is due now");
    KeFlushQueuedDpcs();
}

struct freed {
    KTIMER timer;
    KDPC dpc;
    volatile LONG *left;
};

static void NTAPI free_own(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct freed *freed = context;
    volatile LONG *left = freed->left;

    RtlFillMemory(freed, sizeof(*freed), 0xdd);
    ExFreePoolWithTag(freed, TAG);
    InterlockedDecrement(left);
}

static void freed_inside(void)
{
    static volatile LONG left;

    left = 200;
    for (int i = 0; i < 200; i++) {
        struct freed *freed = ExAllocatePoolWithTag(NonPagedPool, sizeof(*freed), TAG);

        freed->left = &left;
        KeInitializeTimer(&freed->timer);
        KeInitializeDpc(&freed->dpc, free_own, freed);
        set(&freed->timer, -1000 * (i % 7), 0, &freed->dpc);
    }
    ktest_wait_value(&left, 0, "timers whose DPC frees them");
    KeFlushQueuedDpcs();
}

#define MANY 10000

static void many(void)
{
    struct alarm *alarms = ExAllocatePoolWithTag(NonPagedPool, MANY * sizeof(*alarms), TAG);
    LONG missing = 0, cancelled = 0;

    if (!kok(alarms != NULL, "no memory"))
        return;
    for (int i = 0; i < MANY; i++) {
        alarm_init(&alarms[i], count, 1);
        set(&alarms[i].timer, i % 2 ? FAR_AWAY - i : -1000 * (i % 50), 0, &alarms[i].dpc);
    }
    for (int i = 0; i < MANY; i++)
        if (i % 2)
            cancelled += KeCancelTimer(&alarms[i].timer);
        else
            missing += wait_for(&alarms[i].timer, 30000) != STATUS_SUCCESS;
    KeFlushQueuedDpcs();
    for (int i = 0; i < MANY; i++)
        missing += alarms[i].runs != 1 - i % 2;
    kok(!missing, "%ld did not expire, or their DPC did not run once", missing);
    kok(cancelled == MANY / 2, "%ld of %d were cancelled", cancelled, MANY / 2);
    ExFreePoolWithTag(alarms, TAG);
}

/* ---- while all workers are blocked ---- */

static void comes_all_the_same(void)
{
    static struct alarm alarm;
    struct ktest_gate gate;

    alarm_init(&alarm, count, 2);
    if (!ktest_block(&gate))
        return;
    set(&alarm.timer, SOON, 0, &alarm.dpc);
    ktest_wait_value(&alarm.runs, 1, "the timer's DPC");
    KeInsertQueueDpc(&alarm.dpc, NULL, NULL);
    ktest_wait(&alarm.done, "a queued DPC");
    ktest_unblock(&gate);
    KeFlushQueuedDpcs();
}

/* ---- misuse ---- */

static void initialised_while_set(void)
{
    ULONG before = ktest_misuses();
    static KTIMER timer;

    KeInitializeTimer(&timer);
    set(&timer, FAR_AWAY, 0, NULL);
    KeInitializeTimer(&timer);
    ktest_misused(before, TIMER_OR_DPC_INVALID_CODE, 0, "initialised while set");
    kok(!KeCancelTimer(&timer), "still set");
}

/* ---- races ---- */

#define RACE_THREADS 4
#define RACE_ROUNDS  3000

struct race {
    struct alarm alarm;
    volatile LONG cancelled;
};

static void NTAPI race_set(PVOID context)
{
    struct race *race = context;

    for (int i = 0; i < RACE_ROUNDS; i++) {
        if (set(&race->alarm.timer, i % 3 ? FAR_AWAY : -100, i % 5 == 1, &race->alarm.dpc))
            InterlockedIncrement(&race->cancelled);
        if (i % 4 == 0 && KeCancelTimer(&race->alarm.timer))
            InterlockedIncrement(&race->cancelled);
    }
}

static void raced(void)
{
    static struct race race;

    RtlZeroMemory(&race, sizeof(race));
    alarm_init(&race.alarm, count, MAXLONG);
    ktest_race(RACE_THREADS, race_set, &race);
    KeCancelTimer(&race.alarm.timer);
    KeFlushQueuedDpcs();
    race.alarm.open = -1;
    kok(!KeCancelTimer(&race.alarm.timer), "still set");
    set(&race.alarm.timer, SOON, 0, NULL);
    kok(!wait_for(&race.alarm.timer, 30000), "does not expire any more");
    kok(!race.alarm.late, "%ld runs after the flush", race.alarm.late);
    kok(race.cancelled <= RACE_THREADS * RACE_ROUNDS, "%ld cancelled", race.cancelled);
}

const struct ktest ktest_timer[] = {
    {"what setting and cancelling return", results, BUILTIN_ENDS, POOL_ANY},
    {"both types", both_types, BUILTIN_ENDS, POOL_ANY},
    {"waits for several objects", among_others, BUILTIN_PASSES, POOL_ANY},
    {"times of the clock", by_the_clock, BUILTIN_ENDS, POOL_ANY},
    {"tolerance", with_tolerance, BUILTIN_ENDS, POOL_ANY},
    {"a wait that begins before", waited_for_early, BUILTIN_PASSES, POOL_ANY},
    {"a DPC may set its timer again", sets_itself_again, BUILTIN_ENDS, POOL_ANY},
    {"a DPC may cancel its timer", cancelled_inside, BUILTIN_ENDS, POOL_ANY},
    {"cancelled while the DPC runs", cancelled_meanwhile, BUILTIN_ENDS, POOL_ANY},
    {"a period", periodic, BUILTIN_ENDS, POOL_ANY},
    {"nothing comes after cancelling and flushing", nothing_late, BUILTIN_ENDS, POOL_ANY},
    {"due now", due_now, BUILTIN_ENDS, POOL_ANY},
    {"a DPC may free its timer", freed_inside, BUILTIN_ENDS, POOL_ANY},
    {"many timers", many, BUILTIN_ENDS, POOL_ANY},
    {"DPCs come while all workers are blocked", comes_all_the_same, BUILTIN_ENDS, POOL_SINGLE},
    {"initialised while set", initialised_while_set, BUILTIN_ENDS, POOL_ANY},
    {"several threads set and cancel one timer", raced, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
