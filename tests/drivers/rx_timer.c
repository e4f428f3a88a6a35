/*
 * rx_timer.c: timers: never early, once or again and again, cancelled, dropped with their device.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define MS     10000LL /* 100 ns */
#define HOUR   (3600 * 1000 * MS)
#define TIMERS 50
#define RACERS 3
#define RACES  100

static volatile LONG calls;

static LARGE_INTEGER interval(LONGLONG value)
{
    LARGE_INTEGER result;

    result.QuadPart = value;
    return result;
}

static LONGLONG now(void) /* 100 ns */
{
    LARGE_INTEGER frequency, counter = KeQueryPerformanceCounter(&frequency);

    return counter.QuadPart / frequency.QuadPart * 10000000 +
           counter.QuadPart % frequency.QuadPart * 10000000 / frequency.QuadPart;
}

/* ---- one-shot ---- */

struct shot {
    RX_WORK_ITEM item;
    LONGLONG set, wanted, ran;
    volatile LONG runs;
};

static void NTAPI shot_run(PVOID context)
{
    struct shot *shot = context;

    shot->ran = now();
    shot->runs++;
    InterlockedIncrement(&calls);
}

static void one_shot(void)
{
    static const LONGLONG wanted[] = {-5 * MS, 0, 1, 54 * MS, 55 * MS, 56 * MS, 100 * MS, 300 * MS};
    static struct shot shots[8];

    calls = 0;
    RtlZeroMemory(shots, sizeof(shots));
    for (int i = 0; i < 8; i++) {
        shots[i].wanted = wanted[i];
        shots[i].set = now();
        kok(!RxPostOneShotTimerRequest(rx_device, &shots[i].item, shot_run, &shots[i], interval(wanted[i])),
            "refused");
    }
    ktest_wait_value(&calls, 8, "all timers");
    for (int i = 0; i < 8; i++) {
        kok(shots[i].runs == 1, "timer %d ran %ld times", i, shots[i].runs);
        kok(shots[i].ran - shots[i].set >= shots[i].wanted, "timer %d of %I64d ran after %I64d", i,
            shots[i].wanted, shots[i].ran - shots[i].set);
    }
    rx_settle();
}

static void NTAPI chain_run(PVOID context)
{
    struct shot *shot = context;

    if (++shot->runs < 4)
        kok(!RxPostOneShotTimerRequest(rx_device, &shot->item, chain_run, shot, interval(0)),
            "refused inside");
    else
        InterlockedIncrement(&calls);
}

static void set_inside(void)
{
    static struct shot shot;

    calls = 0;
    RtlZeroMemory(&shot, sizeof(shot));
    kok(!RxPostOneShotTimerRequest(rx_device, &shot.item, chain_run, &shot, interval(0)), "refused");
    ktest_wait_value(&calls, 1, "a timer that is set by its routine");
    kok(shot.runs == 4, "ran %ld times", shot.runs);
    rx_settle();
}

/* ---- recurrent ---- */

static volatile LONG at_once, overlapped;

static void NTAPI recur_run(PVOID context)
{
    LONG wanted = (LONG)(LONG_PTR)context;
    LONG n;

    if (InterlockedIncrement(&at_once) != 1)
        overlapped = 1;
    n = InterlockedIncrement(&calls);
    if (n == wanted)
        kok(!RxCancelTimerRequest(rx_device, recur_run, context), "not cancelled inside");
    InterlockedDecrement(&at_once);
}

static void recurrent(void)
{
    static struct shot later;

    calls = at_once = overlapped = 0;
    RtlZeroMemory(&later, sizeof(later));
    kok(!RxPostRecurrentTimerRequest(rx_device, recur_run, (PVOID)4, interval(1)), "refused");
    ktest_wait_value(&calls, 4, "four calls");
    /* A timer that is set now is due later than the next call would be. */
    kok(!RxPostOneShotTimerRequest(rx_device, &later.item, shot_run, &later, interval(120 * MS)), "refused");
    ktest_wait_value((volatile LONG *)&later.runs, 1, "a later timer");
    kok(calls == 5 && !overlapped, "%ld calls, overlapped: %ld", calls - 1, overlapped);
    kok(RxCancelTimerRequest(rx_device, recur_run, (PVOID)4) == STATUS_NOT_FOUND, "cancelled twice");
    rx_settle();
}

