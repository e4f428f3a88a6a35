/*
 * misuse.h: what the tests of misuse share: an item that knows what became of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_MISUSE_H
#define TEST_MISUSE_H

#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

struct misuse_job {
    WORK_QUEUE_ITEM item;
    volatile LONG runs;
    KIRQL irql;
    KEVENT done;
};

void misuse_job_init(struct misuse_job *job, PWORKER_THREAD_ROUTINE routine);

/* A routine that writes down that it ran, and at which level. */
void NTAPI misuse_count(PVOID context);

/* Runs one harmless item and looks at the level that it finds. */
void misuse_check_sound(void);

#endif
