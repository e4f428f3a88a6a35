/*
 * device.c: a device's outstanding work, and waiting for its end.
 *
 * Work counts itself in, then looks whether the device is spun down; a spin-down marks the device, then looks
 * at the count: one of them sees the other. Work that counted itself out must not touch the device any more,
 * so what it tells the waiting ones is in this module: one word for all of them, which moves whenever
 * something comes to an end that they may wait for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

static ULONG waiting; /* A: spin-downs that wait */
static ULONG ended;   /* A: moves when a device's last work has returned while there is one */

/* What pTearDownEvent of a device that accepts no work points to; nobody waits for it. */
static KEVENT ended_mark;

bool rx_device_ended(RDBSS_DEVICE_OBJECT *device)
{
    return __atomic_load_n(&device->DispatcherContext.pTearDownEvent, __ATOMIC_SEQ_CST) != NULL;
}

bool rx_device_enter(RDBSS_DEVICE_OBJECT *device)
{
    __atomic_fetch_add(&device->DispatcherContext.NumberOfWorkerThreads, 1, __ATOMIC_SEQ_CST);
    if (!rx_device_ended(device))
        return true;
    rx_device_leave(device);
    return false;
}

void rx_device_leave(RDBSS_DEVICE_OBJECT *device)
{
    LONG left = __atomic_sub_fetch(&device->DispatcherContext.NumberOfWorkerThreads, 1, __ATOMIC_SEQ_CST);

    if (left || !__atomic_load_n(&waiting, __ATOMIC_SEQ_CST))
        return;
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
    RtlWakeAddressAll(&ended);
}

NTSTATUS NTAPI RxInitializeMRxDispatcher(PRDBSS_DEVICE_OBJECT device)
{
    __atomic_store_n(&device->DispatcherContext.NumberOfWorkerThreads, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&device->DispatcherContext.pTearDownEvent, NULL, __ATOMIC_SEQ_CST);
    return STATUS_SUCCESS;
}

static void wait_for_work(RDBSS_DEVICE_OBJECT *device)
{
    __atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
    wq_blocking_begin();
    for (;;) {
        ULONG seen = __atomic_load_n(&ended, __ATOMIC_SEQ_CST);

        if (!__atomic_load_n(&device->DispatcherContext.NumberOfWorkerThreads, __ATOMIC_SEQ_CST))
            break;
        RtlWaitOnAddress(&ended, &seen, sizeof(seen), NULL);
    }
    wq_blocking_end();
    __atomic_fetch_sub(&waiting, 1, __ATOMIC_SEQ_CST);
}

NTSTATUS NTAPI RxSpinDownMRxDispatcher(PRDBSS_DEVICE_OBJECT device)
{
    for (struct rx_frame *frame = rx_frame(); frame; frame = frame->below) {
        if (frame->device == device) {
            _RxLog("RxSpinDownMRxDispatcher: device %p waits for the routine that it is called from", device);
            return STATUS_POSSIBLE_DEADLOCK;
        }
    }
    __atomic_store_n(&device->DispatcherContext.pTearDownEvent, &ended_mark, __ATOMIC_SEQ_CST);
    rx_timer_forget(device);
    wait_for_work(device);
    return STATUS_SUCCESS;
}
