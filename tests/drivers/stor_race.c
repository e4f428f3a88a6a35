/*
 * stor_race.c: many threads at the same workers, and at adapters that come and go.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define QUEUERS 4
#define ROUNDS  2000
#define CYCLES  10

static struct {
    volatile LONG queued, run, busy, other;
    PVOID worker;
} race;

static VOID NTAPI count_run(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
    InterlockedIncrement(&race.run);
}

static void race_note(ULONG status)
{
    if (!status)
        InterlockedIncrement(&race.queued);
    else if (status == STOR_STATUS_BUSY)
        InterlockedIncrement(&race.busy);
    else
        InterlockedIncrement(&race.other);
}

static void NTAPI race_queue(PVOID context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++)
        race_note(StorPortQueueWorkItem(stor_mini, count_run, race.worker, NULL));
}

static void many_queue_one(void)
{
    RtlZeroMemory(&race, sizeof(race));
    race.worker = stor_make_worker();
    ktest_race(QUEUERS, race_queue, NULL);
    ktest_wait_value(&race.run, race.queued, "all that was queued to run");
    kok(!race.other, "%ld calls returned something else than SUCCESS and BUSY", race.other);
    kok(race.queued + race.busy == QUEUERS * ROUNDS, "%ld + %ld", race.queued, race.busy);
    stor_check(StorPortFreeWorker(stor_mini, race.worker), STOR_STATUS_SUCCESS, "free");
}

/* Each thread makes, queues and frees workers of its own, whose callbacks may free them, too. */
static VOID NTAPI race_free(PVOID extension, PVOID context, PVOID worker)
{
    (void)context;
    if (!StorPortFreeWorker(extension, worker))
        InterlockedIncrement(&race.busy);
    InterlockedIncrement(&race.run);
}

static void NTAPI race_make(PVOID context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        PVOID worker = NULL;
        ULONG status = StorPortInitializeWorker(stor_mini, &worker);

        if (!status)
            status = StorPortQueueWorkItem(stor_mini, race_free, worker, NULL);
        race_note(status);
        status = StorPortFreeWorker(stor_mini, worker);
        if (!status)
            InterlockedIncrement(&race.busy);
        else if (status != STOR_STATUS_BUSY && status != STOR_STATUS_UNSUCCESSFUL)
            InterlockedIncrement(&race.other);
    }
}

static void many_free_each_others(void)
{
    struct wqstor_counters before, after;

    stor_counters(&before);
    RtlZeroMemory(&race, sizeof(race));
    ktest_race(QUEUERS, race_make, NULL);
    ktest_wait_value(&race.run, QUEUERS * ROUNDS, "all callbacks");
    kok(race.queued == QUEUERS * ROUNDS && !race.other, "%ld queued, %ld odd statuses", race.queued,
        race.other);
    kok(race.busy == QUEUERS * ROUNDS, "%ld were freed, once each", race.busy);
    stor_counters(&after);
    kok(after.workers == before.workers, "%lu workers before, %lu after", before.workers, after.workers);
}

/* Adapters come and go while others use what is theirs: every call gets a status, and all is given back. */
static volatile LONG cycling, odd;
static struct mini *volatile cycled;

static void NTAPI pester(PVOID event)
{
    while (cycling) {
        struct mini *mini = cycled;
        PVOID worker = NULL;
        ULONG status = StorPortInitializeWorker(mini, &worker);

        if (!status) {
            status = StorPortQueueWorkItem(mini, count_run, worker, NULL);
            if (status && status != STOR_STATUS_INVALID_DEVICE_STATE &&
                status != STOR_STATUS_INVALID_PARAMETER)
                InterlockedIncrement(&odd);
            StorPortFreeWorker(mini, worker);
        } else if (status != STOR_STATUS_INVALID_PARAMETER && status != STOR_STATUS_INSUFFICIENT_RESOURCES) {
            InterlockedIncrement(&odd);
        }
    }
    KeSetEvent(event, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void removal_among_calls(void)
{
    struct wqstor_counters before, after;
    KEVENT ended[2];

    stor_counters(&before);
    cycling = TRUE;
    odd = 0;
    cycled = NULL;
    for (int i = 0; i < 2; i++) {
        KeInitializeEvent(&ended[i], NotificationEvent, FALSE);
        ktest_thread(pester, &ended[i]);
    }
    for (int i = 0; i < CYCLES; i++) {
        PDEVICE_OBJECT device;

        cycled = stor_second_started(&device);
        if (cycled)
            stor_second_remove(device);
    }
    cycling = FALSE;
    for (int i = 0; i < 2; i++)
        ktest_wait(&ended[i], "the threads");
    stor_counters(&after);
    kok(!odd, "%ld odd statuses", odd);
    kok(after.adapters == before.adapters && after.workers == before.workers,
        "%lu adapters, %lu workers left", after.adapters - before.adapters, after.workers - before.workers);
}

const struct ktest stor_race[] = {
    {"many threads queue one worker", many_queue_one, FALSE, POOL_ANY},
    {"threads and callbacks free the same workers", many_free_each_others, FALSE, POOL_ANY},
    {"removal among calls", removal_among_calls, FALSE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
