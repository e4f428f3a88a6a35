/*
 * rx.c: RxPostToWorkerThread, for one device object of RDBSS's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "kernel.h"

#include "ddk/rxlog.h"
#include "ddk/rxworkq.h"

static RDBSS_DEVICE_OBJECT rx_device;

_Static_assert(sizeof(RX_WORK_QUEUE_ITEM) <= sizeof(((struct kernel_item *)0)->rx), "an item holds one");

static void NTAPI run(PVOID context)
{
    kernel_ran(context);
}

static bool make(struct kernel_item *item)
{
    (void)item; /* zeroed */
    return true;
}

static bool queue(struct kernel_item *item)
{
    return RxPostToWorkerThread(&rx_device, DelayedWorkQueue, (RX_WORK_QUEUE_ITEM *)item->rx, run, item) ==
           STATUS_SUCCESS;
}

const struct kernel_functions kernel_functions[] = {{KERNEL_RX, make, queue, NULL},
                                                    {KERNEL_NONE, NULL, NULL, NULL}};

/* Nobody else has a WqRxLogQuery. */
bool kernel_ours(void)
{
    WQRX_LOG log;

    WqRxLogQuery(&log);
    return true;
}

uint64_t kernel_counted(void)
{
    return UINT64_MAX;
}

NTSTATUS kernel_start(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver, (void)path;
    return RxInitializeMRxDispatcher(&rx_device);
}

void kernel_stop(void)
{
    RxSpinDownMRxDispatcher(&rx_device);
}