static void odd_intervals(void)
{
    const LARGE_INTEGER longest = {.QuadPart = 0x7fffffffffffffff};
    static struct shot soon, never;

    calls = 0;
    RtlZeroMemory(&soon, sizeof(soon));
    RtlZeroMemory(&never, sizeof(never));
    kok(!RxPostOneShotTimerRequest(rx_device, &never.item, rx_count, (PVOID)&calls, longest),
        "the longest was refused");
    kok(!RxPostOneShotTimerRequest(rx_device, &soon.item, rx_count, (PVOID)&calls, interval(-HOUR)),
        "a negative one was refused");
    ktest_wait_value(&calls, 1, "the negative one");
    kok(!RxCancelTimerRequest(rx_device, rx_count, (PVOID)&calls), "the longest has expired");
    rx_settle();
    kok(calls == 1, "%ld calls", calls);
}

/* ---- cancelling ---- */

static void cancel(void)
{
    static struct shot shots[TIMERS];
    NTSTATUS status;

    calls = 0;
    RtlZeroMemory(shots, sizeof(shots));
    status = RxCancelTimerRequest(rx_device, shot_run, &shots[0]);
    kok(status == STATUS_NOT_FOUND, "no timer: %lx", status);
    for (int i = 0; i < TIMERS; i++)
        kok(!RxPostOneShotTimerRequest(rx_device, &shots[i].item, shot_run, &shots[i], interval(HOUR)),
            "refused");
    kok(!RxPostRecurrentTimerRequest(rx_device, rx_count, (PVOID)&calls, interval(HOUR)), "refused");
    status = RxPostOneShotTimerRequest(rx_device, &shots[0].item, shot_run, &shots[0], interval(HOUR));
    kok(status == STATUS_INVALID_PARAMETER, "set twice: %lx", status);
    status = RxCancelTimerRequest(rx_device, rx_count, &shots[1]);
    kok(status == STATUS_NOT_FOUND, "another routine: %lx", status);
    status = RxCancelTimerRequest(rx_device, shot_run, &shots[TIMERS]);
    kok(status == STATUS_NOT_FOUND, "another context: %lx", status);
    status = RxCancelTimerRequest((PRDBSS_DEVICE_OBJECT)shots, shot_run, &shots[1]);
    kok(status == STATUS_NOT_FOUND, "another device: %lx", status);
    for (int i = 0; i < TIMERS; i++) {
        status = RxCancelTimerRequest(rx_device, shot_run, &shots[i]);
        kok(status == STATUS_SUCCESS && !shots[i].item.WorkQueueItem.List.Flink, "timer %d: %lx", i, status);
        status = RxCancelTimerRequest(rx_device, shot_run, &shots[i]);
        kok(status == STATUS_NOT_FOUND, "timer %d twice: %lx", i, status);
    }
    kok(!RxCancelTimerRequest(rx_device, rx_count, (PVOID)&calls), "the recurrent one was not cancelled");
    status = RxCancelTimerRequest(rx_device, rx_count, (PVOID)&calls);
    kok(status == STATUS_NOT_FOUND, "the recurrent one twice: %lx", status);
    rx_settle();
    kok(!calls, "%ld were called all the same", calls);
}

