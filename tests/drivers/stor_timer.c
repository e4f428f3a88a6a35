/*
 * stor_timer.c: StorPort's timers. That they are late is no failure; that they are early is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define SOON_US  2000
#define NEVER_US 3600000000ull /* an hour: not during the test */

PVOID stor_make_timer(void)
{
    PVOID timer = NULL;
    ULONG status = StorPortInitializeTimer(stor_mini, &timer);

    kok(!status && timer, "InitializeTimer returned %lx, %p", status, timer);
    return timer;
}

static LONGLONG now_us(void)
{
    LARGE_INTEGER frequency, counter;

    StorPortQueryPerformanceCounter(stor_mini, &frequency, &counter);
    return counter.QuadPart / frequency.QuadPart * 1000000 +
           counter.QuadPart % frequency.QuadPart * 1000000 / frequency.QuadPart;
}

static struct {
    KEVENT done;
    PVOID extension, context, timer;
    KIRQL level;
    LONGLONG time;
    volatile LONG runs, wanted;
    ULONG status;
} seen;

static void seen_reset(LONG wanted)
{
    RtlZeroMemory(&seen, sizeof(seen));
    seen.wanted = wanted;
    KeInitializeEvent(&seen.done, NotificationEvent, FALSE);
}

static VOID NTAPI note(PVOID extension, PVOID context)
{
    seen.time = now_us();
    seen.extension = extension;
    seen.context = context;
    seen.level = KeGetCurrentIrql();
    InterlockedIncrement(&seen.runs);
    KeSetEvent(&seen.done, 0, FALSE);
}

static void expires_once(void)
{
    PVOID timer = stor_make_timer();
    LONGLONG begin = now_us();

    seen_reset(1);
    stor_check(StorPortRequestTimer(stor_mini, timer, note, &seen, SOON_US, 0), STOR_STATUS_SUCCESS,
               "request");
    ktest_wait(&seen.done, "the timer");
    kok(seen.extension == stor_mini && seen.context == &seen, "called with %p, %p", seen.extension,
        seen.context);
    kok(seen.level == DISPATCH_LEVEL, "called at level %u", seen.level);
    kok(seen.time - begin >= SOON_US, "it came after %ld us", (LONG)(seen.time - begin));
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free");
    kok(seen.runs == 1, "%ld runs", seen.runs);
}

static void tolerance(void)
{
    PVOID timer = stor_make_timer();
    LONGLONG begin = now_us();

    seen_reset(1);
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 10000), STOR_STATUS_SUCCESS,
               "request");
    ktest_wait(&seen.done, "the timer");
    kok(seen.time - begin >= SOON_US, "it came after %ld us", (LONG)(seen.time - begin));
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free");
}

static void busy_and_cancelled(void)
{
    PVOID timer = stor_make_timer();

    seen_reset(1);
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, NEVER_US, 0), STOR_STATUS_SUCCESS,
               "request");
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 0), STOR_STATUS_BUSY,
               "request again");
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, 0, 0), STOR_STATUS_SUCCESS, "take back");
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, 0, 0), STOR_STATUS_SUCCESS,
               "take back again");
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 0), STOR_STATUS_SUCCESS,
               "request after that");
    ktest_wait(&seen.done, "the timer");
    kok(seen.runs == 1, "%ld runs", seen.runs);
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, NEVER_US, 0), STOR_STATUS_SUCCESS,
               "request at last");
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free while requested");
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_UNSUCCESSFUL, "free again");
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 0), STOR_STATUS_INVALID_PARAMETER,
               "request of a freed one");
    kok(seen.runs == 1, "%ld runs", seen.runs);
}

