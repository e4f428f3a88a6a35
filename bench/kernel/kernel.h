/*
 * kernel.h: what the files of a measuring driver share. driver.c and pass.c are in all of them; one more file says
 * what to queue items on (nt.c, stor.c, rx.c), as an engine does for the program.
 *
 * The drivers are for winedevice.exe, where a driver is in an ordinary process; elsewhere they would not work.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <ddk/wdm.h>

#include "request.h"

/* One item; whichever of the union its function takes. In a cache line of its own, as one that is part of a driver's
 * structure. */
struct kernel_item {
    union {
        WORK_QUEUE_ITEM ex;
        PIO_WORKITEM io;
        PVOID worker;    /* StorPort's */
        ULONG_PTR rx[5]; /* RX_WORK_QUEUE_ITEM */
    };
    uint32_t index;
    uint32_t runs; /* written by the item's routine: once, if all is well */
} __attribute__((aligned(64)));

struct kernel_functions {
    enum kernel_api api;
    bool (*make)(struct kernel_item *item);   /* before a pass */
    bool (*queue)(struct kernel_item *item);  /* from several threads; false: refused */
    void (*unmake)(struct kernel_item *item); /* when it has run; NULL: nothing to do */
};

/* ---- of nt.c, stor.c or rx.c ---- */

extern const struct kernel_functions kernel_functions[]; /* ends with KERNEL_NONE */

bool kernel_ours(void);        /* the functions are wqshim's */
uint64_t kernel_counted(void); /* items that it says it ran so far; UINT64_MAX: it does not count */
NTSTATUS kernel_start(PDRIVER_OBJECT driver,
                      PUNICODE_STRING path); /* in DriverEntry, before the device is made */
void kernel_stop(void);                      /* in Unload */

/* ---- of driver.c ---- */

extern PDEVICE_OBJECT kernel_device;

/* ---- of pass.c ---- */

/* To be called last by each item's routine. */
void kernel_ran(struct kernel_item *item);

/* One pass on a thread that may wait. Requests come one at a time. */
void kernel_pass(const struct kernel_functions *functions, const struct kernel_request *request,
                 struct kernel_answer *answer);

#endif