/* Of several that match a cancel takes the one-shot ones first, the oldest of them. */
static void several_match(void)
{
    static struct shot shots[3];

    calls = 0;
    RtlZeroMemory(shots, sizeof(shots));
    kok(!RxPostRecurrentTimerRequest(rx_device, rx_count, (PVOID)&calls, interval(HOUR)), "refused");
    for (int i = 0; i < 3; i++)
        kok(!RxPostOneShotTimerRequest(rx_device, &shots[i].item, rx_count, (PVOID)&calls, interval(HOUR)),
            "refused");
    for (int i = 0; i < 3; i++) {
        kok(!RxCancelTimerRequest(rx_device, rx_count, (PVOID)&calls), "not cancelled");
        for (int k = 0; k < 3; k++)
            kok(!shots[k].item.WorkQueueItem.List.Flink == (k <= i), "%d cancelled: timer %d", i + 1, k);
    }
    kok(!RxCancelTimerRequest(rx_device, rx_count, (PVOID)&calls), "the recurrent one was not cancelled");
    kok(RxCancelTimerRequest(rx_device, rx_count, (PVOID)&calls) == STATUS_NOT_FOUND, "one more");
    rx_settle();
    kok(!calls, "%ld were called all the same", calls);
}

/* A recurrent one is cancelled while it runs: that call ends, no other comes. */
static struct ktest_gate gate;

static void NTAPI gate_run(PVOID context)
{
    ktest_gate_pass(context);
    InterlockedIncrement(&calls);
}

static void cancel_running(void)
{
    ktest_gate_init(&gate);
    calls = 0;
    kok(!RxPostRecurrentTimerRequest(rx_device, gate_run, &gate, interval(0)), "refused");
    ktest_wait(&gate.entered, "the timer");
    kok(!RxCancelTimerRequest(rx_device, gate_run, &gate), "not cancelled");
    kok(RxCancelTimerRequest(rx_device, gate_run, &gate) == STATUS_NOT_FOUND, "cancelled twice");
    kok(!calls, "cancelling waited for the routine");
    KeSetEvent(&gate.open, 0, FALSE);
    rx_settle();
    kok(calls == 1 && gate.count == 1, "%ld calls, %ld ended", gate.count, calls);
}

/* A one-shot one that is queued is not cancelled; a recurrent one is. */
static void cancel_queued(void)
{
    static struct shot shot;
    struct ktest_gate block;
    NTSTATUS status;

    calls = 0;
    RtlZeroMemory(&shot, sizeof(shot));
    if (!rx_block(&block))
        return;
    kok(!RxPostRecurrentTimerRequest(rx_device, rx_count, (PVOID)&calls, interval(0)), "refused");
    kok(!RxPostOneShotTimerRequest(rx_device, &shot.item, shot_run, &shot, interval(0)), "refused");
    ktest_wait_value(&rx_device->DispatcherContext.NumberOfWorkerThreads, 3, "both timers to be queued");
    status = RxCancelTimerRequest(rx_device, shot_run, &shot);
    kok(status == STATUS_NOT_FOUND, "one-shot: %lx", status);
    status = RxCancelTimerRequest(rx_device, rx_count, (PVOID)&calls);
    kok(status == STATUS_SUCCESS, "recurrent: %lx", status);
    rx_unblock(&block);
    kok(shot.runs == 1 && calls == 1, "%ld and %ld calls", shot.runs, calls - 1);
    rx_settle();
}

/* ---- spinning down ---- */

static void dropped(void)
{
    static struct shot shots[TIMERS];
    static struct shot soon;

    RtlZeroMemory(shots, sizeof(shots));
    RtlZeroMemory(&soon, sizeof(soon));
    calls = 0;
    for (int n = 0; n < 3; n++) {
        for (int i = 0; i < TIMERS; i++)
            kok(!RxPostOneShotTimerRequest(rx_device, &shots[i].item, shot_run, &shots[i], interval(HOUR)),
                "refused");
        kok(!RxPostRecurrentTimerRequest(rx_device, rx_count, (PVOID)&calls, interval(HOUR)), "refused");
        kok(!RxPostRecurrentTimerRequest(rx_device, shot_run, &soon, interval(0)), "refused");
        ktest_wait_value((volatile LONG *)&soon.runs, 1, "the one that is due");
        rx_settle();
        kok(soon.runs == calls, "%ld calls of %ld were due", calls, soon.runs);
        for (int i = 0; i < TIMERS; i++)
            kok(!shots[i].item.WorkQueueItem.List.Flink, "timer %d still waits", i);
        kok(RxCancelTimerRequest(rx_device, shot_run, &shots[0]) == STATUS_NOT_FOUND, "a timer is left");
        kok(RxCancelTimerRequest(rx_device, shot_run, &soon) == STATUS_NOT_FOUND, "a recurrent one is left");
        calls = soon.runs = 0;
    }
}