static void levels_and_memory(void)
{
    PVOID timer = stor_make_timer(), other = NULL;
    ULONG status[3];
    KIRQL old;

    seen_reset(1);
    old = KfRaiseIrql(ABOVE_DISPATCH);
    status[0] = StorPortInitializeTimer(stor_mini, &other);
    status[1] = StorPortFreeTimer(stor_mini, timer);
    status[2] = StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 0);
    KeLowerIrql(old);
    stor_check(status[0], STOR_STATUS_INVALID_IRQL, "initialise above DISPATCH_LEVEL");
    stor_check(status[1], STOR_STATUS_INVALID_IRQL, "free above DISPATCH_LEVEL");
    stor_check(status[2], STOR_STATUS_SUCCESS, "request above DISPATCH_LEVEL");
    ktest_wait(&seen.done, "the timer");
    wq_fault_set(WQ_FAULT_MEMORY, UINT32_MAX);
    status[0] = StorPortInitializeTimer(stor_mini, &other);
    wq_fault_set(WQ_FAULT_MEMORY, 0);
    stor_check(status[0], STOR_STATUS_INSUFFICIENT_RESOURCES, "initialise without memory");
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free");
}

static VOID NTAPI again(PVOID extension, PVOID context)
{
    if (InterlockedIncrement(&seen.runs) < seen.wanted)
        seen.status |= StorPortRequestTimer(extension, seen.timer, again, context, 500, 0);
    else
        KeSetEvent(&seen.done, 0, FALSE);
}

static void periodic(void)
{
    seen_reset(10);
    seen.timer = stor_make_timer();
    stor_check(StorPortRequestTimer(stor_mini, seen.timer, again, NULL, 500, 0), STOR_STATUS_SUCCESS,
               "request");
    ktest_wait(&seen.done, "ten expiries");
    stor_check(seen.status, STOR_STATUS_SUCCESS, "request from inside");
    kok(seen.runs == 10, "%ld runs", seen.runs);
    stor_check(StorPortFreeTimer(stor_mini, seen.timer), STOR_STATUS_SUCCESS, "free");
}

static VOID NTAPI free_self(PVOID extension, PVOID context)
{
    (void)context;
    seen.status = StorPortFreeTimer(extension, seen.timer);
    KeSetEvent(&seen.done, 0, FALSE);
}

static void frees_itself(void)
{
    seen_reset(1);
    seen.timer = stor_make_timer();
    stor_check(StorPortRequestTimer(stor_mini, seen.timer, free_self, NULL, SOON_US, 0), STOR_STATUS_SUCCESS,
               "request");
    ktest_wait(&seen.done, "the timer");
    stor_check(seen.status, STOR_STATUS_SUCCESS, "free from inside");
    stor_check(StorPortFreeTimer(stor_mini, seen.timer), STOR_STATUS_UNSUCCESSFUL, "free again");
}

static void fine(void)
{
    PVOID timer = NULL;
    LONGLONG begin;

    seen_reset(1);
    stor_check(StorPortInitializeHighResolutionTimer(stor_mini, &timer), STOR_STATUS_SUCCESS, "initialise");
    begin = now_us();
    stor_check(StorPortRequestHighResolutionTimer(stor_mini, timer, note, &seen, SOON_US),
               STOR_STATUS_SUCCESS, "request");
    ktest_wait(&seen.done, "the timer");
    kok(seen.level == DISPATCH_LEVEL && seen.context == &seen, "level %u, context %p", seen.level,
        seen.context);
    kok(seen.time - begin >= SOON_US, "it came after %ld us", (LONG)(seen.time - begin));
    stor_check(StorPortRequestHighResolutionTimer(stor_mini, timer, note, NULL, NEVER_US),
               STOR_STATUS_SUCCESS, "request");
    stor_check(StorPortRequestHighResolutionTimer(stor_mini, timer, note, NULL, NEVER_US), STOR_STATUS_BUSY,
               "again");
    stor_check(StorPortCancelHighResolutionTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "cancel");
    stor_check(StorPortCancelHighResolutionTimer(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER,
               "cancel nothing");
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 0), STOR_STATUS_INVALID_PARAMETER,
               "request as the other kind");
    stor_check(StorPortFreeHighResolutionTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free");
    stor_check(StorPortFreeHighResolutionTimer(stor_mini, timer), STOR_STATUS_UNSUCCESSFUL, "free again");
    kok(seen.runs == 1, "%ld runs", seen.runs);
}

