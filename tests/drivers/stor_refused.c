/*
 * stor_refused.c: what is no worker or no timer, or another adapter's, is refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define SOON_US 2000

/* For calls that are refused. */
static VOID NTAPI never(PVOID extension, PVOID context, PVOID worker)
{
    (void)extension, (void)context, (void)worker;
}

static VOID NTAPI never_timer(PVOID extension, PVOID context)
{
    (void)extension, (void)context;
}

static void bad_worker_parameters(void)
{
    int garbage = 0;
    PVOID worker = stor_make_worker(), untouched = &garbage, timer = NULL;

    stor_check(StorPortInitializeWorker(NULL, &untouched), STOR_STATUS_INVALID_PARAMETER,
               "initialise, no extension");
    stor_check(StorPortInitializeWorker(&garbage, &untouched), STOR_STATUS_INVALID_PARAMETER,
               "initialise, no adapter's extension");
    stor_check(StorPortInitializeWorker(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER,
               "initialise, nowhere");
    kok(untouched == &garbage, "a failing call wrote %p", untouched);
    stor_check(StorPortQueueWorkItem(NULL, never, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue, no extension");
    stor_check(StorPortQueueWorkItem(&garbage, never, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue, no adapter's extension");
    stor_check(StorPortQueueWorkItem(stor_mini, NULL, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue, no callback");
    stor_check(StorPortQueueWorkItem(stor_mini, never, NULL, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue, no worker");
    stor_check(StorPortQueueWorkItem(stor_mini, never, &garbage, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue, no worker but memory");
    stor_check(StorPortQueueWorkItem(stor_mini, never, (PVOID)(ULONG_PTR)0xdeadbeef, NULL),
               STOR_STATUS_INVALID_PARAMETER, "queue, no worker nor memory");
    stor_check(StorPortFreeWorker(NULL, worker), STOR_STATUS_INVALID_PARAMETER, "free, no extension");
    stor_check(StorPortFreeWorker(&garbage, worker), STOR_STATUS_INVALID_PARAMETER,
               "free, no adapter's extension");
    stor_check(StorPortFreeWorker(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "free, no worker");
    stor_check(StorPortFreeWorker(stor_mini, &garbage), STOR_STATUS_UNSUCCESSFUL,
               "free, no worker but memory");
    StorPortInitializeTimer(stor_mini, &timer);
    stor_check(StorPortQueueWorkItem(stor_mini, never, timer, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue a timer");
    stor_check(StorPortFreeWorker(stor_mini, timer), STOR_STATUS_UNSUCCESSFUL, "free a timer as a worker");
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free the timer");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

static void freed_workers(void)
{
    PVOID worker = stor_make_worker();

    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_UNSUCCESSFUL, "free again");
    stor_check(StorPortQueueWorkItem(stor_mini, never, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue a freed one");
}

static void anothers_workers(void)
{
    PVOID worker = stor_make_worker();
    PDEVICE_OBJECT device;
    struct mini *other = stor_second_started(&device);

    if (!other)
        return;
    stor_check(StorPortQueueWorkItem(other, never, worker, NULL), STOR_STATUS_INVALID_PARAMETER,
               "queue another's");
    stor_check(StorPortFreeWorker(other, worker), STOR_STATUS_UNSUCCESSFUL, "free another's");
    stor_second_remove(device);
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free");
}

static void bad_timer_parameters(void)
{
    int garbage = 0;
    PVOID timer = stor_make_timer(), worker = NULL, untouched = &garbage;

    stor_check(StorPortInitializeTimer(NULL, &untouched), STOR_STATUS_INVALID_PARAMETER,
               "initialise, no extension");
    stor_check(StorPortInitializeTimer(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER,
               "initialise, nowhere");
    stor_check(StorPortRequestTimer(NULL, timer, never_timer, NULL, SOON_US, 0),
               STOR_STATUS_INVALID_PARAMETER, "request, no extension");
    stor_check(StorPortRequestTimer(stor_mini, NULL, never_timer, NULL, SOON_US, 0),
               STOR_STATUS_INVALID_PARAMETER, "request, no timer");
    stor_check(StorPortRequestTimer(stor_mini, &garbage, never_timer, NULL, SOON_US, 0),
               STOR_STATUS_INVALID_PARAMETER, "request, no timer but memory");
    stor_check(StorPortRequestTimer(stor_mini, timer, NULL, NULL, SOON_US, 0), STOR_STATUS_INVALID_PARAMETER,
               "request, no callback");
    stor_check(StorPortFreeTimer(NULL, timer), STOR_STATUS_INVALID_PARAMETER, "free, no extension");
    stor_check(StorPortFreeTimer(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "free, no timer");
    stor_check(StorPortFreeTimer(stor_mini, &garbage), STOR_STATUS_UNSUCCESSFUL, "free, no timer but memory");
    StorPortInitializeWorker(stor_mini, &worker);
    stor_check(StorPortFreeTimer(stor_mini, worker), STOR_STATUS_UNSUCCESSFUL, "free a worker as a timer");
    stor_check(StorPortFreeWorker(stor_mini, worker), STOR_STATUS_SUCCESS, "free the worker");
    stor_check(StorPortFreeHighResolutionTimer(stor_mini, timer), STOR_STATUS_UNSUCCESSFUL,
               "free as the other kind");
    stor_check(StorPortFreeTimer(stor_mini, timer), STOR_STATUS_SUCCESS, "free");
}

const struct ktest stor_refused[] = {{"bad parameters of workers", bad_worker_parameters, FALSE, POOL_ANY},
                                     {"freed workers", freed_workers, FALSE, POOL_ANY},
                                     {"another adapter's workers", anothers_workers, FALSE, POOL_ANY},
                                     {"bad parameters of timers", bad_timer_parameters, FALSE, POOL_ANY},
                                     {NULL, NULL, FALSE, POOL_ANY}};
