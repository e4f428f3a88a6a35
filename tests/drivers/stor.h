/*
 * stor.h: what the files of the StorPort test driver share: a miniport that does what the tests tell it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_STOR_H
#define TEST_STOR_H

#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#include <ddk/wqstorport.h>

#include "wqcore.h"
#include "wqstor.h"

#ifdef __i386__
NTKERNELAPI void FASTCALL KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK lock,
                                                                     PKLOCK_QUEUE_HANDLE handle);
#endif

#define ABOVE_DISPATCH 12 /* a device's level, on x64; above DISPATCH_LEVEL everywhere */

/* The miniport's extension: how often it was called, at which level. */
struct mini {
    PDEVICE_OBJECT device; /* what it was given as the adapter's */
    PVOID context, lower;
    volatile LONG found, initialized, passive, stopped, restarted, freed;
    volatile LONG built, started, pnp_remove, pnp_surprise;
    KIRQL level_find, level_initialize, level_passive, level_build, level_start, level_free;
    ULONG status_in_initialize; /* of StorPortInitializeWorker there */
    PVOID worker;               /* made there */
    volatile LONG hold;         /* keep SRBs that arrive, and do not complete them */
    PSCSI_REQUEST_BLOCK volatile held;
    KEVENT held_one;
    volatile LONG refuse;       /* HwStartIo returns FALSE */
    volatile LONG finish_early; /* HwBuildIo completes */
};

extern PVOID stor_context;      /* HwContext */
extern struct mini *stor_mini;  /* the driver's first adapter's, which lives as long as the driver */
extern volatile LONG stor_find; /* what HwFindAdapter returns */
extern volatile LONG stor_fail; /* HwInitialize fails */
extern ULONG stor_bad_size, stor_bad_routine; /* what StorPortInitialize returned for bad data */

/* What must be over before a removal goes on: a request before the miniport hears of it, a callback before
 * resources are freed. Tests set them; what comes too early is counted. */
extern volatile LONG stor_in_request, stor_in_callback, stor_early;
extern volatile LONG stor_frees; /* calls of HwFreeAdapterResources */

/* Checks what a call returned. */
#define stor_check(status, expected, what) stor_check_(status, expected, what, __FILE__, __LINE__)

static inline void stor_check_(ULONG status, ULONG expected, const char *what, const char *file, int line)
{
    ktest_check(status == expected, file, line, "%s: status %lx, expected %lx", what, status, expected);
}

/* A worker and a timer of the driver's first adapter; NULL after a failed check. */
PVOID stor_make_worker(void);
PVOID stor_make_timer(void);

/* Another adapter, not started. FALSE after a failed check. */
BOOLEAN stor_second(PDEVICE_OBJECT *device);
/* One that is; NULL after a failed check. */
struct mini *stor_second_started(PDEVICE_OBJECT *device);
NTSTATUS stor_pnp(PDEVICE_OBJECT device, UCHAR minor);
/* Surprise removal, and removal. */
void stor_second_remove(PDEVICE_OBJECT device);

/* Sends an adapter IOCTL_SCSI_MINIPORT with a control code, which the miniport gives back as the return code,
 * and waits. */
NTSTATUS stor_control(PDEVICE_OBJECT device, ULONG code, ULONG *returned);

/* The same without waiting for it. */
struct stor_sent {
    KEVENT done;
    IO_STATUS_BLOCK io;
    struct {
        ULONG HeaderLength;
        UCHAR Signature[8];
        ULONG Timeout, ControlCode, ReturnCode, Length;
    } control;
};
NTSTATUS stor_control_send(PDEVICE_OBJECT device, ULONG code, struct stor_sent *sent);

void stor_counters(struct wqstor_counters *counters);

/* The same, when all work items that were queued have run. */
void stor_quiet(struct wqstor_counters *counters);

extern const struct ktest stor_worker[], stor_timer[], stor_dpc[], stor_helper[], stor_life[], stor_remove[],
    stor_refused[], stor_race[];

#endif