static VOID NTAPI note_plain(PVOID extension)
{
    note(extension, NULL);
}

/* The one timer of every adapter: a new request replaces the one before. */
static void own_timer(void)
{
    seen_reset(1);
    StorPortNotification(RequestTimerCall, stor_mini, note_plain, 3600000000u);
    StorPortNotification(RequestTimerCall, stor_mini, note_plain, (ULONG)SOON_US);
    ktest_wait(&seen.done, "the timer");
    kok(seen.extension == stor_mini && seen.level == DISPATCH_LEVEL, "called with %p at level %u",
        seen.extension, seen.level);
    StorPortNotification(RequestTimerCall, stor_mini, note_plain, 3600000000u);
    StorPortNotification(RequestTimerCall, stor_mini, note_plain, 0u);
    kok(seen.runs == 1, "%ld runs", seen.runs);
}

/* Requests that are taken back while they expire: no request is called twice, and each can be followed by another
 * at once. */
#define RACES 300

static void taken_back_while_expiring(void)
{
    LARGE_INTEGER hardly = {.QuadPart = -10000};
    PVOID timer = stor_make_timer();

    seen_reset(RACES);
    for (int i = 0; i < RACES; i++) {
        ULONG status = StorPortRequestTimer(stor_mini, timer, note, NULL, 900, 0);

        if (status)
            stor_check(status, STOR_STATUS_SUCCESS, "request");
        KeDelayExecutionThread(KernelMode, FALSE, &hardly);
        StorPortRequestTimer(stor_mini, timer, note, NULL, 0, 0);
        status = StorPortRequestTimer(stor_mini, timer, note, NULL, NEVER_US, 0);
        if (status)
            stor_check(status, STOR_STATUS_SUCCESS, "request after taking back");
        StorPortRequestTimer(stor_mini, timer, note, NULL, 0, 0);
    }
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free");
    kok(seen.runs <= RACES, "%ld runs of %d requests", seen.runs, RACES);
}

/* An expiry that waits for the only worker when its request is taken back must not serve for a later request. */
static void late_expiry(void)
{
    LARGE_INTEGER some = {.QuadPart = -300000};
    struct ktest_gate gate;
    PVOID timer = stor_make_timer();

    seen_reset(1);
    if (!ktest_block(&gate))
        return;
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 0), STOR_STATUS_SUCCESS,
               "request");
    KeDelayExecutionThread(KernelMode, FALSE, &some); /* it expires meanwhile, or there is nothing to see */
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, 0, 0), STOR_STATUS_SUCCESS, "take back");
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, NEVER_US, 0), STOR_STATUS_SUCCESS,
               "request for later");
    ktest_unblock(&gate);
    /* Another timer's expiry comes after that one. */
    StorPortNotification(RequestTimerCall, stor_mini, note_plain, (ULONG)SOON_US);
    ktest_wait(&seen.done, "the adapter's own timer");
    kok(seen.runs == 1, "%ld runs", seen.runs);
    stor_check(StorPortRequestTimer(stor_mini, timer, note, NULL, SOON_US, 0), STOR_STATUS_BUSY,
               "the later request");
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free");
}

const struct ktest stor_timer[] = {
    {"a timer expires once, at DISPATCH_LEVEL, not early", expires_once, FALSE, POOL_ANY},
    {"tolerance", tolerance, FALSE, POOL_ANY},
    {"a requested timer is busy until it is taken back", busy_and_cancelled, FALSE, POOL_ANY},
    {"levels and memory", levels_and_memory, FALSE, POOL_ANY},
    {"a callback requests its timer", periodic, FALSE, POOL_ANY},
    {"a callback frees its timer", frees_itself, FALSE, POOL_ANY},
    {"timers of high resolution", fine, FALSE, POOL_ANY},
    {"the adapter's own timer", own_timer, FALSE, POOL_ANY},
    {"requests taken back while they expire", taken_back_while_expiring, FALSE, POOL_ANY},
    {"an expiry that is late serves no other request", late_expiry, FALSE, POOL_SINGLE},
    {NULL, NULL, FALSE, POOL_ANY}};
