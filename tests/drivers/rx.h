/*
 * rx.h: what the files of the test mini-redirector share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_RX_H
#define TEST_RX_H

#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

#include "ddk/rxlog.h"
#include "ddk/rxtimer.h"
#include "ddk/rxworkq.h"

#define TAG 0x74737178 /* "xqst" */

extern PRDBSS_DEVICE_OBJECT rx_device; /* accepts work at the start of each test, and must at its end */

/* Drivers import nothing of ntdll: Wine takes one that does for an ordinary DLL. */
NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER number);

/* Binds the calling thread to one processor; false if it may not run there. */
BOOLEAN rx_bind(ULONG processor);

/* Lets it run everywhere again. */
void rx_unbind(void);

/* With one worker: occupies it until the gate opens, so that what is posted now stays queued. */
BOOLEAN rx_block(struct ktest_gate *gate);
void rx_unblock(struct ktest_gate *gate);

/* Ends all work of rx_device and lets it accept work again. */
void rx_settle(void);

/* A system thread, and waiting for its very end: what it has on its starter's stack, and the driver's code, may
 * go then. */
struct rx_thread {
    void (*run)(PVOID context);
    PVOID context;
    HANDLE handle;
};

BOOLEAN rx_thread_start(struct rx_thread *thread, void (*run)(PVOID context), PVOID context);
void rx_thread_end(struct rx_thread *thread, const char *what);

/* The number of lines in RDBSS's log; and a check that more lines came since, the last one about `what`. */
ULONG rx_logged(void);
BOOLEAN rx_logged_since(ULONG before, const char *what);

/* A routine that counts itself in a LONG. */
RX_WORKERTHREAD_ROUTINE rx_count;

extern const struct ktest ktest_rx_post[], ktest_rx_spin[], ktest_rx_timer[], ktest_rx_end[], ktest_rx_load[],
    ktest_rx_twice[];

#endif