static void no_pointers(void)
{
    RX_WORK_ITEM item;
    NTSTATUS status;

    RtlZeroMemory(&item, sizeof(item));
    status = RxPostOneShotTimerRequest(NULL, &item, rx_count, NULL, interval(0));
    kok(status == STATUS_INVALID_PARAMETER, "no device: %lx", status);
    status = RxPostOneShotTimerRequest(rx_device, NULL, rx_count, NULL, interval(0));
    kok(status == STATUS_INVALID_PARAMETER, "no item: %lx", status);
    status = RxPostOneShotTimerRequest(rx_device, &item, NULL, NULL, interval(0));
    kok(status == STATUS_INVALID_PARAMETER, "no routine: %lx", status);
    status = RxPostRecurrentTimerRequest(NULL, rx_count, NULL, interval(0));
    kok(status == STATUS_INVALID_PARAMETER, "no device: %lx", status);
    status = RxPostRecurrentTimerRequest(rx_device, NULL, NULL, interval(0));
    kok(status == STATUS_INVALID_PARAMETER, "no routine: %lx", status);
}

/* ---- race ---- */

static volatile LONG set_count, cancelled_count;

static void race_main(PVOID context)
{
    struct shot *shot = context;

    for (int i = 0; i < RACES; i++) {
        LONG before = shot->runs;

        kok(!RxPostOneShotTimerRequest(rx_device, &shot->item, shot_run, shot, interval(i % 2 ? 0 : HOUR)),
            "refused");
        InterlockedIncrement(&set_count);
        if (RxCancelTimerRequest(rx_device, shot_run, shot))
            ktest_wait_value((volatile LONG *)&shot->runs, before + 1, "a timer that was too late to cancel");
        else
            InterlockedIncrement(&cancelled_count);
        kok(!RxPostRecurrentTimerRequest(rx_device, rx_count, context, interval(0)), "refused");
        kok(!RxCancelTimerRequest(rx_device, rx_count, context), "a recurrent timer was not found");
    }
}

static void race(void)
{
    static struct shot shots[RACERS];
    struct rx_thread threads[RACERS];

    RtlZeroMemory(shots, sizeof(shots));
    calls = set_count = cancelled_count = 0;
    for (int i = 0; i < RACERS; i++)
        rx_thread_start(&threads[i], race_main, &shots[i]);
    for (int i = 0; i < RACERS; i++)
        rx_thread_end(&threads[i], "a racer");
    rx_settle();
    kok(calls + cancelled_count == set_count, "%ld set, %ld called, %ld cancelled", set_count, calls,
        cancelled_count);
}

const struct ktest ktest_rx_timer[] = {{"one-shot", one_shot, TRUE, POOL_ANY},
                                       {"set by its routine", set_inside, TRUE, POOL_ANY},
                                       {"recurrent", recurrent, TRUE, POOL_ANY},
                                       {"odd intervals", odd_intervals, TRUE, POOL_ANY},
                                       {"cancelled", cancel, TRUE, POOL_ANY},
                                       {"several that match", several_match, TRUE, POOL_ANY},
                                       {"cancelled while running", cancel_running, TRUE, POOL_ANY},
                                       {"cancelled while queued", cancel_queued, TRUE, POOL_SINGLE},
                                       {"dropped with the device", dropped, TRUE, POOL_ANY},
                                       {"NULL pointers", no_pointers, TRUE, POOL_ANY},
                                       {"race", race, TRUE, POOL_ANY},
                                       {NULL, NULL, FALSE, POOL_ANY}};
